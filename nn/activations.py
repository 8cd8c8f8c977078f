"""Activation functions. Each returns its value and its derivative, elementwise."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from nn.arrays import Activation, FloatArray, as_floats


def sigmoid_activation(s: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
    r"""Sigmoid, sigma(s) = 1 / (1 + exp(-s)), kept away from 0 and 1.

    Parameters
    ----------
    s : array_like of any shape
        Pre-activations. Integers are read as float64.

    Returns
    -------
    out : ndarray of the shape of `s`
        sigma(s), clipped to [eps, 1 - eps] with the eps of `clip_margin`, so that its logarithm
        and that of 1 - out are finite.
    dout_ds : ndarray of the shape of `s`
        The derivative, out (1 - out).

    Notes
    -----
    With z = exp(-abs(s)), which lies in (0, 1], sigma(s) is 1 / (1 + z) for s >= 0 and z / (1 + z)
    for s < 0. So exp never sees a large positive number and cannot overflow. Nor does it
    underflow: beyond abs(s) = -log(eps) the result is clipped anyway, so abs(s) is capped there, or
    rather a little further, where rounding cannot keep 1 / (1 + z) below the bound 1 - eps.

    References
    ----------
    Handout, 1.2 (b)(i).
    """
    out = sigmoid(as_floats(s))
    return out, out * (1 - out)


def sigmoid(s: FloatArray) -> FloatArray:
    """Compute what `sigmoid_activation` does, without the derivative."""
    eps = clip_margin(s.dtype)
    z = np.exp(-np.minimum(np.abs(s), 1 - np.log(eps)))
    out = np.where(s >= 0, s.dtype.type(1), z) / (1 + z)
    clipped: FloatArray = np.minimum(np.maximum(out, eps), 1 - eps)
    return clipped


@cache
def clip_margin(dtype: npt.DTypeLike) -> Any:
    """Say, in a floating-point type, how near to 0 and 1 the sigmoid may come there.

    The handout's 1e-15 for float64; in narrower types 1 - 1e-15 is 1, so there it is four times
    the machine epsilon.
    """
    spacing = float(np.finfo(dtype).eps)
    return np.asarray(max(1e-15, 4 * spacing), dtype)[()]


def relu_activation(s: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Rectified linear unit, max(0, s).

    Parameters
    ----------
    s : array_like of shape (n, d), or any other
        Pre-activations. Integers are read as float64.

    Returns
    -------
    out, dout_ds : ndarray of the shape of `s`
        The derivative is 1 where s > 0, else 0; at the kink s = 0 it is the subgradient 0.

    References
    ----------
    Handout, 1.2 (b)(iii).
    """
    s = as_floats(s)
    return relu(s), (s > 0).astype(s.dtype)


def relu(s: FloatArray) -> FloatArray:
    """Compute what `relu_activation` does, without the derivative."""
    return np.maximum(s, 0)


def sine_activation(s: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Sine, sin(s), and its derivative, cos(s).

    Parameters
    ----------
    s : array_like of any shape
        Pre-activations. Integers are read as float64.

    Returns
    -------
    out, dout_ds : ndarray of the shape of `s`
    """
    s = as_floats(s)
    return np.sin(s), np.cos(s)


# Evaluating a network needs no derivatives.
VALUES: dict[Activation, Callable[[FloatArray], FloatArray]] = {
    sigmoid_activation: sigmoid,
    relu_activation: relu,
    sine_activation: np.sin,
}


def value(activation_fn: Activation, s: FloatArray) -> FloatArray:
    """Apply an activation for its value only; the derivative is left out where that is possible."""
    fast = VALUES.get(activation_fn)
    return fast(s) if fast else activation_fn(s)[0]
