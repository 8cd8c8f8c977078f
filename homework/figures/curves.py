"""Curves of a training, drawn on axes that the caller owns."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes

Columns = dict[str, npt.NDArray[Any]]

TRAIN, TEST = "training (mini-batch)", "test (whole set)"
#: Where the accuracies' axis begins, for a network that ends above.
FLOOR = 0.94


def draw_loss(ax: Axes, series: Columns) -> None:
    """Draw the loss of the mini-batches and of the test set per timestep, logarithmically."""
    _draw(ax, series, "loss")
    ax.set_yscale("log")
    ax.set_ylabel("average loss (nats)")
    ax.legend(loc="upper right")


def draw_accuracy(ax: Axes, series: Columns) -> None:
    """Draw the accuracy of the mini-batches and of the test set per timestep.

    How many points lie below the axis is written above it.
    """
    _draw(ax, series, "accuracy")
    train, test = series["train_accuracy"], series["test_accuracy"]
    floor = FLOOR if test[-1] > FLOOR else 0
    margin = (1 - floor) / 50
    ax.set_ylim(floor - margin, 1 + margin)
    ax.set_ylabel("accuracy")
    if floor:
        below = [int(np.sum(accuracy < floor - margin)) for accuracy in (train, test)]
        said = f"below the axis: {below[0]} points of training, {below[1]} of test"
        ax.set_title(said, loc="left", fontsize=8)
    ax.legend(loc="lower right", bbox_to_anchor=(1, 1), ncols=2, borderaxespad=0)


def _draw(ax: Axes, series: Columns, quantity: str) -> None:
    """Draw both curves of a quantity."""
    timestep = series["timestep"]
    ax.plot(timestep, series[f"train_{quantity}"], "-", label=TRAIN, color="0.62", linewidth=0.6)
    ax.plot(timestep, series[f"test_{quantity}"], label=TEST, linewidth=1.3)
    mark_epochs(ax, series)
    ax.set_xlabel("timestep (SGD updates)")
    ax.set_xlim(0, timestep[-1])


def mark_epochs(ax: Axes, series: Columns) -> None:
    """Mark with thin lines where an epoch ends."""
    ends = np.flatnonzero(np.diff(series["epoch"]))
    for timestep in series["timestep"][ends]:
        ax.axvline(timestep, color="0.8", linewidth=0.5, linestyle=":", zorder=0)
