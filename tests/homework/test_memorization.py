"""Memorizing random inputs, and the shortcuts that are not to change anything."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest
from scipy.stats import binomtest

from homework.memorization import (
    VARIANTS,
    Network,
    explain,
    fitted,
    kernel,
    likeness,
    log_odds,
    memorize,
    one_update,
    share_right,
    start,
    study,
    summarise,
    updated_scores,
    wilson,
)
from nn.activations import sigmoid_activation
from nn.losses import logistic_loss
from nn.network import backward_pass, forward_pass


def labels(n: int = 100) -> np.ndarray:
    return (np.random.default_rng(39).random(n) < 0.5).astype(float)


def inputs(d: int = 784, n: int = 100, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).random((n, d))


def network(variant: str, width: int, d: int = 784, n: int = 100, seed: int = 2) -> Network:
    rng = np.random.default_rng(seed)
    return start(inputs(d, n), labels(n), VARIANTS[variant], width, rng)


def log_odds_of(g: np.ndarray) -> np.ndarray:
    return np.log(g / (1 - g))


def test_with_sine_units_one_update_memorizes() -> None:
    outputs = memorize(network("sine", 2000), labels(), 0.5, max_updates=5)
    assert len(outputs) == 2
    assert share_right(outputs[0], labels()) < 0.7
    np.testing.assert_array_equal(outputs[1] >= 0.5, labels() == 1)


def test_with_relu_units_and_the_handouts_weights_it_takes_more_updates() -> None:
    outputs = memorize(network("relu", 200), labels(), 0.1, max_updates=500)
    assert share_right(outputs[-1], labels()) == 1
    assert len(outputs) > 10


@pytest.mark.parametrize("variant", VARIANTS)
def test_an_update_is_that_of_the_handouts_functions(variant) -> None:
    y = labels(30)
    X, Ws, bs, activations = network(variant, 20, d=40, n=30)
    outputs = memorize(Network(X, Ws, bs, activations), y, 0.5, max_updates=1)

    before, caches = forward_pass(X, Ws, bs, activations)
    grad_Ws, grad_bs = backward_pass(logistic_loss(before, y)[1], caches)
    for parameter, gradient in zip([*Ws, *bs], [*grad_Ws, *grad_bs], strict=True):
        parameter -= 0.5 * gradient
    after, _ = forward_pass(X, Ws, bs, activations)

    np.testing.assert_array_equal(outputs[0], before)
    np.testing.assert_allclose(outputs[1], after, rtol=0, atol=1e-14)


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("width", [70, 1300])  # with less and more units than a block has
def test_the_shortcut_to_the_scores_after_an_update_is_exact(variant, width) -> None:
    y, steps = labels(), [0.1, 1.0, 30.0]
    given = network(variant, width)
    S, w = given.X @ given.Ws[0], given.Ws[1][:, 0]
    hidden = (S, *given.activations[0](S))
    found = updated_scores(given.X @ given.X.T, y, VARIANTS[variant], hidden, w, steps)
    for step_size, scores in zip(steps, found, strict=True):
        expected = memorize(given, y, step_size, max_updates=1)[1]
        np.testing.assert_allclose(sigmoid_activation(scores)[0], expected, rtol=0, atol=1e-9)


def test_what_is_drawn_in_place_of_weights_scatters_as_what_they_make_of_the_inputs() -> None:
    """C Z and X W have the covariance s^2 X X^T."""
    X = inputs(d=50, n=20)
    C, rng = np.linalg.cholesky(X @ X.T), np.random.default_rng(3)
    for S in (C @ rng.normal(size=(20, 200_000)), X @ rng.normal(size=(50, 200_000))):
        np.testing.assert_allclose(S @ S.T / 200_000, X @ X.T, rtol=0.02)


@pytest.mark.parametrize("variant", ["sine", "relu"])
def test_the_kernel_multiplies_the_gradients_of_two_scores(variant) -> None:
    given = network(variant, 7, d=9, n=5)
    slopes = []
    for parameter in (*given.Ws, *given.bs):
        for at in np.ndindex(parameter.shape):
            scores = []
            for change in (1e-6, -2e-6):
                parameter[at] += change
                scores.append(log_odds_of(forward_pass(*given)[0]))
            parameter[at] += 1e-6
            slopes.append((scores[0] - scores[1]) / 2e-6)
    gradients = np.array(slopes).T
    np.testing.assert_allclose(kernel(given), gradients @ gradients.T, rtol=1e-5)


def test_a_small_update_is_explained_by_its_first_order() -> None:
    given = network("sine", 2000)
    small, large = (
        explain(given, labels(), step, memorize(given, labels(), step, max_updates=1))
        for step in (1e-3, 300.0)
    )
    assert small["correlation"] > 0.999999
    assert large["correlation"] < 0.9
    assert small["own_outweighs_others"] > 0.9
    assert small["change_outweighs_start"] < 0.1
    assert large["change_outweighs_start"] > 0.9


def test_inputs_look_alike_to_relu_units_but_not_to_sine_units() -> None:
    assert abs(likeness(network("sine", 2000))) < 0.02
    assert likeness(network("relu", 2000)) > 0.5


def test_two_equal_inputs_look_exactly_alike() -> None:
    given = network("sine", 50, d=9, n=30)
    assert likeness(given._replace(X=np.ones((30, 9)))) == pytest.approx(1, rel=1e-12)


@pytest.mark.parametrize("spread", [0.0, 0.02, 3.0, 200.0])
@pytest.mark.parametrize("share", [0.01, 0.5, 0.53])
def test_with_the_fitted_bias_the_mean_prediction_is_the_mean_label(spread, share) -> None:
    scores = spread * np.random.default_rng(10).normal(size=100)
    y = np.repeat([1.0, 0.0], [round(100 * share), 100 - round(100 * share)])
    mean = sigmoid_activation(scores + fitted(scores, y))[0].mean()
    np.testing.assert_allclose(mean, y.mean(), rtol=0, atol=1e-9)


def test_at_the_log_odds_a_score_of_zero_predicts_the_mean_label() -> None:
    y = labels()
    g, _ = sigmoid_activation(log_odds(np.zeros(100), y))
    assert float(g) == pytest.approx(y.mean(), rel=1e-14)


def test_a_single_label_has_no_log_odds() -> None:
    with pytest.raises(ValueError, match=r"both labels.*mean 1\.0"):
        fitted(np.zeros(5), np.ones(5))


@pytest.mark.parametrize("variant", VARIANTS)
def test_the_callers_arrays_stay_as_they_were(variant) -> None:
    X, y = inputs(d=120), labels()
    given = start(X, y, VARIANTS[variant], 10, np.random.default_rng(4))
    arrays = [X, y, given.X, *given.Ws, *given.bs]
    copies = [array.copy() for array in arrays]
    memorize(given, y, 1.0, max_updates=3)
    Z, w = np.random.default_rng(5).normal(size=(100, 10)), np.ones(10)
    one_update(X, y, VARIANTS[variant], Z, w, [5, 10], [1.0])
    for array, copy in zip(arrays, copies, strict=True):
        np.testing.assert_array_equal(array, copy)


@pytest.mark.parametrize("max_updates", [0, 1, 7])
def test_no_more_updates_are_made_than_allowed(max_updates) -> None:
    outputs = memorize(network("relu", 20, d=20), labels(), 0.1, max_updates=max_updates)
    assert len(outputs) == max_updates + 1


def test_weights_that_overflow_are_given_up_without_a_warning() -> None:
    outputs = memorize(network("fitted", 20, d=20), labels(), 1e200, max_updates=200)
    assert len(outputs) < 10
    assert share_right(outputs[-1], labels()) < 1


def test_labels_of_another_length_are_refused() -> None:
    with pytest.raises(ValueError, match=r"y must have shape \(100,\)"):
        start(inputs(), labels(99), VARIANTS["sine"], 5, np.random.default_rng(0))


def found(seeds: Sequence[Sequence[int]], widths: Sequence[int]) -> dict[str, np.ndarray]:
    return study(labels(), 784, widths, [0.5, 10.0], seeds)


def test_the_study_has_an_answer_for_each_seed_width_and_step_size() -> None:
    shares = found([(0, k) for k in range(12)], [20, 1500])
    assert shares.keys() == VARIANTS.keys()
    assert all(of_variant.shape == (12, 2, 2) for of_variant in shares.values())
    sine = shares["sine"].sum(axis=0)
    assert sine[1, 0] >= 11
    assert not sine[0].any()
    assert not shares["relu"].any()
    assert shares["fitted"][:, 1, 1].sum() > shares["fitted"][:, 1, 0].sum()


def test_an_attempt_depends_on_its_seed_only() -> None:
    alone, among = found([(0, 2)], [300, 700]), found([(0, 1), (0, 2)], [300, 700])
    for name in VARIANTS:
        np.testing.assert_array_equal(alone[name][0], among[name][1])


def test_the_summary_counts_the_attempts_of_each_cell_and_names_the_best() -> None:
    attempts = np.zeros((20, 2, 3), dtype=bool)
    attempts[:5, 0, 1] = attempts[:9, 1, 0] = attempts[:9, 1, 2] = True
    summary = summarise(attempts, [10, 20], [0.1, 1.0, 10.0])
    assert summary["counts"] == [[0, 5, 0], [9, 0, 9]]
    assert summary["best"]["width"] == 20
    assert summary["best"]["step_size"] == 0.1
    assert summary["best"]["count"] == 9
    assert summary["best"]["low"] == summary["low"][1][0] < 9 / 20 < summary["high"][1][0]


def test_the_interval_is_that_of_scipy() -> None:
    low, high = wilson(np.arange(51), 50)
    expected = [binomtest(k, 50).proportion_ci(method="wilson") for k in range(51)]
    np.testing.assert_allclose(low, [e.low for e in expected], rtol=0, atol=1e-12)
    np.testing.assert_allclose(high, [e.high for e in expected], rtol=0, atol=1e-12)
