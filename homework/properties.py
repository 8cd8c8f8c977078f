"""Properties of a digit's image that may make it hard to read, each measured in every image."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from homework.dataset import Digits
from nn.gram import gram_matrix, grey_levels, squared_lengths

Floats = npt.NDArray[np.float64]

SIDE = 28
#: Ink is what is darker than half of black.
INK = 0.5
#: Loops whose stroke would have to grow further than this many pixels do not count as loops.
FARTHEST_GROWTH = 3


class Property(NamedTuple):
    """A property of an image, and which values of it are under suspicion.

    `suspicious` gives for a 3 and for a 9 the side on which the other digit lies: "low", "high" or
    "both"; `cut` where that side begins. Without it, the side holds the tenth of the correctly read
    images of the same digit that lies farthest on it.
    """

    label: str
    unit: str
    suspicious: tuple[str, str]
    cut: tuple[float, float] | None = None


PROPERTIES = {
    "holes": Property("enclosed holes", "", ("high", "low"), cut=(0.0, 1.0)),
    "loop_gap": Property("gap of the upper loop", "px", ("low", "high")),
    "ink": Property("amount of ink", "", ("both", "both")),
    "stroke_width": Property("stroke width", "px", ("both", "both")),
    "slant": Property("slant", "deg", ("both", "both")),
    "side_ink": Property("ink on the upper left", "", ("high", "low")),
    "foot_ink": Property("ink at the lower left", "", ("low", "high")),
    "own_distance": Property("distance to nearest own", "", ("high", "high")),
    "distance_ratio": Property("nearest image, own / other", "", ("high", "high")),
    "average_ratio": Property("average image, own / other", "", ("high", "high")),
}


def measure_all(digits: Digits) -> dict[str, Floats]:
    """Measure every property of the test images, in the order of `PROPERTIES`."""
    own, other = nearest_distances(digits.X_test, digits.y_test, digits.X_train, digits.y_train)
    own_average, other_average = average_distances(
        digits.X_test, digits.y_test, digits.X_train, digits.y_train
    )
    values = measure(digits.X_test) | {
        "own_distance": own,
        "distance_ratio": ratio(own, other),
        "average_ratio": ratio(own_average, other_average),
    }
    return {name: values[name] for name in PROPERTIES}


def measure(images: Floats) -> dict[str, Floats]:
    """Measure what can be seen in images alone, of shape (n, 784) with ink from 0 to 1."""
    levels = grey_levels(images)
    holes, loop_gap = loops(levels)
    slant, side_ink, foot_ink = layout(levels)
    return {
        "holes": holes,
        "loop_gap": loop_gap,
        "ink": levels.mean(axis=1) / 255,
        "stroke_width": stroke_width(levels),
        "slant": slant,
        "side_ink": side_ink,
        "foot_ink": foot_ink,
    }


def loops(levels: Floats) -> tuple[Floats, Floats]:
    """Count the holes of each image and tell how far its upper loop is from closing.

    A hole is a region of paper that ink encloses, ink being what is darker than half of black.
    The gap is the number of pixels by which the ink must grow on all sides until it encloses a
    hole whose centre lies in the upper half of the digit: 0 for a closed loop, and 4 where no
    growth up to 3 pixels closes one.
    """
    n, margin = len(levels), FARTHEST_GROWTH + 1
    if n == 0:
        return np.zeros(0), np.zeros(0)
    ink = levels.reshape(n, SIDE, SIDE) > INK * 255
    top, bottom = row_range(ink)
    # All images stand below each other on one sheet, so that each step is a single call. Their
    # margins keep them apart and make the paper around them one connected region.
    sheet = np.pad(ink, ((0, 0), (margin, margin), (margin, margin)))
    height = sheet.shape[1]
    distance = ndimage.distance_transform_cdt(~sheet.reshape(n * height, -1), "chessboard")
    holes = np.zeros(n)
    loop_gap = np.full(n, FARTHEST_GROWTH + 1.0)
    for growth in range(FARTHEST_GROWTH, -1, -1):
        row = enclosed_regions(distance > growth)
        image = (row // height).astype(np.int64)
        upper = row % height - margin < (top + bottom)[image] / 2
        loop_gap[image[upper]] = growth
        if growth == 0:
            holes += np.bincount(image, minlength=n)
    return holes, loop_gap


def enclosed_regions(paper: npt.NDArray[np.bool_]) -> Floats:
    """Return the mean row of each region of paper that does not reach the sheet's corner."""
    labels, regions = ndimage.label(paper)
    inside = (labels > 0) & (labels != labels[0, 0])
    rows, _ = np.nonzero(inside)
    found = labels[inside]
    sizes = np.bincount(found, minlength=regions + 1)
    sums = np.bincount(found, weights=rows, minlength=regions + 1)
    return np.asarray(sums[sizes > 0] / sizes[sizes > 0], np.float64)


def row_range(ink: npt.NDArray[np.bool_]) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Return the first and the last row with ink of each image."""
    has_ink = np.asarray(ink.any(axis=2))
    return has_ink.argmax(axis=1), SIDE - 1 - has_ink[:, ::-1].argmax(axis=1)


def stroke_width(levels: Floats) -> Floats:
    """Measure the mean width of the strokes in pixels: twice the ink's area over its outline.

    The outline's length is the sum of the ink's gradient over the image, which needs no threshold.
    A line finer than a pixel and a half, all grey, comes out up to a pixel too wide.
    """
    image = np.pad(levels.reshape(-1, SIDE, SIDE), ((0, 0), (1, 1), (1, 1)))
    right, below = np.diff(image, axis=2), np.diff(image, axis=1)
    right = (right[:, 1:] + right[:, :-1]) / 2
    below = (below[:, :, 1:] + below[:, :, :-1]) / 2
    outline = np.sqrt(right**2 + below**2).sum(axis=(1, 2))
    return np.asarray(2 * levels.sum(axis=1) / np.maximum(outline, 1.0), np.float64)


def layout(levels: Floats) -> tuple[Floats, Floats, Floats]:
    """Measure how a digit leans, and how much of its ink lies where 3s and 9s differ.

    Slant: the angle by which the digit's axis leans to the right, from the second moments of its
    ink (the shear that would make rows and columns uncorrelated).
    Side ink: the share of the ink at 0.2 to 0.5 of the digit's height that lies more than half a
    standard deviation left of the axis, where a 9 has its loop's left wall and a 3 is open.
    Foot ink: the share of the ink in the lowest 0.4 of the height that lies left of the axis,
    where a 3 has its lower bow and a 9 with a straight stem has nothing.
    """
    row, column = (line.astype(np.float64) for line in np.divmod(np.arange(SIDE**2), SIDE))
    moments = levels @ np.stack([row, column, row * row, row * column, column * column], axis=1)
    total = np.maximum(levels.sum(axis=1), 1.0)
    r, c, rr, rc, cc = (moments / total[:, np.newaxis]).T
    rr, rc, cc = rr - r * r, rc - r * c, cc - c * c
    shear = np.divide(rc, rr, out=np.zeros_like(rc), where=rr > 0)
    from_axis = (column - c[:, np.newaxis]) - shear[:, np.newaxis] * (row - r[:, np.newaxis])
    spread = np.sqrt(np.maximum(cc - shear * rc, 0.0))[:, np.newaxis]
    top, bottom = row_range(levels.reshape(-1, SIDE, SIDE) > INK * 255)
    depth = (row - top[:, np.newaxis] + 0.5) / (bottom - top + 1)[:, np.newaxis]
    side = (depth > 0.2) & (depth < 0.5) & (from_axis < -0.5 * spread)
    foot = (depth > 0.6) & (from_axis < 0)
    side_ink, foot_ink = ((levels * part).sum(axis=1) / total for part in (side, foot))
    return np.degrees(np.arctan(-shear)), side_ink, foot_ink


def nearest_distances(
    X_test: Floats, y_test: Floats, X_train: Floats, y_train: Floats
) -> tuple[Floats, Floats]:
    """Measure how far the nearest training images of the own and of the other digit are.

    Distances are Euclidean, between images as vectors of pixels from 0 to 1.
    """
    # Pixels that are blank in either set add nothing to the products.
    inked = X_train.any(axis=0) & X_test.any(axis=0)
    products, scale = gram_matrix(X_train[:, inked], X_test[:, inked])
    train, test = (squared_lengths(X) * (scale / 255**2) for X in (X_train, X_test))
    nearest = np.full((2, len(X_test)), -np.inf)
    for label in (0, 1):
        rows = _rows_of(y_train, label)
        for part in np.array_split(rows, 1 + len(rows) // 1000):
            # |a - b|^2 = |a|^2 - 2 (a b - |b|^2 / 2): the nearest b has the largest bracket.
            brackets = products[part] - train[part, np.newaxis] / 2
            nearest[label] = np.maximum(nearest[label], brackets.max(axis=0))
    squares = np.maximum(test - 2 * nearest, 0.0) / scale
    return _own_and_other(np.sqrt(squares), y_test)


def average_distances(
    X_test: Floats, y_test: Floats, X_train: Floats, y_train: Floats
) -> tuple[Floats, Floats]:
    """Measure how far the average training images of the own and of the other digit are."""
    averages = [X_train[_rows_of(y_train, label)].mean(axis=0) for label in (0, 1)]
    distances = [np.sqrt(((X_test - average) ** 2).sum(axis=1)) for average in averages]
    return _own_and_other(np.array(distances), y_test)


def ratio(own: Floats, other: Floats) -> Floats:
    """Divide distances, each at least one grey level of one pixel; above 1 the other is nearer."""
    return np.maximum(own, 1 / 255) / np.maximum(other, 1 / 255)


def _rows_of(y: Floats, label: int) -> npt.NDArray[np.intp]:
    """Return which images have a label; there must be some."""
    rows = np.flatnonzero(y == label)
    if not len(rows):
        raise ValueError(f"expected training images of label {label}; got none")
    return rows


def _own_and_other(distances: Floats, y: Floats) -> tuple[Floats, Floats]:
    """Sort rows for label 0 and label 1 into those for the own and for the other label."""
    nine = y == 1
    return np.where(nine, distances[1], distances[0]), np.where(nine, distances[0], distances[1])
