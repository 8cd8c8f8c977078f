"""What the misread images have in common: properties of digits, and how often mistakes show them.

Each property is measured on all test images. A property explains mistakes as far as misread
images show it more often than images of the same digit that the network reads correctly.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from statistics import NormalDist
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import ndimage

from nn.activations import relu_activation, sigmoid_activation
from nn.gram import gram_matrix, grey_levels, squared_lengths
from nn.network import predict
from homework.dataset import Digits

Floats = npt.NDArray[np.float64]
Columns = dict[str, npt.NDArray[Any]]

#: The digits by their label.
DIGITS = (3, 9)
SIDE = 28
#: Ink is what is darker than half of black.
INK = 0.5
#: Loops whose stroke would have to grow further than this many pixels do not count as loops.
FARTHEST_GROWTH = 3
#: Share of the correctly read images that counts as unusual.
UNUSUAL = 0.10
#: Chance of calling any property an explanation that is none, over all properties and digits.
SIGNIFICANCE = 0.05


class Property(NamedTuple):
    """A property of an image, and which values of it are under suspicion.

    Attributes
    ----------
    label : str
        What tables and figures call it.
    unit : str
        Of its values; empty for a count or a ratio.
    suspicious : tuple of str
        For a 3 and for a 9 the side on which the other digit lies: "low", "high" or "both".
    cut : tuple of float, optional
        For a 3 and for a 9 where that side begins. Without it, the side holds the tenth of the
        correctly read images of the same digit that lies farthest on it.
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


def find_mistakes(digits: Digits, weights: Mapping[str, Floats]) -> tuple[Columns, dict[str, Any]]:
    """Measure the test images and compare the misread ones with the others.

    Parameters
    ----------
    digits : Digits
        Training and test images.
    weights : mapping of str to ndarray
        The trained network: W1, b1, W2, b2 and so on.

    Returns
    -------
    mistakes : dict of str to ndarray
        A row per misread test image, the worst first: its position in the test file and among the
        3s and 9s, label, prediction, probability of a 9, margin, all properties, and how many of
        these are suspicious. The margin is log(p_right / p_wrong), negative for a mistake.
    facts : dict
        As `summarise` returns them, and for each digit what `replicate` says ("training").
    """
    g = network_output(digits.X_test, weights)
    wrong = (g >= 0.5) != (digits.y_test == 1)
    values = measure_all(digits)
    facts = summarise(values, digits.y_test, wrong)
    misread = (network_output(digits.X_train, weights) >= 0.5) != (digits.y_train == 1)
    again = measure(digits.X_train[misread])
    suspicious = np.zeros(len(wrong), np.int64)
    for label, digit in enumerate(DIGITS):
        of_digit = digits.y_test == label
        suspicious[of_digit] = count_suspicious(
            {name: value[of_digit] for name, value in values.items()},
            facts["digits"][str(digit)]["properties"],
        )
        facts["digits"][str(digit)]["training"] = replicate(
            {name: value[digits.y_train[misread] == label] for name, value in again.items()},
            {name: values[name][of_digit & ~wrong] for name in again},
            facts["digits"][str(digit)]["properties"],
        )
    margin = (np.log(g) - np.log1p(-g)) * np.where(digits.y_test == 1, 1.0, -1.0)
    rows = np.flatnonzero(wrong)
    rows = rows[np.argsort(margin[rows], kind="stable")]
    labels = digits.y_test[rows].astype(np.int64)
    return {
        "test_index": digits.test_index[rows],
        "row": rows,
        "label": np.array(DIGITS)[labels],
        "predicted": np.array(DIGITS)[1 - labels],
        "probability": g[rows],
        "margin": margin[rows],
        **{name: value[rows] for name, value in values.items()},
        "suspicious": suspicious[rows],
    }, facts


def network_output(X: Floats, weights: Mapping[str, Floats]) -> Floats:
    """Run a stored network of ReLU layers below a sigmoid; returns g of shape (n,)."""
    layers = range(1, len(weights) // 2 + 1)
    activations = [relu_activation] * (len(layers) - 1) + [sigmoid_activation]
    weight_matrices = [weights[f"W{layer}"] for layer in layers]
    biases = [weights[f"b{layer}"] for layer in layers]
    return np.asarray(predict(X, weight_matrices, biases, activations), np.float64)


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
    """Measure what can be seen in an image alone.

    Parameters
    ----------
    images : ndarray of shape (n, 784)
        Ink from 0 to 1, one flattened image a row.

    Returns
    -------
    dict of str to ndarray of shape (n,)
        holes, loop_gap, ink, stroke_width, slant, side_ink, foot_ink.
    """
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

    Parameters
    ----------
    levels : ndarray of shape (n, 784)
        Grey levels from 0 to 255.

    Returns
    -------
    holes, loop_gap : ndarray of shape (n,)
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
    """Measure the mean width of the strokes: twice the ink's area over its outline's length.

    The outline's length is the sum of the ink's gradient over the image, which needs no threshold.
    A line finer than a pixel and a half, all grey, comes out up to a pixel too wide.

    Parameters
    ----------
    levels : ndarray of shape (n, 784)
        Grey levels from 0 to 255.

    Returns
    -------
    ndarray of shape (n,)
        In pixels; 0 for an empty image.
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

    Parameters
    ----------
    levels : ndarray of shape (n, 784)
        Grey levels from 0 to 255.

    Returns
    -------
    slant : ndarray of shape (n,)
        In degrees.
    side_ink, foot_ink : ndarray of shape (n,)
        Shares from 0 to 1.
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

    Parameters
    ----------
    X_test, X_train : ndarray of shape (n, d) and (m, d)
        Images from 0 to 1 in steps of 1/255.
    y_test, y_train : ndarray of shape (n,) and (m,)
        Their labels.

    Returns
    -------
    own, other : ndarray of shape (n,)
        Euclidean distances between images, as vectors of pixels from 0 to 1.

    Raises
    ------
    ValueError
        If the training set lacks one of the digits.
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
    """Measure how far the average training images of the own and of the other digit are.

    Parameters, returns and errors are those of `nearest_distances`.
    """
    averages = [X_train[_rows_of(y_train, label)].mean(axis=0) for label in (0, 1)]
    distances = [np.sqrt(((X_test - average) ** 2).sum(axis=1)) for average in averages]
    return _own_and_other(np.array(distances), y_test)


def ratio(own: Floats, other: Floats) -> Floats:
    """Divide distances; above 1 the other digit is the nearer one.

    Distances below one grey level of one pixel count as that, so the ratio is finite.
    """
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


def summarise(
    values: Mapping[str, Floats], y: Floats, wrong: npt.NDArray[np.bool_]
) -> dict[str, Any]:
    """Compare misread with correctly read images of the same digit, property by property.

    Parameters
    ----------
    values : mapping of str to ndarray of shape (n,)
        The properties.
    y : ndarray of shape (n,)
        Labels.
    wrong : ndarray of bool of shape (n,)
        Which images are misread.

    Returns
    -------
    dict
        Counts, what tables call the properties, their names from the strongest to the weakest
        over both digits ("order"), and under "digits" what `summarise_digit` says of each.
    """
    digits = {
        str(digit): summarise_digit(
            {name: value[y == label] for name, value in values.items()}, wrong[y == label], label
        )
        for label, digit in enumerate(DIGITS)
    }

    def weakness(name: str) -> float:
        return -float(sum(facts["properties"][name]["strength"] for facts in digits.values()))

    return {
        "images": len(y),
        "mistakes": int(wrong.sum()),
        "digits": digits,
        "order": sorted(values, key=weakness),
        "unusual_share": UNUSUAL,
        "usual_share": 1 - UNUSUAL,
        "measured": len(values),
        "significance": SIGNIFICANCE,
        "labels": {name: PROPERTIES[name].label for name in values},
        "units": {name: PROPERTIES[name].unit for name in values},
    }


def summarise_digit(
    values: Mapping[str, Floats], wrong: npt.NDArray[np.bool_], label: int
) -> dict[str, Any]:
    """Compare misread with correctly read images of one digit.

    Parameters
    ----------
    values : mapping of str to ndarray of shape (n,)
        The properties of this digit's images.
    wrong : ndarray of bool of shape (n,)
        Which of them are misread.
    label : int
        0 for 3s, 1 for 9s.

    Returns
    -------
    dict
        Counts; the comparison of each property (`compare`); the properties' names from the
        strongest to the weakest ("order"); those that mistakes show more often than chance would
        have it ("explains"); how many suspicious properties an image shows ("suspicious"); and
        the shares nearer to the other digit, measured to the nearest training image and to the
        average one ("nearer_to_other").
    """
    compared = {name: compare(value, wrong, name, label) for name, value in values.items()}
    order = sorted(compared, key=lambda name: -compared[name]["strength"])
    # Bonferroni: with so many tests, each must be that much surer.
    limit = SIGNIFICANCE / (len(DIGITS) * len(compared))
    count = count_suspicious(values, compared)
    return {
        "images": len(wrong),
        "mistakes": int(wrong.sum()),
        "correct": int((~wrong).sum()),
        "properties": compared,
        "order": order,
        "explains": [name for name in order if compared[name]["p_value"] < limit],
        "suspicious": {
            "median": medians(count, wrong),
            "three_or_more": rates(count >= 3, wrong),
        },
        "nearer_to_other": {
            "average": rates(values["average_ratio"] > 1, wrong),
        },
    }


def replicate(
    bad: Mapping[str, Floats], good: Mapping[str, Floats], compared: Mapping[str, Any]
) -> dict[str, Any]:
    """Look at misread training images of one digit, with the bounds that the test images gave.

    These mistakes had no part in the comparison of the test images. A property that explains the
    mistakes shows in them too; one that only chance or a single writer suggested does not.

    Parameters
    ----------
    bad : mapping of str to ndarray of shape (n,)
        The properties of the misread training images.
    good : mapping of str to ndarray of shape (m,)
        Those of the correctly read test images.
    compared : mapping of str to mapping
        What `compare` said of each property.

    Returns
    -------
    dict
        The number of misread training images, and for each property that an image has by itself
        the rate of suspicious ones among them and the strength, as in `compare`.
    """
    properties = {}
    for name, value in bad.items():
        side, low, high = (compared[name][key] for key in ("side", "low", "high"))
        properties[name] = {
            "rate": share(int(is_suspicious(value, low, high).sum()), len(value)),
            "strength": strength(value, good[name], side),
        }
    return {"mistakes": len(bad["ink"]), "properties": properties}


def rates(holds: npt.NDArray[np.bool_], wrong: npt.NDArray[np.bool_]) -> dict[str, float]:
    """Return among mistakes and among correct images the share of which something holds."""
    return {
        group: float(holds[members].mean()) if members.any() else 0.0
        for group, members in (("mistakes", wrong), ("correct", ~wrong))
    }


def medians(value: npt.NDArray[Any], wrong: npt.NDArray[np.bool_]) -> dict[str, float | None]:
    """Return the median among mistakes and among correct images; None where there are none."""
    return {
        group: float(np.median(value[members])) if members.any() else None
        for group, members in (("mistakes", wrong), ("correct", ~wrong))
    }


def compare(value: Floats, wrong: npt.NDArray[np.bool_], name: str, label: int) -> dict[str, Any]:
    """Compare one property between the misread and the correctly read images of a digit.

    Parameters
    ----------
    value : ndarray of shape (n,)
        The property.
    wrong : ndarray of bool of shape (n,)
        Which images are misread.
    name : str
        The property's name.
    label : int
        0 for 3s, 1 for 9s.

    Returns
    -------
    dict
        The suspicious side and where it begins ("low" and "high", None if that side is not
        suspicious); for mistakes and for correct images the median, and of the suspicious ones
        the number, the rate and its 95 % Wilson interval; "enrichment", the ratio of the rates
        with half an image added to every count; "p_value" of Fisher's exact test that mistakes
        are not more often suspicious; and "strength", the probability that a mistake is more
        suspicious than a correct image (0.5 says nothing, 1 everything).
    """
    side, cut = PROPERTIES[name].suspicious[label], PROPERTIES[name].cut
    bad, good = value[wrong], value[~wrong]
    low, high = bounds(good, side, None if cut is None else cut[label])
    suspicious = is_suspicious(value, low, high)
    bad_count, good_count = int(suspicious[wrong].sum()), int(suspicious[~wrong].sum())
    return {
        "side": side,
        "low": low,
        "high": high,
        "median": medians(value, wrong),
        "count": {"mistakes": bad_count, "correct": good_count},
        "rate": rates(suspicious, wrong),
        "interval": {
            "mistakes": wilson_interval(bad_count, len(bad)),
            "correct": wilson_interval(good_count, len(good)),
        },
        "p_value": fisher_p_value(bad_count, len(bad), good_count, len(good)),
        "strength": strength(bad, good, side),
    }


def bounds(good: Floats, side: str, cut: float | None) -> tuple[float | None, float | None]:
    """Return below and above which values are suspicious; None where none are.

    Parameters
    ----------
    good : ndarray
        The values of correctly read images.
    side : str
        "low", "high" or "both"; the unusual share is halved between both sides.
    cut : float or None
        A bound that does not depend on them.

    Returns
    -------
    low, high : float or None
    """
    if cut is None and not good.size:
        return None, None
    tail = UNUSUAL / 2 if side == "both" else UNUSUAL
    low = float(np.quantile(good, tail)) if cut is None else cut
    high = float(np.quantile(good, 1 - tail)) if cut is None else cut
    return low if side != "high" else None, high if side != "low" else None


def is_suspicious(value: Floats, low: float | None, high: float | None) -> npt.NDArray[np.bool_]:
    """Say which values lie beyond the bounds."""
    return (value < (-math.inf if low is None else low)) | (
        value > (math.inf if high is None else high)
    )


def count_suspicious(
    values: Mapping[str, Floats], compared: Mapping[str, Mapping[str, Any]]
) -> npt.NDArray[np.int64]:
    """Count the suspicious properties of each image of one digit.

    Parameters
    ----------
    values : mapping of str to ndarray of shape (n,)
        The properties of this digit's images.
    compared : mapping of str to mapping
        What `compare` said of each.

    Returns
    -------
    ndarray of shape (n,)
    """
    marks = [
        is_suspicious(value, compared[name]["low"], compared[name]["high"])
        for name, value in values.items()
    ]
    count: npt.NDArray[np.int64] = np.sum(marks, axis=0, dtype=np.int64)
    return count


def share(count: int, n: int) -> float:
    """Divide, where there is something to divide by."""
    return count / n if n else 0.0


def strength(bad: Floats, good: Floats, side: str) -> float:
    """Estimate the probability that a mistake is more suspicious than a correct image.

    This is the area under the ROC curve, the statistic of Mann and Whitney's test divided by the
    number of pairs; ties count one half. On "both" sides, what counts is how far a value's rank
    among the correct images is from the middle.
    """
    if not bad.size or not good.size:
        return 0.5
    if side == "both":
        bad, good = (np.abs(_rank(part, good) - 0.5) for part in (bad, good))
    above = float(_rank(bad, good).mean())
    return 1 - above if side == "low" else above


def _rank(value: Floats, among: Floats) -> Floats:
    """Return the share of `among` that is below each value, ties counting one half."""
    among = np.sort(among)
    below, not_above = (np.searchsorted(among, value, at) for at in ("left", "right"))
    return np.asarray((below + not_above) / (2 * len(among)), np.float64)


def wilson_interval(count: int, n: int, *, confidence: float = 0.95) -> list[float]:
    """Return Wilson's interval for a rate of which `count` of `n` were seen.

    References
    ----------
    E. B. Wilson (1927), Probable inference, the law of succession, and statistical inference.
    """
    if n == 0:
        return [0.0, 1.0]
    z = NormalDist().inv_cdf((1 + confidence) / 2)
    centre = (count + z * z / 2) / (n + z * z)
    half = z / (n + z * z) * math.sqrt(count * (n - count) / n + z * z / 4)
    return [max(0.0, centre - half), min(1.0, centre + half)]


def fisher_p_value(bad_count: int, bad_n: int, good_count: int, good_n: int) -> float:
    """Return how probable so many suspicious mistakes, or more, are by chance alone.

    Fisher's exact test, one-sided: given how many images are suspicious in all, the number among
    the mistakes is hypergeometric. Whole numbers keep it exact.
    """
    marked = bad_count + good_count
    more = sum(
        math.comb(marked, k) * math.comb(bad_n + good_n - marked, bad_n - k)
        for k in range(bad_count, min(marked, bad_n) + 1)
    )
    return more / math.comb(bad_n + good_n, bad_n)
