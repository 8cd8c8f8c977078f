"""The test set's loss and accuracy after every update, without starting from the pixels each time.

Evaluating the test set is one matrix product, X_test W, and a little more. Doing that after each
of hundreds of updates costs many times what the updates themselves do. But an update changes the
first layer by little: with step size a, batch X_B of n images and delta = dL_ds of the first layer,

    W <- W - a X_B^T delta,     b <- b - a 1^T delta,

so the test set's pre-activations change by

    X_test W + b  <-  X_test W + b - a (X_test X_B^T + 1) delta.

The products of test and training images (a Gram matrix) never change, so they are computed once.
What is left per update is a product of (n_test, n) and (n, h) in place of (n_test, d) and (d, h).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from nn.activations import clip_margin, value
from nn.arrays import Activation, FloatArray, Labels, sum_of_outer_products
from nn.gram import gram_matrix
from nn.losses import accuracy, logistic_loss
from nn.network import LayerCache, layer_backward, predict

# Rounding errors of the updates add up; starting afresh now and then keeps them at about 1e-15 of
# the largest pre-activation.
FRESH_EVERY = 500
# The Gram matrix is given up where it could need more memory than this, in bytes.
GRAM_LIMIT = 400e6
# So many images are searched at a time for one that activates a unit; most need no second time.
LOOKED_AT = 500


class Evaluation(NamedTuple):
    """How a network does on a whole set, and what shape it is in."""

    loss: float  #: average, in nats
    accuracy: float  #: share classified correctly; NaN where the loss is not finite
    #: Share of the first layer's units that are zero for every image; such a unit has no gradient
    #: any more. NaN for a network without hidden layer.
    dead_hidden_units: float
    saturated_outputs: float  #: share that the sigmoid's clipping holds at its bounds
    output_spread: float  #: largest minus smallest output; 0 is a constant prediction


class Update(NamedTuple):
    """An SGD update. Its arrays are not changed any more."""

    epoch: int  # counts passes over the training data from 1
    loss: float  # average over the mini-batch, before the update; as in `Evaluation`
    accuracy: float  # likewise
    batch: npt.NDArray[np.intp]  # which training images it was, (n,)
    dL_dg: FloatArray  # noqa: N815  # from `logistic_loss` on the batch, (n,)
    layer_caches: list[LayerCache]  # from `forward_pass` on the batch
    step_sizes: list[float]  # what the gradients were multiplied with, for each layer
    weight_matrices: list[FloatArray]  # after the update
    biases: list[FloatArray]  # after the update


def evaluate(
    X: FloatArray,
    y: Labels,
    weight_matrices: Sequence[FloatArray],
    biases: Sequence[FloatArray],
    activations: Sequence[Activation],
    *,
    s: FloatArray | None = None,
) -> Evaluation:
    """Evaluate a network on a set.

    Parameters
    ----------
    X, y : ndarray of shapes (m, d) and (m,)
        Images, one a row, and their labels, 0 or 1.
    weight_matrices, biases, activations
        The layers, as `forward_pass` takes them.
    s : ndarray of shape (m, h), optional
        The first layer's pre-activations X W + b, for a caller who knows them.

    Returns
    -------
    Evaluation
    """
    out = value(activations[0], X @ weight_matrices[0] + biases[0] if s is None else s)
    g = predict(out, weight_matrices[1:], biases[1:], activations[1:])
    loss = float(logistic_loss(g, y)[0].mean())
    dead = float(np.mean(~(out.max(axis=0) > 0)))
    eps = clip_margin(g.dtype)
    return Evaluation(
        loss=loss,
        accuracy=accuracy(g, y) if math.isfinite(loss) else math.nan,
        dead_hidden_units=dead if len(weight_matrices) > 1 else math.nan,
        saturated_outputs=float(np.mean((g <= eps) | (g >= 1 - eps))),
        output_spread=float(np.ptp(g)),
    )


class FollowedSet:
    """A set of images whose first-layer pre-activations follow the network through SGD.

    Parameters
    ----------
    X, y : ndarray of shapes (m, d) and (m,)
        The images to evaluate, one a row, and their labels.
    X_train : ndarray of shape (n_train, d)
        The images that batches will be taken from.
    constant : ndarray of shape (m, h)
        What the pre-activations hold beyond X W + b.
    batch_size, updates : int
        Images per update, and how many updates will come.
    threads : int
        How many threads BLAS may use for the Gram matrix.
    """

    def __init__(
        self,
        X: FloatArray,
        y: Labels,
        X_train: FloatArray,
        *,
        constant: FloatArray,
        batch_size: int,
        updates: int,
        threads: int = 1,
    ) -> None:
        self.X, self.y, self.constant = X, y, constant
        m, d = X.shape
        pays = following_pays(m, d, len(X_train), batch_size, constant.shape[1], updates)
        self._gram = gram_matrix(X_train, X, threads=threads) if pays else None
        # The pre-activations, and how many updates ago they were computed from the images.
        self._s, self._age = constant, FRESH_EVERY

    def evaluate(self, update: Update, activations: Sequence[Activation]) -> Evaluation:
        """Evaluate the network after the update that follows the one evaluated last."""
        weight_matrices, biases = update.weight_matrices, update.biases
        if self._gram is None or self._age == FRESH_EVERY:
            self._s = self.X @ weight_matrices[0] + biases[0] + self.constant
            self._age = 0
        else:
            products, scale = self._gram
            change = first_layer_delta(update) * (-update.step_sizes[0] / scale)
            # The 1 of the formula is the bias, a weight on an input that is always 1.
            products_and_1 = np.add(products[update.batch], scale, dtype=self._s.dtype)
            self._s += sum_of_outer_products(products_and_1, change)
        self._age += 1
        return evaluate(self.X, self.y, weight_matrices, biases, activations, s=self._s)


class LivingUnits:
    """The first layer's ReLUs that some training image activates, followed through SGD.

    Each has a witness, an image that activates it, and another is sought only when that one does
    so no more. A unit without any has no gradient, so it will never have one again.

    Parameters
    ----------
    X_train : ndarray of shape (n_train, d)
        The images that batches are taken from.
    hidden : int
        Units in the layer.
    """

    def __init__(self, X_train: FloatArray, hidden: int) -> None:
        self.X = X_train
        self.hidden = hidden
        self.units = np.arange(hidden)
        self._witness = np.zeros(hidden, int)

    def follow(self, update: Update) -> float:
        """Look after an update which units live on, and return the share that is dead."""
        W, b = update.weight_matrices[0], update.biases[0][0]
        witnesses = self.X[self._witness[self.units]]
        s = np.einsum("jd,dj->j", witnesses, W[:, self.units]) + b[self.units]
        doubtful = self.units[~(s > 0)]
        for start in range(0, len(self.X), LOOKED_AT):
            if not len(doubtful):
                break
            s = self.X[start : start + LOOKED_AT] @ W[:, doubtful] + b[doubtful]
            self._witness[doubtful] = start + s.argmax(axis=0)
            doubtful = doubtful[~(s.max(axis=0) > 0)]
        self.units = np.setdiff1d(self.units, doubtful)
        return (self.hidden - len(self.units)) / self.hidden


def following_pays(
    m: int, d: int, n_train: int, batch_size: int, hidden: int, updates: int
) -> bool:
    """Say whether following m images costs fewer multiplications than evaluating them afresh."""
    afresh = updates * m * d * hidden
    followed = n_train * m * d + updates * m * batch_size * hidden
    return followed < afresh and 8 * n_train * m <= GRAM_LIMIT


def first_layer_delta(update: Update) -> FloatArray:
    """Compute what `layer_backward` calls dL_ds, for the first layer: of shape (n, h)."""
    dL_dout: FloatArray = update.dL_dg[:, np.newaxis] / len(update.dL_dg)
    for cache in reversed(update.layer_caches[1:]):
        dL_dx, _, _ = layer_backward(dL_dout, cache)
        assert dL_dx is not None
        dL_dout = dL_dx
    return dL_dout * update.layer_caches[0].dout_ds
