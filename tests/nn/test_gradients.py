"""Finite differences against closed forms, and the comparison of two gradients."""

from __future__ import annotations

import math

import numpy as np
import pytest

from nn.gradients import compare_gradients, finite_difference, my_nn_finite_difference_checker


@pytest.mark.parametrize("d", [1, 4])
def test_a_quadratic_has_its_gradient_to_rounding(d) -> None:
    rng = np.random.default_rng(d)
    A, c, a = rng.random((d, d)), rng.random(d), rng.random(d)
    gradient = finite_difference(lambda x: float(x @ A @ x + c @ x), a)
    np.testing.assert_allclose(gradient, (A + A.T) @ a + c, rtol=1e-9)


def test_a_sine_has_its_cosine() -> None:
    a = np.linspace(0.1, 1.4, 5)
    gradient = finite_difference(lambda x: float(np.sin(x).sum()), a)
    np.testing.assert_allclose(gradient, np.cos(a), rtol=1e-9)


def test_epsilon_is_the_step_to_each_side() -> None:
    # Of x^3 at 0 the central difference with step epsilon is epsilon^2.
    gradient = finite_difference(lambda x: float(x[0] ** 3), np.zeros(1), epsilon=0.1)
    assert gradient[0] == pytest.approx(0.01, rel=1e-12)


def test_the_default_step_is_the_handouts() -> None:
    seen = []
    finite_difference(lambda x: float(seen.append(x[0]) or 0), np.zeros(1))
    assert seen == [1e-5, -1e-5]


@pytest.mark.parametrize("shape", [(), (3,), (2, 3), (1, 1, 2), (0,)])
def test_the_gradient_has_the_shape_of_its_point(shape) -> None:
    gradient = finite_difference(lambda x: float((3 * x).sum()), np.ones(shape))
    assert gradient.shape == shape
    np.testing.assert_allclose(gradient, 3, rtol=1e-9)


def test_each_entry_is_its_own_partial_derivative() -> None:
    factors = np.array([[1.0, 20.0], [300.0, 4000.0]])
    gradient = finite_difference(lambda x: float((factors * x).sum()), np.zeros((2, 2)))
    np.testing.assert_allclose(gradient, factors, rtol=1e-9)


def test_the_callers_point_is_unchanged_and_f_sees_copies() -> None:
    def f(x) -> float:
        value = float(x @ x)
        x[:] = 1e9  # would spoil the next difference if it were the same array
        return value

    a = np.array([1.0, 2.0, 3.0])
    a.setflags(write=False)
    np.testing.assert_allclose(finite_difference(f, a), 2 * a, rtol=1e-9)


@pytest.mark.parametrize("a", [[1, 2], np.array([1, 2], np.float32)])
def test_integers_and_narrow_floats_are_stepped_in_float64(a) -> None:
    gradient = finite_difference(lambda x: float(x @ x), a)
    assert gradient.dtype == np.float64
    np.testing.assert_allclose(gradient, [2, 4], rtol=1e-9)


def test_the_networks_differences_are_of_the_average_loss(make_network) -> None:
    # One weight and bias: g = sigma(w x + b), dL/dw = mean((g - y) x), dL/db = mean(g - y).
    network = make_network([1, 1], 4)
    (grad_W,), (grad_b,) = my_nn_finite_difference_checker(*network)
    s = network.X[:, 0] * network.weight_matrices[0][0, 0] + network.biases[0][0, 0]
    residual = 1 / (1 + np.exp(-s)) - network.y
    assert grad_W[0, 0] == pytest.approx(float(np.mean(residual * network.X[:, 0])), rel=1e-8)
    assert grad_b[0, 0] == pytest.approx(float(np.mean(residual)), rel=1e-8)


def test_a_comparison_names_the_worst_entry_and_both_values() -> None:
    analytic = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 0.0]])
    numeric = np.array([[1.0, 2.0, 3.0], [4.0, 5.5, 0.0]])
    difference = compare_gradients(analytic, numeric)
    assert difference.position == (1, 1)
    assert (difference.analytic, difference.numeric) == (5.0, 5.5)
    assert difference.absolute == 0.5
    assert difference.relative == pytest.approx(0.5 / 5.5)
    norm = math.sqrt(1 + 4 + 9 + 16 + 5.5**2)
    assert difference.norm_relative == pytest.approx(0.5 / norm)


def test_the_largest_relative_difference_may_stand_elsewhere_than_the_largest_absolute() -> None:
    difference = compare_gradients(np.array([100.0, 0.001]), np.array([101.0, 0.002]))
    assert difference.position == (0,)
    assert difference.relative == pytest.approx(0.5)


def test_gradients_that_are_both_zero_agree() -> None:
    assert compare_gradients(np.zeros((2, 1)), np.zeros((2, 1)))[:3] == (0, 0, 0)


@pytest.mark.parametrize(("analytic", "numeric"), [(0.0, 1.0), (1.0, 0.0), (1.0, -1.0)])
def test_a_missing_or_reversed_gradient_is_wrong_by_its_whole_size(analytic, numeric) -> None:
    difference = compare_gradients(np.full(3, analytic), np.full(3, numeric))
    assert difference.norm_relative >= 1
    assert difference.relative >= 1


@pytest.mark.parametrize(
    ("analytic", "numeric"), [(0.0, np.nan), (np.nan, 0.0), (1.0, np.nan), (np.nan, np.nan)]
)
def test_a_gradient_that_is_not_a_number_never_agrees(analytic, numeric) -> None:
    difference = compare_gradients(np.array([analytic, 0.0]), np.array([numeric, 0.0]))
    assert not difference.norm_relative <= 1


def test_gradients_of_different_shapes_are_not_compared() -> None:
    with pytest.raises(ValueError, match=r"numeric must have shape \(2, 1\); got \(2,\)"):
        compare_gradients(np.zeros((2, 1)), np.zeros(2))
