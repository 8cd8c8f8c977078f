"""A figure in the report's style, and the same PDF for the same figure."""

from __future__ import annotations

from pathlib import Path

import matplotlib as mpl
from matplotlib import font_manager
from matplotlib.figure import Figure
from matplotlib.text import Text

from provenance import files

#: The width of the report's text and of half of it, for two figures beside each other, in inches.
WIDTH, HALF = 6.5, 3.2
#: The smallest lettering, in points.
SMALLEST = 8
# Computer Modern has another sign in the places of these.
MISPRINTED = set('"<>\\_{|}')


def new_figure(style: str | Path, width: float = WIDTH, height: float = 2.25) -> Figure:
    """Make an empty figure."""
    mpl.rc_file(style)  # over Matplotlib's defaults
    _take_fonts_from_matplotlib()
    return Figure(figsize=(width, height))


def _take_fonts_from_matplotlib() -> None:
    """Have Computer Modern found where it is, whatever Matplotlib's list of fonts in a cache says.

    For a font that is not in the list another would be taken without an error.
    """
    fonts = font_manager.fontManager
    fonts.ttflist[:] = [font for font in fonts.ttflist if not font.name.startswith("cm")]
    for name in ("cmr10", "cmmi10", "cmsy10", "cmex10", "cmb10", "cmss10", "cmtt10"):
        fonts.addfont(Path(mpl.get_data_path(), f"fonts/ttf/{name}.ttf"))
    for family in mpl.rcParams["font.family"]:
        font_manager.findfont(family, fallback_to_default=False)


def save(figure: Figure, *paths: str | Path) -> None:
    """Write a figure without date or version in it, each file whole or not at all."""
    # Without a fixed salt the names inside an SVG would differ from run to run.
    mpl.rcParams["svg.hashsalt"] = "report"
    traces = {"pdf": ("CreationDate", "Creator", "Producer"), "svg": ("Date", "Creator")}
    for path in paths:
        kind = Path(path).suffix[1:]
        with files.beside(path) as temporary:
            figure.savefig(temporary, format=kind, metadata=dict.fromkeys(traces[kind]))
            _require_legible(figure)
        # What follows shows the same, and need not find the places again.
        figure.set_layout_engine("none")


def _require_legible(figure: Figure) -> None:
    """Refuse lettering that is too small or that the style's font cannot print."""
    for text in figure.findobj(Text):
        if text.get_visible() and text.get_text():
            plain = "".join(text.get_text().split("$")[::2])
            if (
                float(text.get_fontsize()) < SMALLEST
                or not plain.isascii()
                or MISPRINTED & set(plain)
            ):
                raise ValueError(
                    f"lettering must have at least {SMALLEST} points and, outside of formulas, "
                    f"ASCII without {''.join(sorted(MISPRINTED))}; got {text.get_text()!r} "
                    f"of {float(text.get_fontsize()):g} points"
                )
