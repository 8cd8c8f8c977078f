"""What the report says about a training run, taken from its series."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt


def summarise(series: dict[str, npt.NDArray[Any]]) -> dict[str, Any]:
    """Sum up a run's columns: some values, and when something happened, None for never."""
    loss, accuracy = series["test_loss"], series["test_accuracy"]
    last_epoch = series["epoch"] == series["epoch"][-1]
    worst = int(np.argmax(loss))
    return {
        "timesteps": len(loss),
        "updates_per_epoch": int(np.sum(series["epoch"] == 1)),
        "test_loss": {"first": loss[0], "last": loss[-1], "largest": loss[worst]},
        "test_accuracy": {"first": accuracy[0], "last": accuracy[-1], "largest": accuracy.max()},
        "train_accuracy_last_epoch": series["train_accuracy"][last_epoch].mean(),
        "largest_test_loss_at": int(series["timestep"][worst]),
        "dead_hidden_units": series["dead_hidden_units"][-1],
        "saturated_outputs_at_largest_loss": series["saturated_outputs"][worst],
        "output_spread": series["output_spread"][-1],
        "above_95_percent_at": first(series["timestep"], accuracy >= 0.95),
        "mostly_dead_at": first(series["timestep"], series["dead_hidden_units"] > 0.9),
        "all_units_dead_from": from_then_on(series["timestep"], series["dead_hidden_units"] == 1),
        "constant_output_from": from_then_on(series["timestep"], series["output_spread"] == 0),
    }


def first(timestep: npt.NDArray[Any], holds: npt.NDArray[np.bool_]) -> int | None:
    """Return the first timestep at which something holds."""
    return int(timestep[np.argmax(holds)]) if holds.any() else None


def from_then_on(timestep: npt.NDArray[Any], holds: npt.NDArray[np.bool_]) -> int | None:
    """Return the timestep from which something holds until the end."""
    start = np.flatnonzero(~holds).max(initial=-1) + 1
    return int(timestep[start]) if start < len(holds) else None
