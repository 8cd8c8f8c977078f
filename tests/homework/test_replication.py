"""Further seeds are trained as the report's own is, and summed up alike."""

from __future__ import annotations

import numpy as np
import pytest

from homework.dataset import Digits
from homework.replication import replicate
from homework.runs import in_common, summarise
from nn.training import series, train

SETTINGS = {"step_size": 0.5, "batch_size": 7, "epochs": 2}


@pytest.fixture(scope="module")
def digits() -> Digits:
    """Make images with a pixel that only test images use."""
    rng = np.random.default_rng(1)
    X_train, X_test = rng.random((40, 12)), rng.random((30, 12))
    X_train[:, 5] = 0
    y_train, y_test = (X[:, 0] > X[:, 1] for X in (X_train, X_test))
    index = np.arange(40)
    return Digits(X_train, y_train * 1.0, X_test, y_test * 1.0, index, index[:30])


@pytest.mark.parametrize("step_size", [0.5, 30.0])
def test_a_replicate_says_of_a_seed_what_the_reports_own_run_does(digits, step_size) -> None:
    settings = SETTINGS | {"step_size": step_size}
    for record in replicate(digits, [0, 3], hidden=6, **settings):
        rng = np.random.default_rng(record["seed"])
        run = train(*digits[:4], layer_dims=[12, 6, 1], **settings, rng=rng)
        own = summarise(series(run.history))
        for name in ("test_loss", "test_accuracy"):
            assert record[name]["epoch_ends"] == pytest.approx(own[name]["epoch_ends"], abs=1e-9)
        same = ("batches", "timesteps", "dead_on_test", "dead_on_training", "half_dead_at")
        assert {name: record[name] for name in same} == {name: own[name] for name in same}


def test_the_training_set_is_looked_at_after_the_last_update(digits) -> None:
    (record,) = replicate(digits, [0], hidden=6, **SETTINGS | {"epochs": 20})
    known = record["on_training_set"]
    assert known["accuracy"] > record["test_accuracy"]["last"]
    assert known["dead_hidden_units"] == record["dead_on_training"]


def test_the_misread_test_images_are_named_by_their_numbers_in_the_file(digits) -> None:
    digits = digits._replace(test_index=np.arange(30) * 7)
    for record in replicate(digits, [0, 3], hidden=6, **SETTINGS):
        share = len(record["misread"]) / 30
        assert share == pytest.approx(1 - record["test_accuracy"]["last"])
        assert set(record["misread"]) <= set(digits.test_index.tolist())


def test_what_all_seeds_misread_is_told_from_what_any_does() -> None:
    runs = [{"misread": [1, 2, 3]}, {"misread": [2, 3]}, {"misread": [3, 8]}]
    assert in_common(runs) == {"seeds": 3, "by_all": 1, "by_any": 4}


def test_a_run_that_diverges_is_told_and_the_other_seeds_are_not_lost(digits) -> None:
    records = replicate(digits, [0, 1], hidden=6, **SETTINGS | {"step_size": 1e300})
    assert [record["seed"] for record in records] == [0, 1]
    assert all(record["diverged_at"] > 0 for record in records)
