"""The images that the network misreads, and what sets them apart: question (e)(iii)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from homework.comparison import DIGITS, replicate, summarise, suspicious_marks
from homework.dataset import Digits
from homework.erasing import erase
from homework.linear import correlation, log_odds, network_output
from homework.properties import CONSTANTS, PROPERTIES, measure_test, measure_training

Floats = npt.NDArray[np.float64]
Columns = dict[str, npt.NDArray[Any]]


def find_mistakes(
    digits: Digits, weights: Mapping[str, Floats], linear: Mapping[str, Floats]
) -> tuple[Columns, dict[str, Any]]:
    """Compare the test images that a network, W1, b1, W2 ..., misreads with the others.

    `linear` is a logistic regression, W1 and b1. Returns a row per misread image, the worst first:
    its position in the test file and among the 3s and 9s, label, prediction, probability of a 9,
    margin, all properties, and the letters of those that are suspicious (the margin is
    log(p_right / p_wrong), negative for a mistake); and the facts as `summarise` has them, with
    what `replicate` ("training") and `erase` ("erasing", of test and of training images) say of
    each digit, how the network compares with other readers of the same images ("readers"), and the
    probability that it gave to the right digit, in the order of the rows.
    """
    values = measure_test(digits)
    g = network_output(digits.X_test, weights)
    wrong = (g >= 0.5) != (digits.y_test == 1)
    facts = summarise(values, digits.y_test, wrong)
    facts["constants"] = CONSTANTS
    facts["readers"] = other_readers(digits, values, linear, g, wrong)
    misread = np.flatnonzero(
        (network_output(digits.X_train, weights) >= 0.5) != (digits.y_train == 1)
    )
    again = measure_training(digits, misread)
    letters = np.full(len(wrong), "", f"<U{len(PROPERTIES)}")
    for label, digit in enumerate(DIGITS):
        of_digit, of_misread = digits.y_test == label, digits.y_train[misread] == label
        about = facts["digits"][str(digit)]
        about["training"] = replicate(
            {name: value[of_misread] for name, value in again.items()},
            {name: value[of_digit & ~wrong] for name, value in values.items()},
            about["properties"],
        )
        about["erasing"] = {
            "test": digits.X_test[of_digit & wrong],
            "training": digits.X_train[misread[of_misread]],
        }
        for kind, images in about["erasing"].items():
            about["erasing"][kind] = erase(images, label, partial(network_output, weights=weights))
        own = {name: value[of_digit] for name, value in values.items()}
        for name, mark in suspicious_marks(own, about["properties"]).items():
            letters[of_digit] = np.char.add(
                letters[of_digit], np.where(mark, PROPERTIES[name].letter, "")
            )
    margin = log_odds(g) * np.where(digits.y_test == 1, 1.0, -1.0)
    rows = np.flatnonzero(wrong)
    rows = rows[np.argsort(margin[rows], kind="stable")]
    labels = digits.y_test[rows].astype(np.int64)
    right = np.where(labels == 1, g[rows], 1 - g[rows]).tolist()
    ends = {"least": min(right, default=None), "most": max(right, default=None)}
    facts["probability_of_right"] = {"each": right, **ends}
    return {
        "test_index": digits.test_index[rows],
        "row": rows,
        "label": np.array(DIGITS)[labels],
        "predicted": np.array(DIGITS)[1 - labels],
        "probability": g[rows],
        "margin": margin[rows],
        **{name: value[rows] for name, value in values.items()},
        "suspicious": letters[rows],
    }, facts


def other_readers(
    digits: Digits,
    values: Mapping[str, Floats],
    linear: Mapping[str, Floats],
    g: Floats,
    wrong: npt.NDArray[np.bool_],
) -> dict[str, Any]:
    """Compare a network of outputs g with logistic regression and with the nearest neighbour.

    Returns of each how many test images it misreads, and how many that the network misreads too;
    and the correlation of the log-odds of network and regression.
    """
    other = network_output(digits.X_test, linear)
    misread = {
        "linear": (other >= 0.5) != (digits.y_test == 1),
        "nearest": values["distance_ratio"] >= 1,
    }
    return {
        name: {"mistakes": int(mistakes.sum()), "shared": int((mistakes & wrong).sum())}
        for name, mistakes in misread.items()
    } | {"correlation": correlation(log_odds(g), log_odds(other))}
