"""Average digits with the regions of the explanations, and what the readers weigh."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection

SIDE = 28
#: How the upper left and the lower left are drawn.
LOOKS = {"side": ("C1", "solid"), "foot": ("C2", "dashed")}


def draw_templates(axes: Sequence[Axes], templates: Mapping[str, npt.NDArray[Any]]) -> None:
    """Draw the average 3 and 9 and the two readers' weights; `templates` as in `linear`."""
    used = templates["average"].any(axis=0)
    for label, ax in enumerate(axes[:2]):
        ax.imshow(templates["average"][label].reshape(SIDE, SIDE), vmin=0.0, vmax=1.0)
        for name, (color, style) in LOOKS.items():
            outline = edges(templates[name][label].reshape(SIDE, SIDE))
            ax.add_collection(LineCollection(outline, colors=color, linestyles=style))
    for name, ax in zip(("network", "linear"), axes[2:], strict=True):
        weights = np.where(used, templates[name], 0.0).reshape(SIDE, SIDE)
        largest = np.abs(weights).max() or 1.0
        ax.imshow(weights, cmap="PuOr", vmin=-largest, vmax=largest)
    titles = ("average 3", "average 9", "the network", "logistic regression")
    for ax, title in zip(axes, titles, strict=True):
        ax.set_title(title)
        ax.set_axis_off()


def edges(region: npt.NDArray[np.bool_]) -> list[list[tuple[float, float]]]:
    """List the sides of pixels on which a region ends, as lines from (x, y) to (x, y)."""
    padded = np.pad(region, 1)
    across = np.argwhere(padded[1:] != padded[:-1]) - 0.5
    along = np.argwhere(padded[:, 1:] != padded[:, :-1]) - 0.5
    return [[(x - 1, y), (x, y)] for y, x in across] + [[(x, y - 1), (x, y)] for y, x in along]
