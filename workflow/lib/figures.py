"""A figure in the report's style, and the same PDF for the same figure."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
from matplotlib import style as mplstyle
from matplotlib.figure import Figure

from workflow.lib import records


def new_figure(style: str | Path, width: float = 6.5, height: float = 2.25) -> Figure:
    """Make an empty figure.

    Parameters
    ----------
    style : str or Path
        The Matplotlib style file; a person's own matplotlibrc has no say.
    width, height : float, optional
        In inches; 6.5 is the report's text width.

    Returns
    -------
    Figure
    """
    mpl.rcdefaults()
    mplstyle.use(str(style))
    return Figure(figsize=(width, height))


def save(figure: Figure, path: str | Path) -> None:
    """Write a figure as a PDF without date or version in it, whole or not at all."""
    with records.beside(path) as temporary:
        figure.savefig(
            temporary,
            format="pdf",
            metadata={"CreationDate": None, "Creator": None, "Producer": None},
        )
