"""The memorization study, drawn on axes that the caller owns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from matplotlib import rcParams
from matplotlib.axes import Axes
from matplotlib.ticker import StrMethodFormatter

#: Where the bars begin: a logarithmic axis has no zero, and 1 is to be seen as a bar, too.
LEFT = 0.8


def draw_study(ax: Axes, study: Sequence[Mapping[str, Any]], max_updates: int) -> None:
    """Draw the updates that each variant needed: a bar for the median, a dot for each attempt.

    Each row of the study has the variant's name, the updates that each attempt needed and their
    median, None for never: given up after `max_updates`.
    """
    for place, row in enumerate(study):
        needed = [updates for updates in row["updates"] if updates is not None]
        median = row["median_updates"]
        verdict = f"$>$ {max_updates}" if median is None else f"{median:g}"
        if median is not None:
            ax.barh(place, median - LEFT, left=LEFT, height=0.62, color="0.82", zorder=1)
        ax.scatter(needed, [place] * len(needed), s=14, facecolors="none", edgecolors="black")
        _write_right_of(ax, place, verdict)
    _write_right_of(ax, -1, "median")
    ax.set_xscale("log")
    ax.set_xlim(LEFT, max_updates)
    ax.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    ax.set_xlabel("updates until the training accuracy is 100 % (logarithmic)")
    ax.set_yticks(range(len(study)), [row["variant"] for row in study])
    ax.set_ylim(len(study) - 0.5, -0.5)
    ax.tick_params(axis="y", length=0)
    ax.grid(visible=False, axis="y")


def _write_right_of(ax: Axes, place: float, text: str) -> None:
    """Write beside the axes, at a row's height and in the size of the rows' names."""
    size = rcParams["ytick.labelsize"]
    ax.text(1.02, place, text, transform=ax.get_yaxis_transform(), va="center", fontsize=size)
