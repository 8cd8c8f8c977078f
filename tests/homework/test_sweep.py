"""The table of a sweep, and what became of its cells."""

from __future__ import annotations

import math

import numpy as np
import pytest

from homework.sweep import sum_up, tabulate

SWEEP = {"widths": [8, 16], "step_sizes": [1, 0.1], "seeds": 2}


def run(accuracy: float) -> dict:
    """Return what is kept of a run."""
    return {
        "test_accuracy": {"last": accuracy},
        "test_loss": {"last": 1.5},
        "on_training_set": {"accuracy": 0.75},
        "dead_on_training": 0.25,
    }


@pytest.fixture
def table():
    """Tabulate five runs of eight, one of which diverged."""
    runs = {(8, 1.0, 0): run(0.5), (8, 1.0, 1): {"diverged_at": 3}, (8, 0.1, 1): run(0.95)}
    return tabulate(SWEEP, {**runs, (16, 1.0, 0): run(0.91), (16, 1.0, 1): run(0.9)})


def test_each_run_that_was_asked_for_has_a_row(table) -> None:
    keys = list(zip(table["width"], table["step_size"], table["seed"], strict=True))
    assert keys == [(w, s, k) for w in (8, 16) for s in (1.0, 0.1) for k in (0, 1)]
    outcomes = ["trained", "diverged", "missing", "trained", "trained", "trained", *["missing"] * 2]
    assert table["outcome"].tolist() == outcomes


def test_a_row_has_what_its_run_ended_with_and_nan_for_what_it_has_not(table) -> None:
    rows = zip(*list(table.values())[4:], strict=True)
    trained, diverged, missing, *_ = ([*map(float, row)] for row in rows)
    assert trained[:4] == [0.5, 1.5, 0.75, 0.25] and math.isnan(trained[4])
    assert np.isnan(diverged[:4]).all() and diverged[4] == 3
    assert np.isnan(missing).all()


def test_cells_count_their_runs_and_a_diverged_one_has_failed(table) -> None:
    facts = sum_up(table, 0.9)
    counted = [
        [cell[k] for k in ("runs", "failed", "diverged", "missing")] for cell in facts["cells"]
    ]
    assert counted == [[2, 2, 1, 0], [1, 0, 0, 1], [2, 0, 0, 0], [0, 0, 0, 2]]
    assert [facts[name] for name in ("runs", "failed", "missing")] == [5, 2, 3]


def test_accuracies_are_those_of_the_runs_that_did_not_diverge(table) -> None:
    names = ("least_accuracy", "median_accuracy", "most_accuracy")
    first, second, third, fourth = (
        [cell[n] for n in names] for cell in sum_up(table, 0.9)["cells"]
    )
    assert first == [0.5, 0.5, 0.5]
    assert second == [0.95, 0.95, 0.95]
    assert third == pytest.approx([0.9, 0.905, 0.91])
    assert fourth == [None, None, None]


def test_the_interval_of_a_share_is_wilsons(table) -> None:
    cell = sum_up(table, 0.9)["cells"][0]
    z = 1.959963984540054
    assert cell["share"] == 1
    # With k = n = 2 his formula comes to n / (n + z²) and 1.
    assert [cell["share_low"], cell["share_high"]] == pytest.approx([2 / (2 + z**2), 1])
    assert sum_up(table, 0.9)["cells"][3]["share"] is None
