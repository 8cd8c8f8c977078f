"""The logistic loss and the accuracy: closed forms, limits, shapes."""

from __future__ import annotations

import math

import numpy as np
import pytest

from nn.activations import sigmoid_activation
from nn.losses import accuracy, logistic_loss


def test_the_loss_is_minus_the_log_of_the_labels_probability() -> None:
    loss, _ = logistic_loss(np.array([0.5, 0.2, 0.2, 0.9]), np.array([1.0, 0.0, 1.0, 1.0]))
    expected = [math.log(2), -math.log(0.8), -math.log(0.2), -math.log(0.9)]
    np.testing.assert_allclose(loss, expected, rtol=1e-15)


def test_the_derivative_is_minus_one_over_the_labels_probability() -> None:
    # -d/dg log(g) = -1/g for label 1, -d/dg log(1 - g) = 1/(1 - g) for label 0.
    _, dL_dg = logistic_loss(np.array([0.5, 0.2, 0.2, 0.75]), np.array([1.0, 0.0, 1.0, 0.0]))
    np.testing.assert_allclose(dL_dg, [-2.0, 1.25, -5.0, 4.0], rtol=1e-14)


def test_a_tiny_probability_loses_no_digits() -> None:
    loss, _ = logistic_loss(np.array([1e-15]), np.array([0.0]))
    assert loss[0] == pytest.approx(1e-15, rel=1e-14, abs=0)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_loss_of_a_certain_and_wrong_prediction_is_finite(dtype) -> None:
    with np.errstate(all="raise"):
        g, _ = sigmoid_activation(np.array([1000.0, -1000.0], dtype))
        loss, dL_dg = logistic_loss(g, np.array([0.0, 1.0], dtype))
    margin = -np.log(g[1])
    np.testing.assert_allclose(loss, margin, rtol=0.02)
    assert np.isfinite(dL_dg).all()


def test_loss_and_sigmoid_together_have_the_derivative_g_minus_y() -> None:
    s, y = np.linspace(-8, 8, 33), np.arange(33) % 2
    g, dout_ds = sigmoid_activation(s)
    _, dL_dg = logistic_loss(g, y)
    np.testing.assert_allclose(dL_dg * dout_ds, g - y, rtol=1e-13)


@pytest.mark.parametrize("function", [logistic_loss, accuracy])
@pytest.mark.parametrize(
    ("g", "y", "expected", "got"),
    [
        ((3,), (3, 1), "(3,)", "(3, 1)"),
        ((3, 1), (3,), "(n,)", "(3, 1)"),
        ((3,), (1,), "(3,)", "(1,)"),
        ((1,), (3,), "(1,)", "(3,)"),
        ((3,), (), "(3,)", "()"),
        ((), (), "(n,)", "()"),
    ],
)
def test_shapes_that_would_broadcast_are_refused(function, g, y, expected, got) -> None:
    with pytest.raises(ValueError) as refusal:
        function(np.full(g, 0.5), np.zeros(y))
    assert f"must have shape {expected}; got {got}" in str(refusal.value)


@pytest.mark.parametrize("edge", [0.0, 1.0, -0.1, 1.1])
def test_a_probability_without_finite_loss_is_refused_with_the_range_that_came(edge) -> None:
    with pytest.raises(ValueError, match=rf"strictly between 0 and 1.*{edge}"):
        logistic_loss(np.array([0.5, edge]), np.array([0.0, 1.0]))


def test_half_and_more_predicts_a_nine() -> None:
    below = np.nextafter(0.5, 0)
    assert accuracy(np.array([0.5]), np.array([1.0])) == 1.0
    assert accuracy(np.array([0.5]), np.array([0.0])) == 0.0
    assert accuracy(np.array([below]), np.array([0.0])) == 1.0


def test_the_accuracy_is_the_share_of_right_answers() -> None:
    share = accuracy(np.array([0.9, 0.9, 0.1, 0.1]), np.array([1, 0, 0, 0]))
    assert share == 0.75
    assert type(share) is float


def test_the_callers_arrays_are_unchanged() -> None:
    g, y = np.array([0.2, 0.7]), np.array([0.0, 1.0])
    g.setflags(write=False)
    y.setflags(write=False)
    for result in logistic_loss(g, y):
        assert not np.shares_memory(result, g) and not np.shares_memory(result, y)
    assert accuracy(g, y) == 1.0


@pytest.mark.row(65, "ValueError: neither counts as right or wrong.")
@pytest.mark.parametrize("function", [logistic_loss, accuracy])
@pytest.mark.parametrize("y", [[3, 9], [3.0, 9.0], [0.0, 0.5], [-1, 1], [1.0, np.nan]])
def test_labels_other_than_0_and_1_are_refused(function, y) -> None:
    with pytest.raises(ValueError, match="y must hold labels 0 and 1"):
        function([0.5, 0.9], y)


@pytest.mark.row(65)
def test_an_output_that_is_no_number_has_no_accuracy() -> None:
    with pytest.raises(ValueError, match="g must hold numbers; got NaN"):
        accuracy([0.5, np.nan], [0, 1])


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int64, np.float32])
def test_labels_of_any_type_count_the_same(dtype) -> None:
    g, y = np.array([0.1, 0.7, 0.8]), np.array([1.0, 0.0, 1.0])
    for one, other in zip(logistic_loss(g, y.astype(dtype)), logistic_loss(g, y), strict=True):
        np.testing.assert_array_equal(one, other)
    assert accuracy(g, y.astype(dtype)) == accuracy(g, y) == 1 / 3
