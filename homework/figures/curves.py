"""Curves of a training, drawn on axes that the caller owns."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes

Columns = dict[str, npt.NDArray[Any]]


def draw_curves(ax: Axes, series: Columns, quantity: str, label: str) -> None:
    """Draw the "loss" or the "accuracy" of the mini-batches and of the test set per timestep."""
    timestep = series["timestep"]
    train, test = series[f"train_{quantity}"], series[f"test_{quantity}"]
    ax.plot(timestep, train, "-", label="training (mini-batch)", color="0.62", linewidth=0.6)
    ax.plot(timestep, test, label="test (whole set)", linewidth=1.3)
    mark_epochs(ax, series)
    ax.set_xlabel("timestep (SGD updates)")
    ax.set_ylabel(label)
    ax.set_xlim(0, timestep[-1])
    ax.legend(loc="center right")


def mark_epochs(ax: Axes, series: Columns) -> None:
    """Mark with thin lines where an epoch ends."""
    ends = np.flatnonzero(np.diff(series["epoch"]))
    for timestep in series["timestep"][ends]:
        ax.axvline(timestep, color="0.8", linewidth=0.5, linestyle=":", zorder=0)
