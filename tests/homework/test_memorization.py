"""Memorizing random inputs, and the shortcuts that are not to change anything."""

from __future__ import annotations

import numpy as np
import pytest

from homework.memorization import (
    Memorization,
    Recipe,
    calibrated_bias,
    differences,
    kernel_coordinates,
    memorize,
    repeat,
    summarise,
)
from nn.activations import relu_activation, sigmoid_activation
from nn.losses import accuracy, logistic_loss
from nn.network import backward_pass, create_bias_vectors, create_weight_matrices, forward_pass

HANDOUT = Recipe(width=200, step_size=0.1, batch_size=100, centre=False, calibrate=False)
ONE_UPDATE = Recipe(width=4000, step_size=10.0, batch_size=100, centre=True, calibrate=True)


def labels(n: int = 100) -> np.ndarray:
    return (np.random.default_rng(39).random(n) < 0.5).astype(float)


def attempt(recipe: Recipe, seed: int = 1, max_updates: int = 200, d: int = 784) -> Memorization:
    rng = np.random.default_rng(seed)
    X = rng.random((100, d))
    return memorize(X, labels(), recipe, rng=rng, max_updates=max_updates)


def test_the_recipe_needs_one_update():
    result = attempt(ONE_UPDATE)
    assert result.memorized
    assert result.updates == 1
    assert result.accuracies[0] < 0.7
    np.testing.assert_array_equal(result.output >= 0.5, labels() == 1)


def test_the_handouts_settings_need_more_than_one_update():
    result = attempt(HANDOUT)
    assert result.memorized
    assert result.updates > 10


def test_without_centring_the_recipe_fails():
    assert not attempt(ONE_UPDATE._replace(centre=False, width=400)).memorized


def test_the_first_update_is_that_of_the_handouts_functions():
    rng = np.random.default_rng(5)
    X, y = rng.random((100, 30)), labels()
    recipe = Recipe(width=20, step_size=0.5, batch_size=100, centre=True, calibrate=False)
    result = memorize(X, y, recipe, rng=np.random.default_rng(6), max_updates=1)

    Ws = create_weight_matrices([30, 20, 1], rng=np.random.default_rng(6))
    bs = create_bias_vectors([30, 20, 1])
    activations = [relu_activation, sigmoid_activation]
    centred = X - X.mean(axis=0)
    before, caches = forward_pass(centred, Ws, bs, activations)
    grad_Ws, grad_bs = backward_pass(logistic_loss(before, y)[1], caches)
    for parameter, gradient in zip([*Ws, *bs], [*grad_Ws, *grad_bs], strict=True):
        parameter -= 0.5 * gradient
    after, _ = forward_pass(centred, Ws, bs, activations)

    np.testing.assert_allclose(result.output, after, rtol=0, atol=1e-14)
    assert result.accuracies == [accuracy(before, y), accuracy(after, y)]


@pytest.mark.parametrize("calibrate", [False, True])
@pytest.mark.parametrize("centre", [False, True])
@pytest.mark.parametrize(
    ("step_size", "batch_size", "updates"), [(10.0, 100, 1), (0.1, 100, 40), (0.1, 30, 20)]
)
def test_the_network_on_kernel_coordinates_is_the_network_on_the_inputs(
    centre, calibrate, step_size, batch_size, updates
):
    rng = np.random.default_rng(7)
    X, y = rng.random((100, 784)), labels()
    C = kernel_coordinates(X)
    Q = np.linalg.solve(C, X).T
    W1, W2 = create_weight_matrices([784, 60, 1], rng=rng)
    mean = X.mean(axis=0) if centre else np.zeros(784)

    outputs = [
        memorize(
            inputs,
            y,
            Recipe(60, step_size, batch_size, centre=False, calibrate=calibrate),
            rng=np.random.default_rng(8),
            max_updates=updates,
            weight_matrices=weight_matrices,
        )
        for weight_matrices, inputs in (([W1, W2], X - mean), ([Q.T @ W1, W2], C - mean @ Q))
    ]

    np.testing.assert_allclose(outputs[1].output, outputs[0].output, rtol=0, atol=1e-10)
    assert outputs[1].accuracies == outputs[0].accuracies
    assert outputs[0].updates == updates


def test_kernel_coordinates_keep_the_kernel_and_have_orthonormal_axes():
    X = np.random.default_rng(9).random((100, 784))
    C = kernel_coordinates(X)
    Q = np.linalg.solve(C, X).T
    assert C.shape == (100, 100)
    np.testing.assert_allclose(C @ C.T, X @ X.T, rtol=1e-12)
    np.testing.assert_allclose(Q.T @ Q, np.eye(100), rtol=0, atol=1e-11)


@pytest.mark.parametrize("spread", [0.0, 0.02, 3.0, 200.0])
@pytest.mark.parametrize("share", [0.01, 0.5, 0.53])
def test_with_the_calibrated_bias_the_mean_prediction_is_the_mean_label(spread, share):
    scores = spread * np.random.default_rng(10).normal(size=(100, 1))
    y = np.repeat([1.0, 0.0], [round(100 * share), 100 - round(100 * share)])
    bias = calibrated_bias(scores, y)
    assert bias.shape == (1, 1)
    mean = sigmoid_activation(scores + bias)[0].mean()
    np.testing.assert_allclose(mean, y.mean(), rtol=0, atol=1e-9)


def test_a_single_label_cannot_be_calibrated():
    with pytest.raises(ValueError, match=r"both labels.*mean 1\.0"):
        calibrated_bias(np.zeros((5, 1)), np.ones(5))


def test_the_callers_arrays_stay_as_they_were():
    rng = np.random.default_rng(11)
    X, y = rng.random((100, 20)), labels()
    weight_matrices = create_weight_matrices([20, 10, 1], rng=rng)
    given = [X, y, *weight_matrices]
    copies = [array.copy() for array in given]
    for batch_size in (100, 40):
        recipe = Recipe(10, 1.0, batch_size, centre=True, calibrate=True)
        memorize(X, y, recipe, rng=rng, max_updates=3, weight_matrices=weight_matrices)
    for array, copy in zip(given, copies, strict=True):
        np.testing.assert_array_equal(array, copy)


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others():
    recipe = HANDOUT._replace(batch_size=30)
    one, same, other = (attempt(recipe, seed, 5, d=40).output for seed in (1, 1, 2))
    assert one.tobytes() == same.tobytes()
    assert one.tobytes() != other.tobytes()


@pytest.mark.parametrize("batch_size", [1, 30, 100])
@pytest.mark.parametrize("max_updates", [0, 1, 7])
def test_no_more_updates_are_made_than_allowed(max_updates, batch_size):
    recipe = HANDOUT._replace(batch_size=batch_size)
    result = attempt(recipe, max_updates=max_updates, d=20)
    assert result.updates == max_updates
    assert not result.memorized


def test_a_dead_network_is_given_up():
    result = attempt(HANDOUT._replace(step_size=10.0))
    assert not result.memorized
    assert result.updates < 200


def test_weights_that_overflow_are_given_up_without_a_warning():
    result = attempt(HANDOUT._replace(step_size=1e200, centre=True), d=20)
    assert not result.memorized
    assert result.updates < 200


@pytest.mark.parametrize("batch_size", [0, 101])
def test_a_batch_size_out_of_range_is_refused(batch_size):
    with pytest.raises(ValueError, match=f"from 1 to 100.*got {batch_size}"):
        attempt(HANDOUT._replace(batch_size=batch_size))


def test_a_negative_number_of_updates_is_refused():
    with pytest.raises(ValueError, match="at least 0; got -1"):
        attempt(HANDOUT, max_updates=-1)


def test_labels_of_another_length_are_refused():
    with pytest.raises(ValueError, match=r"y must have shape \(100,\)"):
        rng = np.random.default_rng(0)
        memorize(np.ones((100, 3)), labels(99), HANDOUT, rng=rng, max_updates=1)


def test_each_seed_has_its_own_inputs_and_network():
    recipe = HANDOUT._replace(width=5)
    attempts = repeat(labels(), 120, recipe, seeds=[(0, 1), (0, 2), (0, 1)], max_updates=2)
    assert attempts[0].output.tobytes() == attempts[2].output.tobytes()
    assert attempts[0].output.tobytes() != attempts[1].output.tobytes()


def test_nearly_every_seed_needs_one_update():
    attempts = repeat(labels(), 784, ONE_UPDATE, seeds=[(12, k) for k in range(20)], max_updates=1)
    assert summarise(attempts)["one_update"] >= 19


def test_the_summary_counts_what_became_of_the_attempts():
    attempts = [Memorization(path, np.zeros(2)) for path in ([0.5, 1.0], [0.5, 0.5, 1.0], [0.5, 0])]
    assert summarise(attempts) == {
        "attempts": 3,
        "memorized": 2,
        "one_update": 1,
        "updates": [1, 2, None],
        "median_updates": 2.0,
    }


def test_the_median_of_mostly_failed_attempts_is_none():
    attempts = [Memorization(path, np.zeros(2)) for path in ([0.5, 1.0], [0.5, 0.5], [0.5, 0.0])]
    assert summarise(attempts)["median_updates"] is None


def test_a_recipe_is_named_by_its_differences():
    assert differences(HANDOUT, HANDOUT) == "the settings at the start"
    assert differences(HANDOUT._replace(batch_size=10), HANDOUT) == "batches of 10"
    names = "centred, step size 10, calibrated, width 4000"
    assert differences(ONE_UPDATE, HANDOUT) == names
