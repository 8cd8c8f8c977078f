"""The sigmoid and ReLU: closed forms, limits, shapes and types."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from nn.activations import clip_margin, relu_activation, sigmoid_activation, value

FLOATS = [np.float16, np.float32, np.float64]
SHAPES = [(), (0,), (7,), (1, 1), (3, 4), (2, 3, 4)]


@pytest.fixture(autouse=True)
def every_floating_point_error_raises():
    """Underflow too, of which NumPy says nothing by default."""
    with np.errstate(all="raise"):
        yield


def test_sigmoid_has_the_handouts_values() -> None:
    out, dout_ds = sigmoid_activation(np.asarray([1.0, 0.0, -1.0]))
    p = 1 / (1 + math.exp(-1))
    np.testing.assert_allclose(out, [p, 0.5, 1 - p], rtol=1e-15)
    np.testing.assert_allclose(dout_ds, [p * (1 - p), 0.25, p * (1 - p)], rtol=1e-15)


@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("far", [1000.0, np.inf])
def test_sigmoid_stays_clear_of_0_and_1_in_its_limits(dtype, far) -> None:
    eps = clip_margin(dtype)
    out, dout_ds = sigmoid_activation(np.array([-far, far], dtype))
    assert out.tolist() == [float(eps), float(1 - eps)]
    assert out[0] > 0
    assert out[1] < 1
    np.testing.assert_array_equal(dout_ds, out * (1 - out))
    assert np.isfinite(np.log(out)).all() and np.isfinite(np.log1p(-out)).all()


def test_sigmoid_reads_integers_as_float64() -> None:
    out, dout_ds = sigmoid_activation(np.asarray([-1000, 0, 1000]))
    assert out.dtype == dout_ds.dtype == np.float64
    assert out.tolist() == [1e-15, 0.5, 1 - 1e-15]


def test_sigmoid_takes_the_smallest_and_the_largest_number() -> None:
    limits = np.finfo(np.float64)
    s = np.array([limits.min, -limits.tiny, limits.smallest_subnormal, limits.max])
    np.testing.assert_array_equal(sigmoid_activation(s)[0], [1e-15, 0.5, 0.5, 1 - 1e-15])


def test_sigmoid_of_what_is_not_a_number_is_not_a_number() -> None:
    assert np.isnan(sigmoid_activation(np.array([np.nan]))[0]).all()


@pytest.mark.parametrize("function", [sigmoid_activation, relu_activation])
@pytest.mark.parametrize("dtype", FLOATS)
@pytest.mark.parametrize("shape", SHAPES)
def test_both_results_have_the_shape_and_type_of_the_input(function, dtype, shape) -> None:
    for result in function(np.ones(shape, dtype)):
        assert result.shape == shape
        assert result.dtype == dtype


@pytest.mark.parametrize("function", [sigmoid_activation, relu_activation])
def test_the_callers_array_is_unchanged(function) -> None:
    s = np.array([[-2.0, 0.0, 3.0]])
    s.setflags(write=False)
    out, dout_ds = function(s)
    assert not np.shares_memory(out, s) and not np.shares_memory(dout_ds, s)


@settings(max_examples=50, deadline=None)
@given(
    hnp.arrays(
        np.float64, hnp.array_shapes(max_dims=3, max_side=5), elements=st.floats(-1e300, 1e300)
    )
)
def test_sigmoid_is_a_symmetric_probability(s) -> None:
    out, dout_ds = sigmoid_activation(s)
    mirrored, _ = sigmoid_activation(-s)
    assert out.shape == dout_ds.shape == s.shape
    assert ((out >= 1e-15) & (out <= 1 - 1e-15)).all()
    np.testing.assert_allclose(out + mirrored, 1, rtol=1e-15)
    rising, _ = sigmoid_activation(np.sort(s, axis=None))
    assert (np.diff(rising) >= 0).all()


@pytest.mark.parametrize("dtype", FLOATS)
def test_one_minus_the_margin_differs_from_one(dtype) -> None:
    eps = clip_margin(dtype)
    assert eps.dtype == dtype
    assert 0 < eps < 0.01
    assert 1 - eps < 1


def test_relu_keeps_what_is_positive() -> None:
    out, dout_ds = relu_activation(np.array([[-2.0, -0.0, 0.0], [1e-300, 0.5, np.inf]]))
    np.testing.assert_array_equal(out, [[0, 0, 0], [1e-300, 0.5, np.inf]])
    np.testing.assert_array_equal(dout_ds, [[0, 0, 0], [1, 1, 1]])


def test_relu_reads_integers_as_float64() -> None:
    out, dout_ds = relu_activation(np.array([-3, 4]))
    assert out.dtype == dout_ds.dtype == np.float64
    assert out.tolist() == [0, 4]


@pytest.mark.parametrize("activation_fn", [relu_activation, sigmoid_activation])
@pytest.mark.parametrize("dtype", FLOATS)
def test_the_value_alone_is_the_value(activation_fn, dtype) -> None:
    s = np.array([-np.inf, -1000, -1, 0, 0.5, 3, np.inf], dtype)
    out, _ = activation_fn(s)
    alone = value(activation_fn, s)
    assert alone.dtype == out.dtype
    np.testing.assert_array_equal(alone, out)


def test_the_value_of_an_activation_of_ones_own_is_its_first_result() -> None:
    alone = value(lambda s: (2 * s, np.full_like(s, 2)), np.array([1.0, 2.0]))
    np.testing.assert_array_equal(alone, [2, 4])
