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
from nn.arrays import Activation, FloatArray, sum_of_outer_products
from nn.gram import gram_matrix
from nn.losses import accuracy, logistic_loss
from nn.network import LayerCache, layer_backward, predict

# Rounding errors of the updates add up; starting afresh now and then keeps them at about 1e-15 of
# the largest pre-activation.
FRESH_EVERY = 500
# The Gram matrix is given up where it could need more memory than this, in bytes.
GRAM_LIMIT = 400e6


class Evaluation(NamedTuple):
    """How a network does on a whole set, and what shape it is in.

    Attributes
    ----------
    loss : float
        Average loss in nats.
    accuracy : float
        Share classified correctly.
    dead_hidden_units : float
        Share of the first layer's units that are zero for every image; such a unit has no
        gradient any more. NaN for a network without hidden layer.
    saturated_outputs : float
        Share of outputs that the sigmoid's clipping holds at its bounds.
    output_spread : float
        Largest minus smallest output; 0 is a constant prediction.
    """

    loss: float
    accuracy: float
    dead_hidden_units: float
    saturated_outputs: float
    output_spread: float


class Update(NamedTuple):
    """An SGD update.

    Attributes
    ----------
    epoch : int
        Counts passes over the training data from 1.
    loss, accuracy : float
        Averages over the mini-batch, before the update.
    batch : ndarray of shape (n,)
        Which training images it was.
    dL_dg : ndarray of shape (n,)
        From `logistic_loss` on the batch.
    layer_caches : list of LayerCache
        From `forward_pass` on the batch.
    step_size : float
        What the gradients were multiplied with.
    weight_matrices, biases : list of ndarray
        The parameters after the update. They are not changed any more.
    """

    epoch: int
    loss: float
    accuracy: float
    batch: npt.NDArray[np.intp]
    dL_dg: FloatArray  # noqa: N815
    layer_caches: list[LayerCache]
    step_size: float
    weight_matrices: list[FloatArray]
    biases: list[FloatArray]


class FollowedSet:
    """A set of images whose first-layer pre-activations follow the network through SGD.

    Parameters
    ----------
    X : ndarray of shape (m, d)
        The images to evaluate, one a row.
    y : ndarray of shape (m,)
        Their labels.
    X_train : ndarray of shape (n_train, d)
        The images that batches will be taken from.
    constant : ndarray of shape (m, h)
        What the pre-activations hold beyond X W + b.
    batch_size, updates : int
        Images per update, and how many updates will come.
    """

    def __init__(
        self,
        X: FloatArray,
        y: FloatArray,
        X_train: FloatArray,
        *,
        constant: FloatArray,
        batch_size: int,
        updates: int,
    ) -> None:
        self.X, self.y, self.constant = X, y, constant
        m, d = X.shape
        pays = following_pays(m, d, len(X_train), batch_size, constant.shape[1], updates)
        self._gram = gram_matrix(X_train, X) if pays else None
        # The pre-activations, and how many updates ago they were computed from the images.
        self._s, self._age = constant, FRESH_EVERY

    def evaluate(self, update: Update, activations: Sequence[Activation]) -> Evaluation:
        """Evaluate the network after an SGD update, the one after that evaluated last."""
        if self._gram is None or self._age == FRESH_EVERY:
            self._s = self.X @ update.weight_matrices[0] + update.biases[0] + self.constant
            self._age = 1
        else:
            products, scale = self._gram
            delta = first_layer_delta(update.dL_dg, update.layer_caches)
            # The 1 of the formula is the bias, a weight on an input that is always 1.
            products_and_1 = np.add(products[update.batch], scale, dtype=self._s.dtype)
            self._s += sum_of_outer_products(products_and_1, delta * (-update.step_size / scale))
            self._age += 1
        return evaluate_from(
            self._s, self.y, update.weight_matrices[1:], update.biases[1:], activations
        )


def following_pays(
    m: int, d: int, n_train: int, batch_size: int, hidden: int, updates: int
) -> bool:
    """Say whether following m images costs fewer multiplications than evaluating them afresh."""
    afresh = updates * m * d * hidden
    followed = n_train * m * d + updates * m * batch_size * hidden
    return followed < afresh and 8 * n_train * m <= GRAM_LIMIT


def first_layer_delta(dL_dg: FloatArray, layer_caches: Sequence[LayerCache]) -> FloatArray:
    """Differentiate the average loss with respect to the first layer's pre-activations.

    Parameters
    ----------
    dL_dg : ndarray of shape (n,)
    layer_caches : sequence of LayerCache
        From `forward_pass`.

    Returns
    -------
    ndarray of shape (n, h)
        What `layer_backward` calls dL_ds, for the first layer.
    """
    dL_dout: FloatArray = dL_dg[:, np.newaxis] / len(dL_dg)
    for cache in reversed(layer_caches[1:]):
        dL_dx, _, _ = layer_backward(dL_dout, cache)
        assert dL_dx is not None
        dL_dout = dL_dx
    return dL_dout * layer_caches[0].dout_ds


def evaluate(
    X: FloatArray,
    y: FloatArray,
    weight_matrices: Sequence[FloatArray],
    biases: Sequence[FloatArray],
    activations: Sequence[Activation],
) -> Evaluation:
    """Evaluate a network on a set, straight from its images.

    Parameters
    ----------
    X, y : ndarray of shapes (m, d) and (m,)
        Images and labels.
    weight_matrices, biases, activations : sequences
        The network.

    Returns
    -------
    Evaluation
    """
    s = X @ weight_matrices[0] + biases[0]
    return evaluate_from(s, y, weight_matrices[1:], biases[1:], activations)


def evaluate_from(
    s: FloatArray,
    y: FloatArray,
    weight_matrices: Sequence[FloatArray],
    biases: Sequence[FloatArray],
    activations: Sequence[Activation],
) -> Evaluation:
    """Evaluate a network from its first layer's pre-activations s, of shape (m, h).

    `weight_matrices` and `biases` are those of the layers above the first, `activations` those of
    all layers.
    """
    out = value(activations[0], s)
    alive = out.max(axis=0) > 0
    g = predict(out, weight_matrices, biases, activations[1:])
    eps = clip_margin(g.dtype)
    loss = float(logistic_loss(g, y)[0].mean())
    return Evaluation(
        loss=loss,
        accuracy=accuracy(g, y) if math.isfinite(loss) else math.nan,
        dead_hidden_units=1.0 - float(alive.mean()) if weight_matrices else float("nan"),
        saturated_outputs=float(np.mean((g <= eps) | (g >= 1 - eps))),
        output_spread=float(np.ptp(g)),
    )
