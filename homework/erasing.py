"""What the network reads after some ink is erased: a test of what explains its mistakes."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from homework.properties import INK, SIDE, find_regions
from nn.gram import grey_levels

Floats = npt.NDArray[np.float64]

#: The region whose ink explains mistakes of a 3 and of a 9.
NAMED = ("side", "foot")


def erase(X: Floats, label: int, read: Callable[[Floats], Floats]) -> dict[str, Any]:
    """Erase ink from misread images of one digit; `read` gives the probability of a 9.

    Returns how many they are ("misread"), which share of their ink was erased ("ink"), and which
    share is then read correctly ("read"): after the ink of the named region was erased, after that
    of its mirror image ("mirrored"), after as much ink as the region's around another point, on
    average over all points of ink outside of it ("elsewhere"), and after as much was taken from all
    other pixels in proportion ("faded"). None where there are no images.
    """

    def right(images: Floats) -> float:
        return float(((read(images) >= 0.5) == (label == 1)).mean())

    if not len(X):
        unknown = dict.fromkeys(("named", "mirrored", "elsewhere", "faded"))
        return {"misread": 0, "ink": unknown, "read": unknown}
    levels = grey_levels(X)
    regions = find_regions(levels)
    named = getattr(regions, NAMED[label])
    mirrored = getattr(regions, f"{NAMED[label]}_mirrored")
    total = np.maximum(levels.sum(axis=1), 1.0)
    inside = (levels * named).sum(axis=1)
    left = np.maximum(1 - inside / np.maximum(total - inside, 1.0), 0.0)
    patched = [without_patches(*image) for image in zip(levels, named, strict=True)]
    return {
        "misread": len(X),
        "ink": {
            "named": float((inside / total).mean()),
            "mirrored": float(((levels * mirrored).sum(axis=1) / total).mean()),
        },
        "read": {
            "named": right(X * ~named),
            "mirrored": right(X * ~mirrored),
            "elsewhere": float(np.mean([right(images / 255) for images in patched])),
            "faded": right(np.where(named, X, X * left[:, np.newaxis])),
        },
    }


def without_patches(levels: Floats, region: npt.NDArray[np.bool_]) -> Floats:
    """Erase from an image as much ink as a region holds, around each point of ink outside of it.

    From each such point outwards, pixel by pixel and not in the region, until as much is gone.
    Returns an image a row; of an image without such a point, the image itself.
    """
    around = by_distance()[(levels > INK * 255) & ~region]
    outside = np.where(region, 0.0, levels)[around]
    before = np.cumsum(outside, axis=1) - outside
    erased = np.zeros(around.shape, np.bool_)
    np.put_along_axis(erased, around, before < (levels * region).sum(), axis=1)
    images = np.where(erased & ~region, 0.0, levels)
    return images if len(images) else levels[np.newaxis]


@cache
def by_distance() -> npt.NDArray[np.intp]:
    """List for each pixel all pixels, the nearest first."""
    row, column = np.divmod(np.arange(SIDE**2), SIDE)
    squares = (row[:, np.newaxis] - row) ** 2 + (column[:, np.newaxis] - column) ** 2
    return np.argsort(squares, axis=1, kind="stable")
