"""Properties of a digit's image that may make it hard to read, each measured in every image."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from homework.dataset import Digits
from nn.gram import gram_matrix, grey_levels, squared_lengths

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

SIDE = 28
#: Ink is what is darker than half of black.
INK = 0.5
#: Loops whose stroke would have to grow further than this many pixels do not count as loops.
FARTHEST_GROWTH = 3
#: The two ink regions: how deep they lie, in shares of the digit's height, and how many standard
#: deviations from the digit's axis the upper one begins.
UPPER, LOWER = (0.2, 0.5), 0.6
OFF_AXIS = 0.5
#: All of these, for the text that defines the properties.
CONSTANTS = {
    "ink": INK,
    "farthest_growth": FARTHEST_GROWTH,
    "no_loop": FARTHEST_GROWTH + 1,
    "upper": UPPER,
    "lower": LOWER,
    "off_axis": OFF_AXIS,
}


class Property(NamedTuple):
    """A property of an image, and which values of it are under suspicion.

    `suspicious` gives for a 3 and for a 9 the side on which the other digit lies: "low", "high" or
    "both"; `cut` where that side begins. Without it, the side holds the tenth of the correctly read
    images of the same digit that lies farthest on it. A `distance` compares whole images with the
    training images; the other properties can be seen in the image alone.
    """

    letter: str
    label: str
    unit: str
    suspicious: tuple[str, str]
    cut: tuple[float, float] | None = None
    distance: bool = False


PROPERTIES = {
    "holes": Property("H", "enclosed holes", "", ("high", "low"), cut=(0.0, 1.0)),
    "loop_gap": Property("G", "gap of the upper loop", "px", ("low", "high")),
    "ink": Property("I", "amount of ink", "", ("both", "both")),
    "stroke_width": Property("W", "stroke width", "px", ("both", "both")),
    "slant": Property("S", "slant", "deg", ("both", "both")),
    "side_ink": Property("U", "ink on the upper left", "", ("high", "low")),
    "foot_ink": Property("L", "ink at the lower left", "", ("low", "high")),
    "own_distance": Property("D", "distance to nearest own", "", ("high", "high"), distance=True),
    "distance_ratio": Property("N", "nearest, own / other", "", ("high", "high"), distance=True),
    "average_ratio": Property("A", "average, own / other", "", ("high", "high"), distance=True),
}
DISTANCES = [name for name, one in PROPERTIES.items() if one.distance]


def measure_test(digits: Digits) -> dict[str, Floats]:
    """Measure every property of the test images, in the order of `PROPERTIES`."""
    return _measure_all(digits, digits.X_test, digits.y_test)


def measure_training(digits: Digits, rows: npt.NDArray[np.intp]) -> dict[str, Floats]:
    """Measure every property of some training images, none of which is its own neighbour."""
    return _measure_all(digits, digits.X_train[rows], digits.y_train[rows], itself=rows)


def _measure_all(
    digits: Digits, X: Floats, y: Floats, itself: npt.NDArray[np.intp] | None = None
) -> dict[str, Floats]:
    training = digits.X_train, digits.y_train
    own, other = nearest_distances(X, y, *training, itself=itself)
    values = measure(X) | {
        "own_distance": own,
        "distance_ratio": ratio(own, other),
        "average_ratio": ratio(*average_distances(X, y, *training)),
    }
    return {name: values[name] for name in PROPERTIES}


def measure(images: Floats) -> dict[str, Floats]:
    """Measure what can be seen in images alone, of shape (n, 784) with ink from 0 to 1."""
    levels = grey_levels(images)
    holes, loop_gap = loops(levels)
    regions = find_regions(levels)
    total = np.maximum(levels.sum(axis=1), 1.0)
    return {
        "holes": holes,
        "loop_gap": loop_gap,
        "ink": levels.mean(axis=1) / 255,
        "stroke_width": stroke_width(levels),
        "slant": regions.slant,
        "side_ink": (levels * regions.side).sum(axis=1) / total,
        "foot_ink": (levels * regions.foot).sum(axis=1) / total,
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


class Regions(NamedTuple):
    """Which pixels lie where 3s and 9s differ, one flattened image a row, and the digits' slants.

    `side` is at 0.2 to 0.5 of the digit's height, more than half a standard deviation left of its
    axis, where a 9 has its loop's left wall and a 3 is open; `foot` below 0.6 of the height, left
    of the axis, where a 3 has its lower bow and a 9 with a straight stem has nothing. `mirrored` is
    each one's mirror image, as far to the right of the axis.
    """

    slant: Floats  # in degrees
    side: Mask
    foot: Mask
    side_mirrored: Mask
    foot_mirrored: Mask


def find_regions(levels: Floats) -> Regions:
    """Find the two regions of each image, and how it leans.

    The axis goes through the centre of the ink and leans to the right by the slant: the shear that
    would make rows and columns of the ink uncorrelated, from its second moments.
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
    upper = (depth > UPPER[0]) & (depth < UPPER[1])
    lower = depth > LOWER
    far = OFF_AXIS * spread
    return Regions(
        slant=np.degrees(np.arctan(-shear)),
        side=upper & (from_axis < -far),
        foot=lower & (from_axis < 0),
        side_mirrored=upper & (from_axis > far),
        foot_mirrored=lower & (from_axis > 0),
    )


def nearest_distances(
    X: Floats,
    y: Floats,
    X_train: Floats,
    y_train: Floats,
    itself: npt.NDArray[np.intp] | None = None,
) -> tuple[Floats, Floats]:
    """Measure how far the nearest training images of the own and of the other digit are.

    Distances are Euclidean, between images as vectors of pixels from 0 to 1. Where the images are
    training images, `itself` says which: each one's nearest is another one.
    """
    # Pixels that are blank in either set add nothing to the products.
    inked = X_train.any(axis=0) & X.any(axis=0)
    products, scale = gram_matrix(X_train[:, inked], X[:, inked])
    if itself is not None:
        products[itself, np.arange(len(X))] = -np.inf
    train, squares = (squared_lengths(images) * (scale / 255**2) for images in (X_train, X))
    nearest = np.full((2, len(X)), -np.inf)
    for label in (0, 1):
        rows = _rows_of(y_train, label)
        for part in np.array_split(rows, 1 + len(rows) // 1000):
            # |a - b|^2 = |a|^2 - 2 (a b - |b|^2 / 2): the nearest b has the largest bracket.
            brackets = products[part] - train[part, np.newaxis] / 2
            nearest[label] = np.maximum(nearest[label], brackets.max(axis=0))
    return _own_and_other(np.sqrt(np.maximum(squares - 2 * nearest, 0.0) / scale), y)


def average_distances(
    X: Floats, y: Floats, X_train: Floats, y_train: Floats
) -> tuple[Floats, Floats]:
    """Measure how far the average training images of the own and of the other digit are."""
    averages = average_images(X_train, y_train)
    distances = [np.sqrt(((X - average) ** 2).sum(axis=1)) for average in averages]
    return _own_and_other(np.array(distances), y)


def average_images(X_train: Floats, y_train: Floats) -> Floats:
    """Average the images of each label, 0 and 1; of shape (2, 784)."""
    return np.array([X_train[_rows_of(y_train, label)].mean(axis=0) for label in (0, 1)])


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
