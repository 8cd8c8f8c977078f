"""Computations that leave the numbers or the memory."""

from __future__ import annotations

import sys

import pytest

from tests.project import RESULTS, Project


@pytest.mark.faults
@pytest.mark.row(31, "The rule fails and says at which step, with what; nothing of it is plotted.")
def test_a_training_that_diverges_stops_and_says_where(reference: Project, built: Project) -> None:
    built.configure(training={"step_sizes": [0.1, 1e300]})
    said = built.fails().last_words(4)
    assert "train failed: training diverged at timestep " in said
    assert "expected finite losses; got" in said
    assert "-> Remove that step size from training.step_sizes in config/config.yaml." in said
    assert not (built / f"{RESULTS}/train/1e+300").exists()
    # What needs no training may be done before it fails, and is whole.
    apart = {"results/tex/appendix.tex", f"{RESULTS}/interventions.json"}
    assert {*built.half_done(reference)} <= apart, "the old report"


@pytest.mark.faults
@pytest.mark.skipif(sys.platform != "linux", reason="prlimit is Linux's")
@pytest.mark.row(32, "Says that memory ran out, for which array, and what helps.")
def test_running_out_of_memory_is_said(built: Project) -> None:
    built.configure(training={"hidden": 1_000_000})
    ended = built.fails(prefix=("prlimit", f"--as={2 << 30}"))
    assert "train failed: Out of memory: Unable to allocate" in ended.last_words()
    assert "--cores 1" in ended.last_words(1)
