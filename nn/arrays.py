"""The shapes and types that every function here speaks of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.floating[Any]]

#: 0 for a 3, 1 for a 9, as whole numbers or as floats.
Labels = npt.NDArray[np.integer[Any]] | FloatArray

#: Takes pre-activations s; returns the activation and its derivative, both of the shape of s.
Activation = Callable[[FloatArray], tuple[FloatArray, FloatArray]]


def as_floats(array: npt.ArrayLike) -> FloatArray:
    """Turn lists, integers and booleans into float64; leave floating-point arrays as they are."""
    array = np.asarray(array)
    return array if array.dtype.kind == "f" else array.astype(np.float64)


def require_shape(name: str, array: npt.NDArray[Any], *shape: int | str) -> None:
    """Refuse an array of another shape, before broadcasting makes a result of it.

    Of the expected shape a string stands for any length and names it, as in ("n", 784).
    """
    if array.shape == shape:  # checked at every layer of every update, so first the quick way
        return
    fits = array.ndim == len(shape)
    for wanted, length in zip(shape, array.shape, strict=False):
        fits = fits and (wanted == length or isinstance(wanted, str))
    if not fits:
        expected = ", ".join(map(str, shape)) + ("," if len(shape) == 1 else "")
        raise ValueError(f"{name} must have shape ({expected}); got {array.shape}")


def sum_of_outer_products(a: FloatArray, b: FloatArray) -> FloatArray:
    """Multiply a^T b, (n, p) and (n, q): the sum of the outer products of their rows."""
    # A single outer product has no sum; broadcasting writes it faster than BLAS does.
    return a.T * b if len(a) == 1 else a.T @ b
