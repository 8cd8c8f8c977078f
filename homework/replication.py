"""The same training from other seeds, to tell what is so on every seed from what is luck.

The loop is that of the report's own run. What makes it cheap is that the test set is evaluated at
the end of each epoch only: nobody draws the curves.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from homework.dataset import Digits
from homework.runs import outline
from nn.activations import relu_activation, sigmoid_activation
from nn.arrays import Activation, FloatArray
from nn.evaluation import Evaluation, LivingUnits, evaluate
from nn.network import create_bias_vectors, create_weight_matrices, predict
from nn.training import Timestep, series, sgd

progress = logging.getLogger("progress")
NOT_EVALUATED = Evaluation(*[math.nan] * len(Evaluation._fields))


@np.errstate(over="ignore", invalid="ignore")  # a loss that is no number tells of it
def replicate(
    digits: Digits,
    seeds: Sequence[int],
    *,
    hidden: int,
    step_size: float | Sequence[float],
    batch_size: int,
    epochs: int,
    activations: Sequence[Activation] = (relu_activation, sigmoid_activation),
    training_set: bool = True,
) -> list[dict[str, Any]]:
    """Train once for each seed, and sum up each run.

    Parameters
    ----------
    digits : Digits
        What to train on, and what to test on.
    seeds : sequence of int
        Each draws the weights, then the order of the images, as `nn.training.train` does.
    hidden : int
        Width of the hidden layer.
    step_size : float or sequence of float
        One for both layers, or one for each.
    batch_size, epochs, activations
        As `nn.training.train` takes them.
    training_set : bool, optional
        Whether to evaluate the whole training set at the end.

    Returns
    -------
    list of dict
        For each seed `seed` and what `homework.runs.outline` and `afterwards` say. A run
        whose loss stops being a finite number has only `seed` and `diverged_at`, the timestep.
    """
    layer_dims = [digits.X_train.shape[1], hidden, 1]
    used = digits.X_train.any(axis=0)  # of the pixels; the weights of the others never change
    X_train = digits.X_train.compress(used, axis=1)
    records = []
    for run, seed in enumerate(seeds, start=1):
        progress.info("run %d of %d", run, len(seeds))
        rng = np.random.default_rng(seed)
        Ws, bs = create_weight_matrices(layer_dims, rng=rng), create_bias_vectors(layer_dims)
        W_all = Ws[0]
        living = LivingUnits(X_train, hidden) if activations[0] is relu_activation else None
        updates = sgd(
            X_train,
            digits.y_train,
            [W_all[used], *Ws[1:]],
            bs,
            activations,
            step_size=step_size,
            batch_size=batch_size,
            epochs=epochs,
            rng=rng,
        )
        history: list[Timestep] = []
        last_of_epoch = math.ceil(len(X_train) / batch_size)
        for number, update in enumerate(updates, start=1):
            test = NOT_EVALUATED
            if number % last_of_epoch == 0:
                W_all[used] = update.weight_matrices[0]
                Ws, bs = [W_all, *update.weight_matrices[1:]], update.biases
                test = evaluate(digits.X_test, digits.y_test, Ws, bs, activations)
            if not math.isfinite(update.loss + (0 if test is NOT_EVALUATED else test.loss)):
                records.append({"seed": seed, "diverged_at": number})
                break
            dead = living.follow(update) if living else math.nan
            history.append(Timestep(number, update.epoch, update.loss, update.accuracy, test, dead))
        else:
            records.append({"seed": seed, **outline(series(history))})
            if training_set:
                records[-1] |= afterwards(digits, Ws, bs, activations)
    return records


def afterwards(
    digits: Digits,
    weight_matrices: Sequence[FloatArray],
    biases: Sequence[FloatArray],
    activations: Sequence[Activation] = (relu_activation, sigmoid_activation),
) -> dict[str, Any]:
    """Say how a trained network does on all its training images, and which test images it misreads.

    These are named by their numbers in the test file.
    """
    known = evaluate(digits.X_train, digits.y_train, weight_matrices, biases, activations)
    g = predict(digits.X_test, weight_matrices, biases, activations)
    misread = digits.test_index[(g >= 0.5) != (digits.y_test == 1)]
    return {"on_training_set": known._asdict(), "misread": misread.tolist()}
