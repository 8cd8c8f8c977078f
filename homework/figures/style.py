"""A figure in the report's style, and the same PDF for the same figure."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure

from provenance import files


def new_figure(style: str | Path, width: float = 6.5, height: float = 2.25) -> Figure:
    """Make an empty figure."""
    mpl.rc_file(style)  # over Matplotlib's defaults
    return Figure(figsize=(width, height))


def save(figure: Figure, *paths: str | Path) -> None:
    """Write a figure without date or version in it, each file whole or not at all."""
    # Without a fixed salt the names inside an SVG would differ from run to run.
    mpl.rcParams["svg.hashsalt"] = "report"
    traces = {"pdf": ("CreationDate", "Creator", "Producer"), "svg": ("Date", "Creator")}
    for path in paths:
        kind = Path(path).suffix[1:]
        with files.beside(path) as temporary:
            figure.savefig(temporary, format=kind, metadata=dict.fromkeys(traces[kind]))
        # What follows shows the same, and need not find the places again.
        figure.set_layout_engine("none")
