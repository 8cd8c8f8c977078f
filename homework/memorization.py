"""Memorization: fitting labels that have nothing to do with the inputs, in few updates.

Full-batch gradient descent can do it in one update, and fewer than one is impossible. An update
with step size a changes the score (the output's pre-activation) of sample i, to first order, by

    -(a / n) sum_j k(x_i, x_j) (g_j - y_j),

where k compares what the network's weights see of two samples. Each sample has to outweigh the
others: k(x_i, x_i) against all k(x_i, x_j). So

- the inputs are centred: uniform inputs share the mean 1/2, and uncentred they all look alike;
- the batch is everything, so that each sample takes part in the one update;
- the hidden layer is wide: the chance in k shrinks as units are averaged;
- the output's bias is calibrated: a common k(x_i, x_j) drops out where the g_j - y_j add up to 0;
- the step is large: the change has to outweigh the random scores that the network starts with.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from nn.activations import relu_activation, sigmoid_activation
from nn.arrays import FloatArray, require_shape
from nn.batches import mini_batches
from nn.losses import accuracy, logistic_loss
from nn.network import (
    LayerCache,
    backward_pass,
    create_bias_vectors,
    create_weight_matrices,
    forward_pass,
    layer_forward,
)

ACTIVATIONS = (relu_activation, sigmoid_activation)


class Recipe(NamedTuple):
    """How to memorize."""

    width: int  # units in the hidden layer
    step_size: float
    batch_size: int  # n for gradient descent
    centre: bool  # whether to subtract from each input its mean over the samples
    calibrate: bool  # whether to start from the bias of `calibrated_bias` in place of zero


class Memorization(NamedTuple):
    """How a network came to know its training set by heart, or why not: `updates` ran out.

    An attempt also ends when nothing can come of it: no hidden unit is active for any sample, so
    there is no gradient, or the weights have grown beyond what a float holds.
    """

    accuracies: list[float]  # in training: before the first update, then after each
    output: FloatArray  # the network's for each sample, after the last update

    @property
    def updates(self) -> int:
        """Updates made."""
        return len(self.accuracies) - 1

    @property
    def memorized(self) -> bool:
        """Whether the training accuracy reached 100 %."""
        return self.accuracies[-1] == 1.0


@np.errstate(over="ignore", invalid="ignore")  # `_hopeless` sees what comes of an overflow
def memorize(
    X: FloatArray,
    y: FloatArray,
    recipe: Recipe,
    *,
    rng: np.random.Generator,
    max_updates: int,
    weight_matrices: Sequence[FloatArray] | None = None,
) -> Memorization:
    """Train a fresh two-layer network until it classifies every training sample correctly.

    Parameters
    ----------
    X, y : ndarray of shapes (n, d) and (n,)
        Inputs, one sample a row, and labels, 0 or 1.
    recipe : Recipe
        How to train.
    rng : numpy.random.Generator
        Draws the weights, N(0, 0.01^2), then each epoch's order.
    max_updates : int
        After this many updates it is given up.
    weight_matrices : sequence of ndarray, optional
        The weights to start from, in place of drawn ones.

    References
    ----------
    Handout, 1.3 (f).
    """
    require_shape("X", X, "n", "d")
    require_shape("y", y, len(X))
    if not 1 <= recipe.batch_size <= len(X):
        raise ValueError(f"expected a batch_size from 1 to {len(X)}; got {recipe.batch_size}")
    if max_updates < 0:
        raise ValueError(f"expected max_updates of at least 0; got {max_updates}")
    layer_dims = [X.shape[1], recipe.width, 1]
    Ws = list(weight_matrices or create_weight_matrices(layer_dims, rng=rng))
    bs = create_bias_vectors(layer_dims)
    X = X - X.mean(axis=0) if recipe.centre else X
    output, layer_caches = forward_pass(X, Ws, bs, ACTIVATIONS)
    if recipe.calibrate:
        hidden = layer_caches[1].x
        bs[1] = calibrated_bias(hidden @ Ws[1], y)
        out, layer_caches[1] = layer_forward(hidden, Ws[1], bs[1], sigmoid_activation)
        output = out[:, 0]
    accuracies = [accuracy(output, y)]
    for batch in _batches(len(X), recipe.batch_size, max_updates, rng):
        if accuracies[-1] == 1.0 or _hopeless(output, layer_caches):
            break
        if len(batch) < len(X):  # else the pass that measured the accuracy is the batch's own
            output, layer_caches = forward_pass(X[batch], Ws, bs, ACTIVATIONS)
        _, dL_dg = logistic_loss(output, y[batch])
        grad_Ws, grad_bs = backward_pass(dL_dg, layer_caches)
        Ws = [W - recipe.step_size * grad_W for W, grad_W in zip(Ws, grad_Ws, strict=True)]
        bs = [b - recipe.step_size * grad_b for b, grad_b in zip(bs, grad_bs, strict=True)]
        output, layer_caches = forward_pass(X, Ws, bs, ACTIVATIONS)
        # After an overflow the outputs are no numbers, so no answer is right.
        accuracies.append(accuracy(output, y) if np.isfinite(output).all() else 0.0)
    return Memorization(accuracies, output)


def calibrated_bias(scores: FloatArray, y: FloatArray) -> FloatArray:
    """Find the output bias, (1, 1), with which the mean prediction equals the mean label.

    The scores, (n, 1), are the output unit's pre-activations without bias. Both labels must occur,
    or the bias would be infinite.
    """
    share = y.mean()
    if not 0 < share < 1:
        raise ValueError(f"expected both labels, 0 and 1, in y; got labels with the mean {share}")
    logit = np.log(share / (1 - share))
    # Equal scores would need the bias logit - score. The largest score bounds it from below, the
    # smallest from above; the mean prediction grows with the bias, so bisection finds it.
    low, high = logit - scores.max(), logit - scores.min()
    for _ in range(50):
        middle = (low + high) / 2
        if sigmoid_activation(scores + middle)[0].mean() < share:
            low = middle
        else:
            high = middle
    return np.array([[(low + high) / 2]])


def kernel_coordinates(X: FloatArray) -> FloatArray:
    """Describe n inputs by n coordinates each: they span no more dimensions than that.

    A network trained on the coordinates C is the network trained on X, seen in another basis. With
    X = C Q^T, where Q has orthonormal columns, the hidden layer gets X W = C (Q^T W); an update
    -a X^T D of W is an update -a C^T D of Q^T W; and if the entries of W are independent draws
    from N(0, s^2), so are those of Q^T W. For 100 inputs of 784 pixels that is the same experiment
    with an eighth of the draws and of the multiplications. All that is needed of X is its kernel,
    X X^T = C C^T. Inputs that are linearly dependent raise numpy.linalg.LinAlgError.
    """
    return np.linalg.cholesky(X @ X.T)


def repeat(
    y: FloatArray, d: int, recipe: Recipe, *, seeds: Iterable[Sequence[int]], max_updates: int
) -> list[Memorization]:
    """Memorize labels with fresh inputs and a fresh network for each seed.

    The inputs, of d dimensions, are drawn from Uniform([0, 1]) and then handled by their
    `kernel_coordinates`.
    """
    attempts = []
    for seed in seeds:
        rng = np.random.default_rng(seed)
        X = kernel_coordinates(rng.random((len(y), d)))
        attempts.append(memorize(X, y, recipe, rng=rng, max_updates=max_updates))
    return attempts


def summarise(attempts: Sequence[Memorization]) -> dict[str, Any]:
    """Count what became of some attempts; None stands for an attempt that never got there."""
    needed = [a.updates if a.memorized else None for a in attempts]
    median = float(np.median([np.inf if n is None else n for n in needed]))
    return {
        "attempts": len(attempts),
        "memorized": sum(a.memorized for a in attempts),
        "one_update": needed.count(1),
        "updates": needed,
        "median_updates": median if np.isfinite(median) else None,
    }


def differing(recipe: Recipe, other: Recipe) -> list[str]:
    """List the choices in which two recipes differ, by the names of `Recipe`."""
    return [name for name in Recipe._fields if getattr(recipe, name) != getattr(other, name)]


def differences(recipe: Recipe, start: Recipe) -> str:
    """Name what a recipe changes of another, for instance "centred, step size 10"."""
    phrases = {
        "batch_size": f"batches of {recipe.batch_size}",
        "centre": "centred" if recipe.centre else "not centred",
        "step_size": f"step size {recipe.step_size:g}",
        "calibrate": "calibrated" if recipe.calibrate else "not calibrated",
        "width": f"width {recipe.width}",
    }
    changed = differing(recipe, start)
    return (
        ", ".join(p for name, p in phrases.items() if name in changed)
        or "the settings at the start"
    )


def _batches(
    n: int, batch_size: int, count: int, rng: np.random.Generator
) -> Iterator[npt.NDArray[np.intp]]:
    """Hand out `count` batches, epoch after epoch; of full ones, in the samples' own order."""
    if batch_size == n:
        return itertools.repeat(np.arange(n), count)
    epochs = (mini_batches(n, batch_size, rng) for _ in itertools.count())
    return itertools.islice(itertools.chain.from_iterable(epochs), count)


def _hopeless(output: FloatArray, layer_caches: Sequence[LayerCache]) -> bool:
    """Say whether no further update can help: the hidden layer is dead, or overflowed."""
    return not layer_caches[0].dout_ds.any() or not np.isfinite(output).all()
