"""Misread images held against correctly read ones of the same digit, property by property.

A property explains mistakes as far as misread images show it more often than images of the same
digit that the network reads correctly.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import stats

from homework.properties import DISTANCES, PROPERTIES

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Values = Mapping[str, Floats]

#: The digits by their label.
DIGITS = (3, 9)
#: Share of the correctly read images that counts as unusual.
UNUSUAL = 0.10
#: Chance of calling any property an explanation that is none, over all properties and digits.
SIGNIFICANCE = 0.05


def summarise(values: Values, y: Floats, wrong: Mask) -> dict[str, Any]:
    """Compare misread (`wrong`) with correctly read images of both digits.

    Returns counts, what tables call the properties, their names from the strongest to the weakest
    over both digits ("order"), which shares of the correctly read images lie beyond the bounds that
    they set ("beyond"), and under "digits" what `summarise_digit` says of each.
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
        "distances": len(DISTANCES),
        "seen_in_image": len(values) - len(DISTANCES),
        "significance": SIGNIFICANCE,
        "names": list(values),
        "labels": {name: PROPERTIES[name].label for name in values},
        "letters": {name: PROPERTIES[name].letter for name in values},
        "units": {name: PROPERTIES[name].unit for name in values},
        "beyond": {
            which.__name__: which(
                one["rate"]["correct"]
                for facts in digits.values()
                for name, one in facts["properties"].items()
                if PROPERTIES[name].cut is None
            )
            for which in (min, max)
        },
    }


def summarise_digit(values: Values, wrong: Mask, label: int) -> dict[str, Any]:
    """Compare misread with correctly read images of one digit, of label 0 (3s) or 1 (9s).

    Returns counts; the comparison of each property (`compare`); the properties' names from the
    strongest to the weakest ("order"); those that mistakes show more often than chance would have
    it ("explains"); the shares of images that show three or more suspicious properties ("several"),
    of all and of those that are no distances; and the shares nearer to the other digit's average
    image ("nearer_to_other").
    """
    compared = {name: compare(value, wrong, name, label) for name, value in values.items()}
    order = sorted(compared, key=lambda name: -compared[name]["strength"])
    # Bonferroni: with so many tests, each must be that much surer.
    limit = SIGNIFICANCE / (len(DIGITS) * len(compared))
    marks = suspicious_marks(values, compared)
    several = {
        "all": sum(marks.values()),
        "seen_in_image": sum(mark for name, mark in marks.items() if name not in DISTANCES),
    }
    return {
        "images": len(wrong),
        "mistakes": int(wrong.sum()),
        "correct": int((~wrong).sum()),
        "properties": compared,
        "order": order,
        "explains": [name for name in order if compared[name]["p_value"] < limit],
        "several": {kind: rates(np.asarray(count) >= 3, wrong) for kind, count in several.items()},
        "nearer_to_other": {"average": rates(values["average_ratio"] > 1, wrong)},
    }


def compare(value: Floats, wrong: Mask, name: str, label: int) -> dict[str, Any]:
    """Compare one property between the misread and the correctly read images of a digit.

    Returns the suspicious side and where it begins ("low" and "high", None if that side is not
    suspicious); for mistakes and for correct images the median, and of the suspicious ones the
    number, the rate and its 95 % Wilson interval; "p_value" of Fisher's exact test that mistakes
    are not more often suspicious; and "strength", the probability that a mistake is more suspicious
    than a correct image (0.5 says nothing, 1 everything).
    """
    side, cut = PROPERTIES[name].suspicious[label], PROPERTIES[name].cut
    bad, good = value[wrong], value[~wrong]
    low, high = bounds(good, side, None if cut is None else cut[label])
    suspicious = is_suspicious(value, low, high)
    bad_count, good_count = int(suspicious[wrong].sum()), int(suspicious[~wrong].sum())
    table = np.array([[bad_count, len(bad) - bad_count], [good_count, len(good) - good_count]])
    return {
        "side": side,
        "low": low,
        "high": high,
        "median": medians(value, wrong),
        "count": {"mistakes": bad_count, "correct": good_count},
        "rate": rates(suspicious, wrong),
        "interval": {
            "mistakes": interval(bad_count, len(bad)),
            "correct": interval(good_count, len(good)),
        },
        "p_value": float(stats.fisher_exact(table, alternative="greater").pvalue),
        "strength": strength(bad, good, side),
    }


def replicate(bad: Values, good: Values, compared: Mapping[str, Any]) -> dict[str, Any]:
    """Look at misread training images of one digit, with the bounds that the test images gave.

    These mistakes (`bad`) had no part in the comparison of the test images (`good` are those that
    were read correctly, `compared` what `compare` said). A property that explains the mistakes
    shows in them too; one that only chance or a single writer suggested does not.
    """
    properties = {}
    for name, value in bad.items():
        side, low, high = (compared[name][key] for key in ("side", "low", "high"))
        properties[name] = {
            "rate": mean(is_suspicious(value, low, high)),
            "strength": strength(value, good[name], side),
        }
    return {"mistakes": len(bad["ink"]), "properties": properties}


def bounds(good: Floats, side: str, cut: float | None) -> tuple[float | None, float | None]:
    """Return below and above which values are suspicious; None where none are.

    `good` are the values of correctly read images, of which at most the unusual share lies beyond
    the bounds: less, where several are equal to a bound. On "both" sides the share is halved
    between them. A cut is a bound that does not depend on these values.
    """
    if cut is None and not good.size:
        return None, None
    tail = UNUSUAL / 2 if side == "both" else UNUSUAL
    ends = [cut, cut]
    if cut is None:
        ordered, most = np.sort(good), math.floor(tail * len(good))
        ends = [float(ordered[most]), float(ordered[-1 - most])]
    low, high = ends
    return low if side != "high" else None, high if side != "low" else None


def is_suspicious(value: Floats, low: float | None, high: float | None) -> Mask:
    """Say which values lie beyond the bounds."""
    return (value < (-math.inf if low is None else low)) | (
        value > (math.inf if high is None else high)
    )


def suspicious_marks(values: Values, compared: Mapping[str, Mapping[str, Any]]) -> dict[str, Mask]:
    """Say of each property which images of one digit have a suspicious value of it."""
    return {
        name: is_suspicious(value, compared[name]["low"], compared[name]["high"])
        for name, value in values.items()
    }


def strength(bad: Floats, good: Floats, side: str) -> float:
    """Estimate the probability that a mistake is more suspicious than a correct image.

    This is the area under the ROC curve, the statistic of Mann and Whitney's test divided by the
    number of pairs; ties count one half. On "both" sides, what counts is how far a value's rank
    among the correct images is from the middle.
    """
    if not bad.size or not good.size:
        return 0.5
    if side == "both":
        bad, good = (_off_middle(part, good) for part in (bad, good))
    pairs = len(bad) * len(good)
    above = float(stats.mannwhitneyu(bad, good, method="asymptotic").statistic) / pairs
    return 1 - above if side == "low" else above


def _off_middle(value: Floats, among: Floats) -> Floats:
    """Return how far each value's rank among others is from the middle.

    Twice the rank, a whole number: a rounded one would let one of two equally unusual values win.
    """
    ends = [np.searchsorted(np.sort(among), value, side) for side in ("left", "right")]
    return np.asarray(np.abs(sum(ends) - len(among)), np.float64)


def interval(count: int, n: int) -> list[float]:
    """Return the 95 % interval (Wilson's) for a rate of which `count` of `n` were seen."""
    if n == 0:
        return [0.0, 1.0]
    found = stats.binomtest(count, n).proportion_ci(method="wilson")
    return [float(found.low), float(found.high)]


def rates(holds: Mask, wrong: Mask) -> dict[str, float]:
    """Return among mistakes and among correct images the share of which something holds."""
    return {"mistakes": mean(holds[wrong]), "correct": mean(holds[~wrong])}


def mean(holds: Mask) -> float:
    """Return the share of which something holds; 0 of none."""
    return float(holds.mean()) if holds.size else 0.0


def medians(value: npt.NDArray[Any], wrong: Mask) -> dict[str, float | None]:
    """Return the median among mistakes and among correct images; None where there are none."""
    return {
        group: float(np.median(value[members])) if members.any() else None
        for group, members in (("mistakes", wrong), ("correct", ~wrong))
    }
