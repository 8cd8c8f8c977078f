"""What is said of a run, on series made for the purpose."""

from __future__ import annotations

import numpy as np
import pytest

from homework.runs import first, from_then_on, outline, summarise
from provenance import files

T = np.arange(1, 7)


def series(**changes):
    """Make six timesteps in three epochs of two."""
    columns = {
        "timestep": T,
        "epoch": [1, 1, 2, 2, 3, 3],
        "train_loss": [0.7, 0.6, 0.5, 0.4, 0.3, 0.1],
        "train_accuracy": [0.5, 0.6, 0.7, 0.8, 0.9, 1.0],
        "test_loss": [0.69, 0.9, 0.5, 0.4, 0.2, 0.3],
        "test_accuracy": [0.5, 0.96, 0.94, 0.99, 0.97, 0.96],
        "dead_hidden_units": [0, 0, 0, 0, 0, 0.25],
        "saturated_outputs": [0, 0.5, 0.75, 0, 0, 0.1],
        "dead_on_training": [0, 0, 0.5, 0.9, 0.9, 1],
        "output_spread": [0.1, 0.9, 0.9, 0.9, 0.9, 0.8],
    }
    return {name: np.asarray(column) for name, column in {**columns, **changes}.items()}


def test_counts_and_ends_are_read_off_the_series() -> None:
    facts = summarise(series())
    assert facts["timesteps"] == 6
    assert facts["updates_per_epoch"] == 2
    assert facts["test_loss"] == {
        "first": 0.69,
        "last": 0.3,
        "largest": 0.9,
        "epoch_ends": [0.9, 0.4, 0.3],
    }
    assert facts["largest_test_loss_at"] == 2
    assert (facts["dead_on_test"], facts["dead_on_training"]) == (0.25, 1)
    assert (facts["half_dead_at"], facts["mostly_dead_at"], facts["all_dead_at"]) == (3, 4, 6)
    assert facts["saturated_outputs_at_largest_loss"] == 0.5
    assert facts["output_spread"] == 0.8


def test_the_last_epoch_is_summed_up_by_itself() -> None:
    facts = summarise(series())
    assert facts["train_accuracy_last_epoch"] == pytest.approx(0.95)
    accuracy = facts["test_accuracy"]
    assert (accuracy["first"], accuracy["last"], accuracy["largest"]) == (0.5, 0.96, 0.99)


def test_95_percent_are_reached_once_and_kept_later() -> None:
    facts = summarise(series(test_accuracy=[0.5, 0.9, 0.95, 0.9, 0.96, 0.95]))
    assert (facts["above_95_percent_at"], facts["above_95_percent_from"]) == (3, 5)
    assert summarise(series())["above_95_percent_from"] == 4


def test_death_on_test_images_may_be_undone_and_counts_from_when_it_is_final() -> None:
    facts = summarise(
        series(dead_hidden_units=[0, 1, 0.5, 1, 1, 1], output_spread=[0, 0.9, 0.1, 1e-16, 0, 0])
    )
    assert (facts["dead_on_test_at"], facts["dead_on_test_from"]) == (2, 4)
    assert facts["revivals_on_test"] == 1
    assert facts["constant_output_from"] == 5


def test_an_outline_needs_the_test_set_at_the_ends_of_epochs_only() -> None:
    columns = series()
    few = {name: column.astype(float) for name, column in columns.items()}
    for name in ("test_loss", "test_accuracy", "dead_hidden_units", "output_spread"):
        few[name][[0, 2, 4]] = np.nan
    few["epoch"] = columns["epoch"]
    assert outline(few) == outline(columns)
    batches = outline(columns)["batches"]
    assert (batches["largest_loss"], batches["largest_loss_at"]) == (0.7, 1)
    assert batches["largest_accuracy_first_epoch"] == 0.6


def test_a_summary_is_a_record(tmp_path) -> None:
    files.write_json(tmp_path / "summary.json", summarise(series()))
    assert files.read_json(tmp_path / "summary.json")["test_loss"]["last"] == 0.3


@pytest.mark.parametrize(
    ("holds", "at", "since"),
    [
        ("000000", None, None),
        ("111111", 1, 1),
        ("000001", 6, 6),
        ("011111", 2, 2),
        ("100000", 1, None),
        ("101011", 1, 5),
        ("111110", 1, None),
        ("010111", 2, 4),
    ],
)
def test_when_something_holds_first_and_for_good(holds, at, since) -> None:
    mask = np.array([c == "1" for c in holds])
    assert first(T, mask) == at
    assert from_then_on(T, mask) == since
