"""Experiments on a large step: which layers take it, which units were told to die."""

from __future__ import annotations

import numpy as np
import pytest

from homework.dataset import Digits
from homework.interventions import direction, intervene, leaky_relu_activation, spans
from homework.replication import replicate

SETTINGS = {"hidden": 20, "batch_size": 10}


@pytest.fixture(scope="module")
def digits() -> Digits:
    """Make images of two kinds, bright at the left or at the right."""
    rng = np.random.default_rng(3)
    y = np.arange(120) % 2
    X = rng.random((120, 12)) * np.where(np.arange(12) < 6, y[:, None], 1 - y[:, None])
    return Digits(X[:80], y[:80] * 1.0, X[80:], y[80:] * 1.0, np.arange(80), np.arange(40))


def test_each_experiment_takes_the_large_step_where_it_says(digits) -> None:
    settings = {**SETTINGS, "epochs": 2}
    facts = intervene(digits, [0, 1], small=0.1, large=9.0, between=[1.0, 2.0], **settings)
    (both,) = (replicate(digits, [1], step_size=9.0, training_set=False, **settings),)
    assert facts["both_layers"]["runs"][1:] == both
    assert facts["first_layer"]["step_size"] == [9.0, 0.1]
    assert facts["output_layer"]["step_size"] == [0.1, 9.0]
    assert [trial["step_size"] for trial in facts["between"]] == [1.0, 2.0]
    losses = {
        name: facts[name]["runs"][0]["batches"]["last_epoch"]["largest_loss"]
        for name in ("both_layers", "first_layer", "output_layer", "leaky")
    }
    assert len({*losses.values()}) == 4
    assert facts["leaky"]["dead"] == {"least": None, "most": None, "middle": None}


def test_spans_leave_out_the_runs_that_diverged() -> None:
    run = {"test_accuracy": {"last": 0.5}, "dead_on_training": None, "batches": {"largest_loss": 2}}
    better = run | {"test_accuracy": {"last": 0.9}, "dead_on_training": 0.25}
    found = spans([run, {"seed": 3, "diverged_at": 2}, better])
    assert found["accuracy"] == {"least": 0.5, "most": 0.9, "middle": 0.7}
    assert found["dead"] == {"least": 0.25, "most": 0.25, "middle": 0.25}
    assert found["diverged"] == 1


def test_the_units_that_die_are_those_that_an_update_pushes_down(digits) -> None:
    facts = direction(digits, range(8), step_size=50.0, **SETTINGS)
    died, lived = facts["died"], facts["lived"]
    assert died["units"] > 50
    assert died["share"] == died["pushed_down"] / died["units"] > 0.9 > 0.7 > lived["share"]


def test_a_small_step_kills_none(digits) -> None:
    facts = direction(digits, [0], step_size=0.01, **SETTINGS)
    assert facts["died"] == {"units": 0, "pushed_down": 0, "share": None}
    # The first of 8 updates is left out, and so is a unit that was drawn dead.
    assert facts["lived"]["units"] == 7 * 19


def test_a_leaky_unit_has_a_slope_on_either_side() -> None:
    s, eps = np.array([-2.0, 0.5]), 1e-6
    out, slope = leaky_relu_activation(s)
    assert out.tolist() == [-0.02, 0.5]
    shifted = (leaky_relu_activation(s + eps)[0] - leaky_relu_activation(s - eps)[0]) / (2 * eps)
    assert slope == pytest.approx(shifted)
