"""The images that the network misreads, and what sets them apart: question (e)(iii)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from homework.comparison import DIGITS, count_suspicious, replicate, summarise
from homework.dataset import Digits
from homework.properties import measure
from nn.activations import relu_activation, sigmoid_activation
from nn.network import predict

Floats = npt.NDArray[np.float64]
Columns = dict[str, npt.NDArray[Any]]


def find_mistakes(
    digits: Digits, weights: Mapping[str, Floats], values: Mapping[str, Floats]
) -> tuple[Columns, dict[str, Any]]:
    """Compare the test images that a network, W1, b1, W2 ..., misreads with the others.

    `values` are the properties of all test images (`measure_all`). Returns a row per misread one,
    the worst first: its position in the test file and among the 3s and 9s, label, prediction,
    probability of a 9, margin, all properties, and how many of these are suspicious (the margin is
    log(p_right / p_wrong), negative for a mistake); and the facts as `summarise` has them, with
    what `replicate` says of each digit ("training").
    """
    g = network_output(digits.X_test, weights)
    wrong = (g >= 0.5) != (digits.y_test == 1)
    facts = summarise(values, digits.y_test, wrong)
    misread = (network_output(digits.X_train, weights) >= 0.5) != (digits.y_train == 1)
    again = measure(digits.X_train[misread])
    suspicious = np.zeros(len(wrong), np.int64)
    for label, digit in enumerate(DIGITS):
        of_digit = digits.y_test == label
        compared = facts["digits"][str(digit)]["properties"]
        suspicious[of_digit] = count_suspicious(
            {name: value[of_digit] for name, value in values.items()}, compared
        )
        facts["digits"][str(digit)]["training"] = replicate(
            {name: value[digits.y_train[misread] == label] for name, value in again.items()},
            {name: values[name][of_digit & ~wrong] for name in again},
            compared,
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
    weight_matrices, biases = ([weights[f"{kind}{layer}"] for layer in layers] for kind in "Wb")
    return np.asarray(predict(X, weight_matrices, biases, activations), np.float64)
