"""The misread images, drawn on a figure that the caller owns."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

SIDE = 28
#: Images in a row of the gallery, and the most that it shows of a digit.
COLUMNS = 10
MOST = 50
#: Room around an image and below it for its caption, in pixels of the images.
GAP = 12
CAPTION = 19
SHEET_WIDTH = COLUMNS * (SIDE + GAP) - GAP


class Group(NamedTuple):
    """Images under a common heading."""

    title: str
    images: npt.NDArray[np.float64]  # (n, 784), ink from 0 to 1
    captions: Sequence[str]  # what stands below each image

    @property
    def lines(self) -> int:
        """Lines of images."""
        return math.ceil(len(self.images) / COLUMNS)

    @property
    def height(self) -> float:
        """Share of the gallery's height, in lines; a heading alone needs a little too."""
        return max(self.lines, 0.5)


def mistake_groups(
    mistakes: Mapping[str, npt.NDArray[Any]], X_test: npt.NDArray[np.float64]
) -> list[Group]:
    """Sort the misread images by digit, the worst first; `mistakes` are from `find_mistakes`.

    Captions are the image's number in the test file, its probability of being a 9 and the letters
    of its suspicious properties.
    """
    groups = []
    for digit, other in ((3, 9), (9, 3)):
        chosen = np.flatnonzero(mistakes["label"] == digit)
        shown = chosen[:MOST]
        number = f"{len(chosen)}" + (f", the worst {MOST} shown" if len(chosen) > MOST else "")
        title = f"{digit}s read as {other}s ({number})"
        columns = (mistakes[name][shown] for name in ("test_index", "probability", "suspicious"))
        captions = [
            f"{index}  {_shown(g)}\n{letters}" for index, g, letters in zip(*columns, strict=True)
        ]
        rows = mistakes["row"][shown].astype(np.int64)
        groups.append(Group(title, X_test[rows], captions))
    return groups


def _shown(probability: float) -> str:
    """Write a probability so that it is neither 0 nor 1, which none is."""
    text = f"{probability:.3f}"
    return {"0.000": "<0.001", "1.000": ">0.999"}.get(text, text)


def gallery_height(groups: Sequence[Group], width: float) -> float:
    """Return the height in inches of a gallery that is `width` inches wide."""
    lines, pixel = sum(group.height for group in groups), width / SHEET_WIDTH
    return lines * (SIDE + CAPTION) * pixel + 0.3 * len(groups)


def draw_gallery(figure: Figure, groups: Sequence[Group]) -> None:
    """Draw groups below each other on an empty figure, about `gallery_height` high."""
    heights = [group.height for group in groups]
    axes = figure.subplots(len(groups), 1, squeeze=False, gridspec_kw={"height_ratios": heights})
    for ax, group in zip(axes[:, 0], groups, strict=True):
        draw_images(ax, group)


def draw_images(ax: Axes, group: Group) -> None:
    """Draw the images of a group on one sheet, each with its own 28 x 28 pixels."""
    ax.set_title(group.title, loc="left")
    ax.set_axis_off()
    for number, (image, caption) in enumerate(zip(group.images, group.captions, strict=True)):
        line, column = divmod(number, COLUMNS)
        top, left = line * (SIDE + CAPTION), column * (SIDE + GAP)
        place = (left, left + SIDE, top + SIDE, top)
        ax.imshow(image.reshape(SIDE, SIDE), vmin=0.0, vmax=1.0, extent=place)
        ax.text(left + SIDE / 2, top + SIDE + 1, caption, ha="center", va="top", fontsize=8)
    ax.set_xlim(-GAP / 2, SHEET_WIDTH + GAP / 2)
    ax.set_ylim(max(group.lines * (SIDE + CAPTION), 1), 0)
