"""Why a large step kills hidden units: where they are pushed, and what happens without that.

An update with step size a moves the pre-activation of hidden unit j for an image x by

    -(a / n) w_j sum_i (x . x_i + 1) (g_i - y_i),

summed over those images x_i of the batch that activate the unit; w_j is its weight in the output
layer. Pixels are not negative, so each x . x_i + 1 is positive. Where the outputs lie on one side
of most labels, so that the g_i - y_i have one sign, it moves in one direction for all images alike:
down, if w_j sum_i (g_i - y_i) is positive. `direction` counts how often that was so for the
units that died.

The output's weights w_j are large only after a large step of the output layer, and a large move
needs a large step of the first layer. `intervene` takes away the one, the other, and the reason why
a dead unit stays dead.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from statistics import median
from typing import Any

import numpy as np

from homework.dataset import Digits
from homework.replication import replicate
from nn.activations import relu_activation, sigmoid_activation
from nn.arrays import FloatArray
from nn.evaluation import LivingUnits
from nn.network import create_bias_vectors, create_weight_matrices
from nn.training import sgd

SLOPE = 0.01
#: The updates after which deaths are counted. Before the first, w_j is what was drawn.
UPDATES = 2, 12


def leaky_relu_activation(s: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Rectify, but with a small slope on the left, so that a unit always has a gradient."""
    return np.where(s > 0, s, SLOPE * s), np.where(s > 0, 1.0, SLOPE)


def intervene(
    digits: Digits,
    seeds: Sequence[int],
    *,
    small: float,
    large: float,
    between: Iterable[float],
    **settings: Any,
) -> dict[str, Any]:
    """Train with the large step size in one layer only, with leaky ReLUs, and with smaller steps.

    `settings` are those of `replicate`.
    """

    def trained(step_size: float | Sequence[float], **changes: Any) -> dict[str, Any]:
        asked = {"step_size": step_size, **settings, **changes}
        records = replicate(digits, seeds, training_set=False, **asked)
        return {"step_size": step_size, "runs": records, **spans(records)}

    activations = leaky_relu_activation, sigmoid_activation
    return {
        "small": small,
        "large": large,
        "slope": SLOPE,
        "both_layers": trained(large),
        "first_layer": trained([large, small]),
        "output_layer": trained([small, large]),
        "leaky": trained(large, activations=activations),
        "between": [trained(step_size) for step_size in between],
    }


def spans(records: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Give the least, most and median that an experiment's runs came to; None where none did."""
    runs = [record for record in records if "diverged_at" not in record]
    found = {
        "accuracy": [run["test_accuracy"]["last"] for run in runs],
        "dead": [run["dead_on_training"] for run in runs if run["dead_on_training"] is not None],
        "batch_loss": [run["batches"]["largest_loss"] for run in runs],
    }
    told: dict[str, Any] = {
        name: {
            "least": min(values, default=None),
            "most": max(values, default=None),
            "middle": median(values) if values else None,
        }
        for name, values in found.items()
    }
    return told | {"diverged": len(records) - len(runs)}


@np.errstate(over="ignore", invalid="ignore")  # after a divergence nothing is pushed anywhere
def direction(
    digits: Digits, seeds: Sequence[int], *, hidden: int, step_size: float, batch_size: int
) -> dict[str, Any]:
    """Count how many units early updates killed or left alive, and how many they pushed down.

    Each update counts anew. `pushed_down` is what the formula above says.
    """
    layer_dims = [digits.X_train.shape[1], hidden, 1]
    counts = {fate: {"units": 0, "pushed_down": 0} for fate in ("died", "lived")}
    for seed in seeds:
        rng = np.random.default_rng(seed)
        updates = sgd(
            digits.X_train,
            digits.y_train,
            create_weight_matrices(layer_dims, rng=rng),
            create_bias_vectors(layer_dims),
            (relu_activation, sigmoid_activation),
            step_size=step_size,
            batch_size=batch_size,
            epochs=1,
            rng=rng,
        )
        living = LivingUnits(digits.X_train, hidden)
        for number, update in enumerate(islice(updates, UPDATES[1]), start=1):
            before = living.units
            living.follow(update)
            if number >= UPDATES[0]:
                output = update.layer_caches[-1]  # before the update
                errors = update.dL_dg @ output.dout_ds[:, 0]  # the sum of g - y
                down = output.W[:, 0] * errors > 0
                died = np.setdiff1d(before, living.units)
                for fate, units in (("died", died), ("lived", living.units)):
                    counts[fate]["units"] += len(units)
                    counts[fate]["pushed_down"] += int(down[units].sum())
    shares = {
        fate: {**count, "share": count["pushed_down"] / count["units"] if count["units"] else None}
        for fate, count in counts.items()
    }
    return {"seeds": len(seeds), "first": UPDATES[0], "last": UPDATES[1], **shares}
