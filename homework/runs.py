"""What the report says about a training run, taken from its series."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

Series = dict[str, npt.NDArray[Any]]


def summarise(series: Series) -> dict[str, Any]:
    """Sum up a run whose test set was evaluated after each update; None is for never."""
    facts, loss, accuracy = outline(series), series["test_loss"], series["test_accuracy"]
    worst = int(np.argmax(loss))
    facts["test_loss"] |= {"first": loss[0], "largest": loss[worst]}
    facts["test_accuracy"] |= {"first": accuracy[0], "largest": accuracy.max()}
    dead_on_test = series["dead_hidden_units"] == 1
    return facts | {
        "largest_test_loss_at": int(series["timestep"][worst]),
        "saturated_outputs_at_largest_loss": series["saturated_outputs"][worst],
        "above_95_percent_at": first(series["timestep"], accuracy >= 0.95),
        "above_95_percent_from": from_then_on(series["timestep"], accuracy >= 0.95),
        "dead_on_test_at": first(series["timestep"], dead_on_test),
        "dead_on_test_from": from_then_on(series["timestep"], dead_on_test),
        "revivals_on_test": int(np.sum(dead_on_test[:-1] & ~dead_on_test[1:])),
        "constant_output_from": from_then_on(series["timestep"], series["output_spread"] == 0),
    }


def outline(series: Series) -> dict[str, Any]:
    """Sum up what is known of any run, even if only the epochs' ends saw the test set."""
    timestep, epoch, dead = series["timestep"], series["epoch"], series["dead_on_training"]
    ends = np.append(np.flatnonzero(np.diff(epoch)), len(epoch) - 1)
    loss, accuracy = series["train_loss"], series["train_accuracy"]  # of the mini-batches
    worst, last = int(np.argmax(loss)), epoch == epoch[-1]
    tests = {
        name: {"last": series[name][-1], "epoch_ends": series[name][ends].tolist()}
        for name in ("test_loss", "test_accuracy")
    }
    return tests | {
        "timesteps": len(timestep),
        "updates_per_epoch": int(ends[0]) + 1,
        "train_accuracy_last_epoch": accuracy[last].mean(),
        "batches": {
            "largest_loss": loss[worst],
            "largest_loss_at": int(timestep[worst]),
            "last_epoch": {"least_loss": loss[last].min(), "largest_loss": loss[last].max()},
            # In the first epoch no image was trained on before.
            "largest_accuracy_first_epoch": accuracy[epoch == 1].max(),
        },
        "dead_on_test": series["dead_hidden_units"][-1],
        # A ReLU with a slope on its left side too is never dead.
        "dead_on_training": dead[-1] if np.isfinite(dead[-1]) else None,
        "half_dead_at": first(timestep, dead >= 0.5),
        "mostly_dead_at": first(timestep, dead >= 0.9),
        "all_dead_at": first(timestep, dead == 1),
        "output_spread": series["output_spread"][-1],
    }


def first(timestep: npt.NDArray[Any], holds: npt.NDArray[np.bool_]) -> int | None:
    """Return the first timestep at which something holds."""
    return int(timestep[np.argmax(holds)]) if holds.any() else None


def from_then_on(timestep: npt.NDArray[Any], holds: npt.NDArray[np.bool_]) -> int | None:
    """Return the timestep from which something holds until the end."""
    start = np.flatnonzero(~holds).max(initial=-1) + 1
    return int(timestep[start]) if start < len(holds) else None


def in_common(runs: Iterable[Mapping[str, Any]]) -> dict[str, int]:
    """Count the test images that all of some runs misread, and those that any does."""
    misread = [set(run["misread"]) for run in runs]
    return {
        "seeds": len(misread),
        "by_all": len(set.intersection(*misread)),
        "by_any": len(set.union(*misread)),
    }
