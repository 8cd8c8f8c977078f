"""The network beside logistic regression, and what both weigh."""

from __future__ import annotations

import numpy as np
import pytest

from homework.linear import correlation, log_odds, network_output, templates, train_linear
from nn.activations import sigmoid_activation
from tests.homework.drawings import careless_weights, mistakes_of, random_digits

SETTINGS = {"step_size": 0.1, "batch_size": 10, "epochs": 20, "seed": 0}


def test_logistic_regression_learns_what_is_linear():
    d = random_digits()
    g = network_output(d.X_train, train_linear(d, **SETTINGS))
    assert np.mean((g >= 0.5) == (d.y_train == 1)) > 0.95


def test_logistic_regression_steps_along_the_gradient_of_its_loss():
    d = random_digits()
    settings = {"batch_size": len(d.X_train), "seed": 4}
    before = train_linear(d, step_size=0.0, epochs=1, **settings)
    after = train_linear(d, step_size=0.5, epochs=1, **settings)
    error = network_output(d.X_train, before) - d.y_train
    expected = before["W1"][:, 0] - 0.5 * d.X_train.T @ error / len(error)
    np.testing.assert_allclose(after["W1"][:, 0], expected, rtol=0, atol=1e-12)


def test_a_batch_may_be_larger_than_the_training_set():
    d = random_digits()
    assert train_linear(d, **SETTINGS | {"batch_size": 1000})["W1"].shape == (784, 1)


def test_blank_pixels_change_no_output():
    d, weights = random_digits(), careless_weights(0.1)
    X = d.X_test * (np.arange(784) % 3 > 0)
    hidden = np.maximum(X @ weights["W1"] + weights["b1"], 0.0)
    expected, _ = sigmoid_activation(hidden @ weights["W2"] + weights["b2"])
    np.testing.assert_allclose(network_output(X, weights), expected[:, 0], rtol=1e-12)


def test_log_odds_undo_the_sigmoid():
    s = np.array([-3.0, 0.0, 7.0])
    np.testing.assert_allclose(log_odds(sigmoid_activation(s)[0]), s, atol=1e-12)


def test_a_constant_correlates_with_nothing():
    assert correlation(np.ones(3), np.arange(3.0)) is None
    assert correlation(np.arange(3.0), -np.arange(3.0)) == pytest.approx(-1)


def test_the_networks_template_is_the_mean_gradient_of_its_log_odds():
    d, weights = random_digits(), careless_weights(0.1)
    found = templates(d, weights, train_linear(d, **SETTINGS))["network"]
    step = 1e-6
    for pixel in (100, 400, 405):
        nudged = d.X_test.copy()
        nudged[:, pixel] += step
        change = log_odds(network_output(nudged, weights)) - log_odds(
            network_output(d.X_test, weights)
        )
        assert found[pixel] == pytest.approx(change.mean() / step, rel=1e-4)


def test_the_other_readers_mistakes_are_counted_and_the_shared_ones():
    d, weights = random_digits(), careless_weights(0.1)
    linear = train_linear(d, **SETTINGS | {"epochs": 1})
    wrong = (network_output(d.X_test, weights) >= 0.5) != (d.y_test == 1)
    theirs = (network_output(d.X_test, linear) >= 0.5) != (d.y_test == 1)
    nearest = [np.linalg.norm(d.X_train - image, axis=1).argmin() for image in d.X_test]
    neighbours = d.y_train[nearest] != d.y_test
    _, facts = mistakes_of(d, weights, linear)
    readers = facts["readers"]
    assert readers["linear"] == {"mistakes": theirs.sum(), "shared": (theirs & wrong).sum()}
    assert readers["nearest"] == {
        "mistakes": neighbours.sum(),
        "shared": (neighbours & wrong).sum(),
    }
