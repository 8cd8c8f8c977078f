"""How nearly linear the network is: logistic regression beside it, and what both look at."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from homework.dataset import Digits
from homework.properties import average_images, find_regions
from nn.activations import relu_activation, sigmoid_activation
from nn.gram import grey_levels
from nn.network import create_bias_vectors, create_weight_matrices, predict
from nn.training import sgd

Floats = npt.NDArray[np.float64]


def train_linear(
    digits: Digits, *, step_size: float, batch_size: int, epochs: int, seed: int
) -> dict[str, Floats]:
    """Train a network without hidden layer, which is logistic regression; returns W1 and b1."""
    rng = np.random.default_rng(seed)
    layer_dims = [digits.X_train.shape[1], 1]
    updates = sgd(
        digits.X_train,
        digits.y_train,
        create_weight_matrices(layer_dims, rng=rng),
        create_bias_vectors(layer_dims),
        [sigmoid_activation],
        step_size=step_size,
        batch_size=min(batch_size, len(digits.X_train)),
        epochs=epochs,
        rng=rng,
    )
    (last,) = deque(updates, maxlen=1)
    W, b = last.weight_matrices[0], last.biases[0]
    return {"W1": np.asarray(W, np.float64), "b1": np.asarray(b, np.float64)}


def network_output(X: Floats, weights: Mapping[str, Floats]) -> Floats:
    """Run a stored network of ReLU layers below a sigmoid; returns g of shape (n,)."""
    layers = range(1, len(weights) // 2 + 1)
    activations = [relu_activation] * (len(layers) - 1) + [sigmoid_activation]
    weight_matrices, biases = ([weights[f"{kind}{layer}"] for layer in layers] for kind in "Wb")
    inked = X.any(axis=0)  # the weights of other pixels add nothing
    weight_matrices[0] = weight_matrices[0][inked]
    return np.asarray(predict(X[:, inked], weight_matrices, biases, activations), np.float64)


def log_odds(g: Floats) -> Floats:
    """Return log(g / (1 - g)), the sigmoid's argument."""
    return np.log(g) - np.log1p(-g)


def correlation(a: Floats, b: Floats) -> float | None:
    """Correlate two series; None where one is constant."""
    constant = np.ptp(a) == 0 or np.ptp(b) == 0
    return None if constant else float(np.corrcoef(a, b)[0, 1])


def templates(
    digits: Digits, weights: Mapping[str, Floats], linear: Mapping[str, Floats]
) -> dict[str, npt.NDArray[Any]]:
    """Gather images of what 3s and 9s look like and what the readers of them look at.

    Returns the average training image of each digit ("average") and the pixels of its two regions
    ("side", "foot"), of shape (2, 784); and of shape (784,) what a pixel's ink adds to the log-odds
    of a 9: in the logistic regression, its weights ("linear"); in the network, of one hidden layer,
    the gradient, averaged over the test images ("network").
    """
    averages = average_images(digits.X_train, digits.y_train)
    regions = find_regions(grey_levels(averages))
    active = (digits.X_test @ weights["W1"] + weights["b1"] > 0).mean(axis=0)
    return {
        "average": averages,
        "side": regions.side,
        "foot": regions.foot,
        "network": weights["W1"] @ (active * weights["W2"][:, 0]),
        "linear": linear["W1"][:, 0],
    }
