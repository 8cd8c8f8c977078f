"""Shapes and types at the public edges."""

from __future__ import annotations

import numpy as np
import pytest

from nn.arrays import as_floats, require_shape


@pytest.mark.parametrize("values", [[1, 2], np.array([1, 2], np.uint8), np.array([True, False])])
def test_what_is_not_floating_point_becomes_float64(values) -> None:
    floats = as_floats(values)
    assert floats.dtype == np.float64
    np.testing.assert_array_equal(floats, np.asarray(values))


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_floating_point_arrays_are_left_as_they_are(dtype) -> None:
    array = np.ones(3, dtype)
    assert as_floats(array) is array


@pytest.mark.parametrize(
    ("shape", "wanted"),
    [((3, 4), (3, 4)), ((3, 4), ("n", 4)), ((3, 4), ("n", "d")), ((3,), ("n",)), ((), ())],
)
def test_a_shape_that_fits_passes(shape, wanted) -> None:
    require_shape("X", np.zeros(shape), *wanted)


@pytest.mark.parametrize(
    ("shape", "wanted", "message"),
    [
        ((3, 5), (3, 4), "X must have shape (3, 4); got (3, 5)"),
        ((3, 5), ("n", 4), "X must have shape (n, 4); got (3, 5)"),
        ((3, 1), ("n",), "X must have shape (n,); got (3, 1)"),
        ((3,), (3, 1), "X must have shape (3, 1); got (3,)"),
        ((3, 4, 1), (3, 4), "X must have shape (3, 4); got (3, 4, 1)"),
        ((), ("n",), "X must have shape (n,); got ()"),
    ],
)
def test_another_shape_is_refused_with_what_was_expected_first(shape, wanted, message) -> None:
    with pytest.raises(ValueError) as refusal:
        require_shape("X", np.zeros(shape), *wanted)
    assert str(refusal.value) == message
