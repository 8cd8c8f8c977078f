"""How often one update memorizes, drawn on axes that the caller owns."""

from __future__ import annotations

from collections.abc import Mapping
from textwrap import fill
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

#: A line for each width: its marker and its grey.
LINES = (("o", "black"), ("s", "0.35"), ("^", "0.55"), ("D", "0.2"), ("v", "0.45"), ("P", "0.65"))


def draw_shares(ax: Axes, facts: Mapping[str, Any], variant: str) -> None:
    """Draw against the step size the share of attempts that needed one update: a line a width.

    `facts` are those of the study: "widths", "step_sizes", "attempts", and of each variant the
    counts and the ends of the intervals by width and step size.
    """
    studied, step_sizes = facts["variants"][variant], np.array(facts["step_sizes"])
    parts = (np.array(studied[name], dtype=np.float64) for name in ("counts", "low", "high"))
    rows = zip(reversed(facts["widths"]), *(part[::-1] for part in parts), strict=True)
    for place, ((width, counts, low, high), (marker, grey)) in enumerate(
        zip(rows, LINES, strict=False)
    ):
        share = counts / facts["attempts"]
        ax.errorbar(
            # Moved a little, or the intervals would hide each other.
            step_sizes * 1.12**place,
            share,
            yerr=np.maximum([share - low, high - share], 0.0),
            color=grey,
            linestyle="-",
            marker=marker,
            markersize=3.5,
            markerfacecolor="white" if place % 2 else grey,
            elinewidth=0.6,
            label=f"{width} units",
        )
    ax.set_xscale("log")
    ax.xaxis.set_major_locator(LogLocator(numticks=4))
    ax.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    ax.xaxis.set_minor_formatter(NullFormatter())
    ax.set_ylim(-0.03, 1.03)
    ax.set_xlabel("step size")
    ax.set_title(fill(studied["label"], 16))
