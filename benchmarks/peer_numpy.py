"""Straightforward NumPy: what one writes first. The test set is evaluated from its pixels."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from nn.arrays import FloatArray

Arrays = list[npt.NDArray[Any]]


def train(data: Arrays, weight_matrices: Arrays, batches: Arrays, step_size: float) -> FloatArray:
    """Train a two-layer network by SGD; evaluate each batch before its update, the test set after.

    Returns a row per update: loss and accuracy of the batch, loss and accuracy of the test set.
    """
    X_train, y_train, X_test, y_test = data
    W1, W2 = (W.copy() for W in weight_matrices)
    b1, b2 = np.zeros(W1.shape[1]), np.zeros(1)
    history = []
    for batch in batches:
        x, y = X_train[batch], y_train[batch]
        s = x @ W1 + b1
        out = np.maximum(s, 0)
        g = sigmoid(out @ W2 + b2)[:, 0]
        on_batch = scores(g, y)

        dL_ds2 = ((g - y) / len(y))[:, np.newaxis]
        dL_ds1 = (dL_ds2 @ W2.T) * (s > 0)
        W2 -= step_size * (out.T @ dL_ds2)
        b2 -= step_size * dL_ds2.sum(axis=0)
        W1 -= step_size * (x.T @ dL_ds1)
        b1 -= step_size * dL_ds1.sum(axis=0)

        g = sigmoid(np.maximum(X_test @ W1 + b1, 0) @ W2 + b2)[:, 0]
        history.append((*on_batch, *scores(g, y_test)))
    return np.array(history)


def sigmoid(s: FloatArray) -> FloatArray:
    """Sigmoid, clipped as the handout asks."""
    return np.clip(1 / (1 + np.exp(-s)), 1e-15, 1 - 1e-15)


def scores(g: FloatArray, y: FloatArray) -> tuple[float, float]:
    """Average loss and accuracy."""
    loss = -(y * np.log(g) + (1 - y) * np.log(1 - g))
    return float(loss.mean()), float(((g >= 0.5) == (y == 1)).mean())
