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

from homework.properties import PROPERTIES

Floats = npt.NDArray[np.float64]
Values = Mapping[str, Floats]

#: The digits by their label.
DIGITS = (3, 9)
#: Share of the correctly read images that counts as unusual.
UNUSUAL = 0.10
#: Chance of calling any property an explanation that is none, over all properties and digits.
SIGNIFICANCE = 0.05


def summarise(values: Values, y: Floats, wrong: npt.NDArray[np.bool_]) -> dict[str, Any]:
    """Compare misread (`wrong`) with correctly read images of both digits.

    Returns counts, what tables call the properties, their names from the strongest to the weakest
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


def summarise_digit(values: Values, wrong: npt.NDArray[np.bool_], label: int) -> dict[str, Any]:
    """Compare misread with correctly read images of one digit, of label 0 (3s) or 1 (9s).

    Returns counts; the comparison of each property (`compare`); the properties' names from the
    strongest to the weakest ("order"); those that mistakes show more often than chance would have
    it ("explains"); how many suspicious properties an image shows ("suspicious"); and the shares
    nearer to the other digit's average image ("nearer_to_other").
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
        "nearer_to_other": {"average": rates(values["average_ratio"] > 1, wrong)},
    }


def compare(value: Floats, wrong: npt.NDArray[np.bool_], name: str, label: int) -> dict[str, Any]:
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

    `good` are the values of correctly read images; on "both" sides the unusual share is halved
    between them. A cut is a bound that does not depend on these values.
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
    values: Values, compared: Mapping[str, Mapping[str, Any]]
) -> npt.NDArray[np.int64]:
    """Count the suspicious properties of each image of one digit."""
    bounds_of = {name: (one["low"], one["high"]) for name, one in compared.items()}
    marks = [is_suspicious(value, *bounds_of[name]) for name, value in values.items()]
    return np.asarray(np.sum(marks, axis=0, dtype=np.int64))


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


def rates(holds: npt.NDArray[np.bool_], wrong: npt.NDArray[np.bool_]) -> dict[str, float]:
    """Return among mistakes and among correct images the share of which something holds."""
    return {"mistakes": mean(holds[wrong]), "correct": mean(holds[~wrong])}


def mean(holds: npt.NDArray[np.bool_]) -> float:
    """Return the share of which something holds; 0 of none."""
    return float(holds.mean()) if holds.size else 0.0


def medians(value: npt.NDArray[Any], wrong: npt.NDArray[np.bool_]) -> dict[str, float | None]:
    """Return the median among mistakes and among correct images; None where there are none."""
    return {
        group: float(np.median(value[members])) if members.any() else None
        for group, members in (("mistakes", wrong), ("correct", ~wrong))
    }
