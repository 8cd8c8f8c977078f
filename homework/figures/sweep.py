"""What became of a sweep's widths and step sizes, drawn on axes that the caller owns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib.axes import Axes
from matplotlib.ticker import StrMethodFormatter

Cells = Sequence[Mapping[str, Any]]


def draw_accuracies(ax: Axes, cells: Cells) -> None:
    """Draw the median of the last test accuracies, and from the lowest to the highest."""
    _draw(ax, cells, ("median_accuracy", "least_accuracy", "most_accuracy"))
    ax.set_ylabel("test accuracy at the end")


def draw_failures(ax: Axes, cells: Cells) -> None:
    """Draw the share of failed runs with its interval."""
    _draw(ax, cells, ("share", "share_low", "share_high"))
    ax.set_ylabel("share of failed runs")
    ax.set_ylim(-0.03, 1.03)


def _draw(ax: Axes, cells: Cells, names: tuple[str, str, str]) -> None:
    """Draw a value and its interval against the step size, a line for each width."""
    widths = list(dict.fromkeys(cell["width"] for cell in cells))
    for place, width in enumerate(widths):
        # Cells without a run are left out; those of several widths stand a little apart.
        here = [c for c in cells if c["width"] == width and c[names[0]] is not None]
        here.sort(key=lambda cell: cell["step_size"])
        apart = 1.08 ** (place - (len(widths) - 1) / 2)
        x = [cell["step_size"] * apart for cell in here]
        middle, low, high = ([cell[name] for cell in here] for name in names)
        (line,) = ax.plot(x, middle, marker="o", markersize=2.5, label=f"width {width}")
        ax.vlines(x, low, high, color=line.get_color(), linewidth=0.8)
    ax.set_xscale("log")
    ax.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    ax.set_xlabel("step size (logarithmic)")
    ax.legend()
