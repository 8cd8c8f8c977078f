"""Computations that leave the numbers or the memory."""

from __future__ import annotations

import sys

import pytest

from tests.faults.matrix import row
from tests.faults.project import Project


@pytest.mark.faults
@row(31, "The rule fails and says at which step, with what; nothing of it is plotted.")
@pytest.mark.parametrize("step_size", [1e200, 1e300])
def test_a_training_that_diverges_stops_and_says_where(built: Project, step_size: float) -> None:
    built.configure(training={"step_sizes": [0.1, step_size]})
    ended = built.build()
    assert ended.status != 0
    said = ended.last_words(4)
    assert "train failed: training diverged at timestep " in said, ended.last_words()
    assert "expected finite losses; got" in said
    assert "-> Remove that step size from training.step_sizes in config/config.yaml." in said
    assert not (built / f"results/synthetic/train/{step_size}/series.csv").exists()
    # What is there now is the old report, in which that step size does not occur.
    assert str(step_size) not in (built / "results/synthetic/chain.json").read_text("utf-8")


LIMIT = ("prlimit", f"--as={2 << 30}")


@pytest.mark.faults
@pytest.mark.skipif(sys.platform != "linux", reason="prlimit is Linux's")
@row(32, "Says that memory ran out, for which array, and what helps.")
def test_running_out_of_memory_is_said(built: Project) -> None:
    built.configure(training={"hidden": 1_000_000})
    ended = built.build(prefix=LIMIT)
    assert ended.status != 0
    assert "train failed: Out of memory: Unable to allocate" in ended.last_words()
    assert "--cores 1" in ended.last_words(1)
