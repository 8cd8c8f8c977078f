"""Memorization: fitting labels that have nothing to do with the inputs, in few updates.

One update of full-batch gradient descent can do it. With step size a it changes the score (the
output's pre-activation) of sample i, to first order, by

    -(a / n) sum_j k(x_i, x_j) (g_j - y_j),

where k, the `kernel`, compares what the network's parameters see of two samples. Each sample has to
outweigh the others: k(x_i, x_i) against all k(x_i, x_j). There are two ways:

- hidden units to which no two inputs look alike: sines of pre-activations that differ by many
  radians, as soon as the first layer's weights are large enough;
- ReLU units, to which all inputs look alike, and an output bias with which the g_j - y_j add up to
  0, so that what the k(x_i, x_j) have in common drops out.

Both need a wide hidden layer, in which the chance in k averages away, and a step that outweighs the
random scores that the network starts with.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from nn.activations import relu_activation, sigmoid_activation, sine_activation, value
from nn.arrays import Activation, FloatArray, require_shape
from nn.losses import accuracy, logistic_loss
from nn.network import (
    backward_pass,
    create_bias_vectors,
    create_weight_matrices,
    forward_pass,
    layer_forward,
)

progress = logging.getLogger("progress")

#: The standard deviation of the weights that `create_weight_matrices` draws.
DEVIATION = 0.01
#: Hidden units that are updated at a time, so that a processor's cache holds what is computed.
BLOCK = 500


def zero(scores: FloatArray, y: FloatArray) -> float:
    """Start from no bias, as the handout does."""
    return 0.0


def log_odds(scores: FloatArray, y: FloatArray) -> float:
    """Start from the labels' log-odds: if all scores were 0, the mean prediction were theirs."""
    share = y.mean()
    if not 0 < share < 1:
        raise ValueError(f"expected both labels, 0 and 1, in y; got labels with the mean {share}")
    return float(np.log(share / (1 - share)))


def fitted(scores: FloatArray, y: FloatArray) -> float:
    """Start from the bias with which the mean prediction is the mean label.

    This is a fit of one parameter to the training outputs, before any update.
    """
    # Equal scores would need the bias log_odds - score. The largest score bounds it from below, the
    # smallest from above; the mean prediction grows with the bias, so bisection finds it.
    low, high = (log_odds(scores, y) - end for end in (scores.max(), scores.min()))
    for _ in range(50):
        middle = (low + high) / 2
        if sigmoid_activation(scores + middle)[0].mean() < y.mean():
            low = middle
        else:
            high = middle
    return float(low + high) / 2


class Variant(NamedTuple):
    """A way to start, whatever the width."""

    label: str
    activation: Activation  # of the hidden units
    deviation: float  # of the first layer's weights; the second layer's have DEVIATION
    shift: float  # subtracted from every input
    bias: Callable[[FloatArray, FloatArray], float]  # of the output, from scores without it and y


VARIANTS = {
    "sine": Variant("sine units", sine_activation, 0.3, 0.0, zero),
    "relu": Variant("ReLU", relu_activation, DEVIATION, 0.0, zero),
    "log_odds": Variant("ReLU, centred, log-odds bias", relu_activation, DEVIATION, 0.5, log_odds),
    "fitted": Variant("ReLU, centred, fitted bias", relu_activation, DEVIATION, 0.5, fitted),
}


class Network(NamedTuple):
    """A two-layer network before its first update, and the inputs as it gets them."""

    X: FloatArray
    Ws: list[FloatArray]
    bs: list[FloatArray]
    activations: tuple[Activation, Activation]


def start(
    X: FloatArray, y: FloatArray, variant: Variant, width: int, rng: np.random.Generator
) -> Network:
    """Draw a network for n inputs, (n, d), and labels, (n,)."""
    require_shape("X", X, "n", "d")
    require_shape("y", y, len(X))
    layer_dims = [X.shape[1], width, 1]
    W1, W2 = create_weight_matrices(layer_dims, rng=rng)
    b1, b2 = create_bias_vectors(layer_dims)
    W1 *= variant.deviation / DEVIATION
    X = X - variant.shift
    hidden, _ = layer_forward(X, W1, b1, variant.activation)
    b2 += variant.bias(hidden @ W2, y)
    return Network(X, [W1, W2], [b1, b2], (variant.activation, sigmoid_activation))


@np.errstate(over="ignore", invalid="ignore")  # outputs that are no numbers end it
def memorize(
    network: Network, y: FloatArray, step_size: float, *, max_updates: int
) -> list[FloatArray]:
    """Train by gradient descent on all inputs at once until every one is classified correctly.

    Parameters
    ----------
    network : Network
        Where to start.
    y : ndarray of shape (n,)
        Labels, 0 or 1.
    step_size : float
        How far to go down the gradient of the average loss.
    max_updates : int
        After this many updates it is given up.

    Returns
    -------
    list of ndarray of shape (n,)
        The network's output for each input: before the first update, then after each.

    References
    ----------
    Handout, 1.3 (f).
    """
    X, Ws, bs, activations = network
    output, layer_caches = forward_pass(X, Ws, bs, activations)
    outputs = [output]
    while share_right(output, y) < 1 and len(outputs) <= max_updates and np.isfinite(output).all():
        _, dL_dg = logistic_loss(output, y)
        grad_Ws, grad_bs = backward_pass(dL_dg, layer_caches)
        Ws = [W - step_size * grad_W for W, grad_W in zip(Ws, grad_Ws, strict=True)]
        bs = [b - step_size * grad_b for b, grad_b in zip(bs, grad_bs, strict=True)]
        output, layer_caches = forward_pass(X, Ws, bs, activations)
        outputs.append(output)
    return outputs


def share_right(output: FloatArray, y: FloatArray) -> float:
    """Compute the accuracy; of outputs that are no numbers, after an overflow, none is right."""
    return accuracy(output, y) if np.isfinite(output).all() else 0.0


def kernel(network: Network) -> FloatArray:
    """Compute k(x_i, x_j), (n, n): the gradients of the scores of two inputs, multiplied.

    The gradient of a score is: for the output's weights the hidden activations, for its bias 1; for
    the hidden biases what the score owes to each pre-activation, for their weights x times that.
    """
    _, (first, second) = forward_pass(*network)
    owed = first.dout_ds * network.Ws[1].T
    of_output, of_hidden = second.x @ second.x.T + 1, network.X @ network.X.T + 1
    return of_output + of_hidden * (owed @ owed.T)


def explain(
    network: Network, y: FloatArray, step_size: float, outputs: Sequence[FloatArray]
) -> dict[str, float]:
    """Hold what the first update changed of the scores against its first order.

    Returns the correlation of both, over the inputs; the share of the inputs whose own term
    outweighs the sum of all the others; and the share whose change outweighs the score before.
    """
    terms = -step_size / len(y) * kernel(network) * (outputs[0] - y)
    before, after = (np.log(g / (1 - g)) for g in outputs[:2])
    own, first_order = np.diag(terms), terms.sum(axis=1)
    return {
        "correlation": float(np.corrcoef(first_order, after - before)[0, 1]),
        "own_outweighs_others": float(np.mean(np.abs(own) > np.abs(first_order - own))),
        "change_outweighs_start": float(np.mean(np.abs(after - before) > np.abs(before))),
    }


def likeness(network: Network) -> float:
    """Say how alike two inputs look to a network: k(x_i, x_j) over k(x_i, x_i), on average."""
    k = kernel(network)
    own = np.trace(k)
    return float((k.sum() - own) / (len(k) - 1) / own)


@np.errstate(over="ignore", invalid="ignore")  # scores that are no numbers are not right
def one_update(
    X: FloatArray,
    y: FloatArray,
    variant: Variant,
    Z: FloatArray,
    w: FloatArray,
    widths: Sequence[int],
    step_sizes: Sequence[float],
) -> npt.NDArray[np.bool_]:
    """Say for each width and step size whether one update memorizes, (widths, step sizes).

    Of the first layer's weights W only S = X W matters: its columns are independent draws from
    N(0, s^2 X X^T), as are those of s C Z if C C^T = X X^T and the entries of Z, (n, h), are drawn
    from N(0, 1). The output's weights are w, (h,). Narrower networks are made of the first units.
    """
    X = X - variant.shift
    K = X @ X.T
    S = variant.deviation * (np.linalg.cholesky(K) @ Z)
    out, dout_ds = variant.activation(S)
    found = []
    for h in widths:
        hidden = S[:, :h], out[:, :h], dout_ds[:, :h]
        scores = updated_scores(K, y, variant, hidden, w[:h], step_sizes)
        found.append(((scores >= 0) == (y == 1)).all(axis=1))
    return np.array(found)


def updated_scores(
    K: FloatArray,
    y: FloatArray,
    variant: Variant,
    hidden: tuple[FloatArray, FloatArray, FloatArray],
    w: FloatArray,
    step_sizes: Sequence[float],
) -> FloatArray:
    """Compute the scores after one update of each step size, (step sizes, n), from the same start.

    `hidden` are the hidden pre-activations S, (n, h), what the activation makes of them, and its
    derivative. An update of W by -a X^T D and of the hidden biases by the column sums of -a D
    changes S by -a (K + 1) D, where K = X X^T.
    """
    S, out, dout_ds = hidden
    bias = variant.bias(out @ w, y)
    dL_ds = (sigmoid_activation(out @ w + bias)[0] - y) / len(y)
    scores = np.array([np.full(len(y), bias - a * dL_ds.sum()) for a in step_sizes])
    for first in range(0, len(w), BLOCK):
        units = slice(first, first + BLOCK)
        D = dL_ds[:, np.newaxis] * w[units] * dout_ds[:, units]
        dS, dw = (K + 1) @ D, dL_ds @ out[:, units]
        for a, score in zip(step_sizes, scores, strict=True):
            score += value(variant.activation, S[:, units] - a * dS) @ (w[units] - a * dw)
    return scores


def study(
    y: FloatArray,
    d: int,
    widths: Sequence[int],
    step_sizes: Sequence[float],
    seeds: Sequence[Sequence[int]],
) -> dict[str, npt.NDArray[np.bool_]]:
    """Do `one_update` with each variant for each seed: (seeds, widths, step sizes).

    The variants have the same inputs, d numbers from Uniform([0, 1]) each, and the same draws.
    """
    found: dict[str, list[npt.NDArray[np.bool_]]] = {name: [] for name in VARIANTS}
    for attempt, seed in enumerate(seeds, start=1):
        progress.info("attempt %d of %d", attempt, len(seeds))
        rng = np.random.default_rng(seed)
        X = rng.random((len(y), d))
        Z, w = rng.normal(size=(len(y), max(widths))), rng.normal(0.0, DEVIATION, max(widths))
        for name, variant in VARIANTS.items():
            found[name].append(one_update(X, y, variant, Z, w, widths, step_sizes))
    return {name: np.array(attempts) for name, attempts in found.items()}


def summarise(
    found: npt.NDArray[np.bool_], widths: Sequence[int], step_sizes: Sequence[float]
) -> dict[str, Any]:
    """Count by width and step size the attempts that one update sufficed for.

    Returns the counts, the 95 % intervals of their shares, and the best cell: among equals that of
    the narrowest network and then of the smallest step.
    """
    attempts, counts = len(found), found.sum(axis=0)
    low, high = wilson(counts, attempts)
    at = np.unravel_index(counts.argmax(), counts.shape)
    return {
        "counts": counts.tolist(),
        "low": low.tolist(),
        "high": high.tolist(),
        "best": {
            "width": widths[at[0]],
            "step_size": step_sizes[at[1]],
            "count": int(counts[at]),
            "low": float(low[at]),
            "high": float(high[at]),
        },
    }


def wilson(counts: npt.NDArray[np.int64], n: int) -> tuple[FloatArray, FloatArray]:
    """Compute the 95 % intervals (Wilson's) of shares of n; scipy.stats takes 0.8 s to load."""
    z = 1.959963984540054
    middle = (counts + z**2 / 2) / (n + z**2)
    half = z / (n + z**2) * np.sqrt(counts * (n - counts) / n + z**2 / 4)
    return np.maximum(middle - half, 0), np.minimum(middle + half, 1)
