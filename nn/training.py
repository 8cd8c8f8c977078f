"""Training by mini-batch stochastic gradient descent."""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from nn.activations import relu_activation, sigmoid_activation
from nn.arrays import Activation, FloatArray, Labels, require_shape
from nn.batches import mini_batches
from nn.evaluation import Evaluation, FollowedSet, LivingUnits, Update
from nn.losses import accuracy, logistic_loss
from nn.network import backward_pass, create_bias_vectors, create_weight_matrices, forward_pass

progress = logging.getLogger("progress")


class Timestep(NamedTuple):
    """What is recorded of one SGD update."""

    timestep: int  #: counts updates from 1
    epoch: int  #: counts passes over the training data from 1
    train_loss: float  #: of the mini-batch, before its update
    train_accuracy: float  #: likewise
    test: Evaluation  #: of the whole test set, after the update
    #: Share of the first layer's ReLUs that are zero for every training image, after the update;
    #: NaN for a network without.
    dead_on_training: float


class Training(NamedTuple):
    """A trained network and the way there."""

    weight_matrices: list[FloatArray]  #: after the last update
    biases: list[FloatArray]  #: likewise
    history: list[Timestep]  #: one entry an update


def sgd(
    X_train: FloatArray,
    y_train: Labels,
    weight_matrices: Sequence[FloatArray],
    biases: Sequence[FloatArray],
    activations: Sequence[Activation],
    *,
    step_size: float | Sequence[float],
    batch_size: int,
    epochs: int,
    rng: np.random.Generator,
) -> Iterator[Update]:
    """Update a network batch by batch: the training loop itself.

    Parameters
    ----------
    X_train, y_train, activations, batch_size, epochs, rng
        As `train` takes them.
    weight_matrices, biases : sequence of ndarray
        The parameters to start from. They are not changed; each update makes new ones.
    step_size : float or sequence of float
        One for all layers, as `train` takes it, or one a layer.

    Yields
    ------
    Update

    References
    ----------
    Handout, 1.2 (e).
    """
    step_sizes = np.broadcast_to(step_size, len(weight_matrices)).tolist()
    for epoch in range(1, epochs + 1):
        progress.info("epoch %d of %d", epoch, epochs)
        for batch in mini_batches(len(X_train), batch_size, rng):
            X_batch, y_batch = X_train, y_train
            if batch_size < len(X_train):
                X_batch, y_batch = X_train[batch], y_train[batch]
            else:  # all images make the same batch in any order; in their own they are not copied
                batch = np.arange(len(X_train))
            output, layer_caches = forward_pass(X_batch, weight_matrices, biases, activations)
            loss, dL_dg = logistic_loss(output, y_batch)
            grad_Ws, grad_bs = backward_pass(dL_dg, layer_caches)
            weight_matrices = [
                W - step * grad
                for step, W, grad in zip(step_sizes, weight_matrices, grad_Ws, strict=True)
            ]
            biases = [
                b - step * grad for step, b, grad in zip(step_sizes, biases, grad_bs, strict=True)
            ]
            yield Update(
                epoch=epoch,
                loss=float(loss.mean()),
                # After a divergence, which the loss shows, there is none.
                accuracy=accuracy(output, y_batch) if np.isfinite(loss).all() else math.nan,
                batch=batch,
                dL_dg=dL_dg,
                layer_caches=layer_caches,
                step_sizes=step_sizes,
                weight_matrices=weight_matrices,
                biases=biases,
            )


def train(
    X_train: FloatArray,
    y_train: Labels,
    X_test: FloatArray,
    y_test: Labels,
    *,
    layer_dims: Sequence[int],
    activations: Sequence[Activation] = (relu_activation, sigmoid_activation),
    step_size: float,
    batch_size: int,
    epochs: int,
    rng: np.random.Generator,
    threads: int = 1,
) -> Training:
    """Train a network by SGD and evaluate it after each update.

    Parameters
    ----------
    X_train, y_train : ndarray of shapes (n, d) and (n,)
        Training images in [0, 1], one a row, and their labels, 0 or 1.
    X_test, y_test : ndarray of shapes (m, d) and (m,)
        The test set.
    layer_dims : sequence of int
        Widths from the input d to the output 1.
    activations : sequence of callable, optional
        One per layer.
    step_size : float
        What the gradient of the batch's average loss is multiplied with.
    batch_size : int
        1 for SGD proper, n for gradient descent.
    epochs : int
        Passes over the training data, which is shuffled anew for each.
    rng : numpy.random.Generator
        Draws the weights first, then each epoch's order.
    threads : int, optional
        With more than one, the test set is evaluated beside the next update. The result is the
        same to the bit, if BLAS has one thread to itself.

    Returns
    -------
    Training

    Raises
    ------
    ValueError
        If the shapes do not fit or a number is out of range.
    FloatingPointError
        If a loss stops being a finite number, with the timestep.

    References
    ----------
    Handout, 1.2 (e).
    """
    n = len(X_train)
    require_shape("X_train", X_train, "n", layer_dims[0])
    require_shape("y_train", y_train, n)
    require_shape("X_test", X_test, "m", layer_dims[0])
    require_shape("y_test", y_test, len(X_test))
    if not 1 <= batch_size <= n:
        raise ValueError(f"batch_size must lie between 1 and {n}, the samples; got {batch_size}")
    if epochs < 1:
        raise ValueError(f"epochs must be 1 or more; got {epochs}")

    weight_matrices = create_weight_matrices(layer_dims, rng=rng)
    biases = create_bias_vectors(layer_dims)
    # A pixel that no training image uses has no gradient: its weights stay as they were drawn, so
    # the loop runs on the other pixels and the test set gets the rest as a constant.
    used = X_train.any(axis=0)
    W_all = weight_matrices[0]
    weight_matrices[0] = W_all[used]
    X_train = X_train.compress(used, axis=1)
    updates = sgd(
        X_train,
        y_train,
        weight_matrices,
        biases,
        activations,
        step_size=step_size,
        batch_size=batch_size,
        epochs=epochs,
        rng=rng,
    )
    test_set = FollowedSet(
        X_test.compress(used, axis=1),
        y_test,
        X_train,
        constant=X_test[:, ~used] @ W_all[~used],
        batch_size=batch_size,
        updates=epochs * math.ceil(n / batch_size),
        threads=threads,
    )

    has_relus = len(layer_dims) > 2 and activations[0] is relu_activation
    living = LivingUnits(X_train, layer_dims[1]) if has_relus else None

    def evaluate(update: Update) -> Evaluated:
        dead = living.follow(update) if living else math.nan
        return update, test_set.evaluate(update, activations), dead

    evaluated = beside(evaluate, updates) if threads > 1 else map(evaluate, updates)
    history = []
    for number, (update, test, dead) in enumerate(evaluated, start=1):
        if not (math.isfinite(update.loss) and math.isfinite(test.loss)):
            raise FloatingPointError(
                f"training diverged at timestep {number}: expected finite losses; got "
                f"{update.loss} on the batch and {test.loss} on the test set. "
                "A smaller step size keeps the weights finite."
            )
        history.append(Timestep(number, update.epoch, update.loss, update.accuracy, test, dead))

    W_all[used] = update.weight_matrices[0]
    return Training([W_all, *update.weight_matrices[1:]], update.biases, history)


Evaluated = tuple[Update, Evaluation, float]


def beside(work: Callable[[Update], Evaluated], updates: Iterator[Update]) -> Iterator[Evaluated]:
    """Apply `work` to each update in another thread, while the caller makes the next one."""
    with ThreadPoolExecutor(1) as other:
        begun: Future[Evaluated] | None = None
        for update in updates:
            before = begun
            # NumPy's errstate lives in the context, which threads do not inherit.
            begun = other.submit(copy_context().run, work, update)
            if before:
                yield before.result()
        if begun:
            yield begun.result()


def series(history: Sequence[Timestep]) -> dict[str, npt.NDArray[Any]]:
    """Turn the history of a `Training` into columns of shape (updates,).

    Parameters
    ----------
    history : sequence of Timestep
        An entry an update.

    Returns
    -------
    dict of str to ndarray
        timestep, epoch, train_loss, train_accuracy, test_loss, test_accuracy, the other fields of
        `Evaluation`, dead_on_training.
    """
    rows = [(*step[:4], *step.test, step.dead_on_training) for step in history]
    of_test = ["test_loss", "test_accuracy", *Evaluation._fields[2:]]
    names = [*Timestep._fields[:4], *of_test, "dead_on_training"]
    columns = map(np.array, zip(*rows, strict=True))
    return dict(zip(names, columns, strict=True))
