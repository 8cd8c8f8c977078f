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

from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from nn.activations import clip_margin, value
from nn.arrays import Activation, FloatArray, blocks, sum_of_outer_products
from nn.gram import GramMatrix, gram_matrix
from nn.losses import accuracy, logistic_loss
from nn.network import LayerCache, layer_backward, predict
from nn.threads import Task, Threads, results

# Rounding errors of the updates add up; starting afresh now and then keeps them at about 1e-15 of
# the largest pre-activation.
FRESH_EVERY = 500
# The Gram matrix is given up where it could need more memory than this, in bytes.
GRAM_LIMIT = 400e6
# Images that show most units to be alive.
FEW = 32
# An evaluation is cut in pieces, for the cache and for threads that share it, from so many
# multiplications on; below, the calls and hand-overs for each piece cost more than they bring.
WORTH_CUTTING = 9e6
# What the rest of an evaluation costs, in multiplications per pre-activation.
ELEMENTWISE = 8


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
    batch_size : int
        Images per update.
    updates : int
        How many updates will come.
    threads : Threads, optional
        Evaluates the set beside the caller; without, the caller does it.
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
        threads: Threads | None = None,
    ) -> None:
        self.X = X
        self.y = y
        self.constant = constant
        m, d = X.shape
        hidden = constant.shape[1]
        self._threads = threads or Threads()
        # Tasks for the threads; where there is little to do, a single one.
        self._blocks = blocks(m) if cutting_pays(m, batch_size, hidden) else [slice(m)]
        # The pre-activations, and how many updates ago they were computed from the images.
        self._s = np.empty_like(constant)
        self._age = FRESH_EVERY
        # The evaluation that was begun last.
        self._tasks: list[Task[Outputs]] = []
        self._gram: GramMatrix | None = None
        if following_pays(m, d, len(X_train), batch_size, hidden, updates):
            self._gram = gram_matrix(X_train, X, self._threads)

    def evaluate(
        self, update: Update, activations: Sequence[Activation]
    ) -> Callable[[], Evaluation]:
        """Begin to evaluate the network after an SGD update.

        Parameters
        ----------
        update : Update
            The update that follows the one evaluated last.
        activations : sequence of callable
            The layers' activations.

        Returns
        -------
        callable
            Sees the `Evaluation` through. Until it is called the other threads are at work on it.
        """
        if self._gram is None or self._age == FRESH_EVERY:
            self._age = 1
            renew = self._starting_afresh(update)
        else:
            self._age += 1
            renew = self._following(self._gram, update)
        upper = update.weight_matrices[1:], update.biases[1:], activations

        def evaluate_rows(rows: slice) -> Outputs:
            return outputs_from(renew(rows), *upper)

        # Each piece begins when the evaluation before is done with its pre-activations.
        tasks = self._tasks = self._threads.start(
            [partial(evaluate_rows, rows) for rows in self._blocks], after=self._tasks
        )
        return lambda: summarise(results(tasks), self.y)

    def _starting_afresh(self, update: Update) -> Callable[[slice], FloatArray]:
        """Return a function that computes the pre-activations of some images from the images."""

        def compute(rows: slice) -> FloatArray:
            s = self._s[rows]
            np.matmul(self.X[rows], update.weight_matrices[0], out=s)
            s += update.biases[0]
            s += self.constant[rows]
            return s

        return compute

    def _following(self, gram: GramMatrix, update: Update) -> Callable[[slice], FloatArray]:
        """Return a function that applies an update to the pre-activations of some images."""
        change = first_layer_delta(update.dL_dg, update.layer_caches)
        change *= -update.step_size / gram.scale
        products = gram.products.take(update.batch, axis=0)
        # Units that are dead on the whole batch stay as they are. Where most are (a step size far
        # too large), only the others are touched.
        moved: npt.NDArray[np.bool_] = (change != 0).any(axis=0)
        few_move = are_few(moved)
        if few_move:
            change = change[:, moved]

        def apply(rows: slice) -> FloatArray:
            s = self._s[rows]
            # The 1 of the formula is the bias, a weight on an input that is always 1.
            products_and_1 = np.add(products[:, rows], gram.scale, dtype=s.dtype)
            steps = sum_of_outer_products(products_and_1, change)
            if few_move:
                s[:, moved] += steps
            else:
                s += steps
            return s

        return apply


def following_pays(
    m: int, d: int, n_train: int, batch_size: int, hidden: int, updates: int
) -> bool:
    """Say whether following m images costs fewer multiplications than evaluating them afresh."""
    afresh = updates * m * d * hidden
    followed = n_train * m * d + updates * m * batch_size * hidden
    return followed < afresh and 8 * n_train * m <= GRAM_LIMIT


def cutting_pays(m: int, batch_size: int, hidden: int) -> bool:
    """Say whether evaluating m images after an update is work enough to be cut in pieces."""
    return m * hidden * (batch_size + ELEMENTWISE) >= WORTH_CUTTING


def are_few(units: npt.NDArray[np.bool_]) -> bool:
    """Say whether so few units are true that it pays to pick their columns out."""
    return bool(4 * np.count_nonzero(units) < len(units))


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
    X : ndarray of shape (m, d)
        Images.
    y : ndarray of shape (m,)
        Labels.
    weight_matrices, biases : sequence of ndarray
        The network.
    activations : sequence of callable
        The layers' activations.

    Returns
    -------
    Evaluation
    """
    upper = weight_matrices[1:], biases[1:], activations
    parts = [
        outputs_from(X[rows] @ weight_matrices[0] + biases[0], *upper) for rows in blocks(len(X))
    ]
    return summarise(parts, y)


class Outputs(NamedTuple):
    """What a network makes of some images.

    Attributes
    ----------
    g : ndarray of shape (rows,)
        Its outputs.
    alive : ndarray of bool of shape (h,)
        Which units of the first layer are positive for one of the images at least. Empty for a
        network without hidden layer.
    """

    g: FloatArray
    alive: npt.NDArray[np.bool_]


def outputs_from(
    s: FloatArray,
    weight_matrices: Sequence[FloatArray],
    biases: Sequence[FloatArray],
    activations: Sequence[Activation],
) -> Outputs:
    """Run a network from its first layer's pre-activations.

    Parameters
    ----------
    s : ndarray of shape (rows, h)
        X W + b of the first layer.
    weight_matrices, biases : sequence of ndarray
        The layers above the first.
    activations : sequence of callable
        The activations of all layers, the first one's too.

    Returns
    -------
    Outputs
    """
    out = value(activations[0], s)
    # A few images show most units to be alive; the others are looked for in all images.
    alive = out[:FEW].max(axis=0) > 0
    others = ~alive
    if are_few(others):
        alive[others] = out[:, others].max(axis=0) > 0
    else:
        alive = out.max(axis=0) > 0
    g = predict(out, weight_matrices, biases, activations[1:])
    return Outputs(g, alive if weight_matrices else alive[:0])


def summarise(parts: Sequence[Outputs], y: FloatArray) -> Evaluation:
    """Put together what a network makes of all images.

    Parameters
    ----------
    parts : sequence of Outputs
        Of consecutive images.
    y : ndarray of shape (m,)
        Labels.

    Returns
    -------
    Evaluation
    """
    g = np.concatenate([part.g for part in parts])
    alive = np.any([part.alive for part in parts], axis=0)
    eps = clip_margin(g.dtype)
    return Evaluation(
        loss=float(logistic_loss(g, y)[0].mean()),
        accuracy=accuracy(g, y),
        dead_hidden_units=1.0 - float(alive.mean()) if alive.size else float("nan"),
        saturated_outputs=float(np.mean((g <= eps) | (g >= 1 - eps))),
        output_spread=float(np.ptp(g)),
    )
