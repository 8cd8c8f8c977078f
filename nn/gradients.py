"""Gradients by finite differences: slow, simple, and what backpropagation is checked against."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np

from nn.arrays import Activation, FloatArray, Labels, as_floats, require_shape
from nn.losses import logistic_loss
from nn.network import forward_pass

#: The handout's step for finite differences.
EPSILON = 1e-5


def finite_difference(
    f: Callable[[FloatArray], float], a: FloatArray, *, epsilon: float = EPSILON
) -> FloatArray:
    """Approximate the gradient of any f: R^d -> R by central differences.

    Parameters
    ----------
    f : callable
        Takes an array of the shape of `a`, returns one number.
    a : ndarray of any shape
        Where the gradient is wanted. It is not changed: f sees copies.
    epsilon : float, optional
        Step to each side. The error falls as epsilon^2 until rounding, which grows as
        1 / epsilon, takes over.

    Returns
    -------
    ndarray of the shape of `a`
        (f(..., a_k + epsilon, ...) - f(..., a_k - epsilon, ...)) / (2 epsilon) for each k.

    References
    ----------
    Handout, 1.2 (a).
    """
    point = as_floats(a).astype(np.float64)
    gradient = np.empty_like(point)
    for k in np.ndindex(point.shape):
        a_k = point[k]
        point[k] = a_k + epsilon
        above = f(point.copy())
        point[k] = a_k - epsilon
        below = f(point.copy())
        point[k] = a_k
        gradient[k] = (above - below) / (2 * epsilon)
    return gradient


def my_nn_finite_difference_checker(
    X_batch: FloatArray,
    y_batch: Labels,
    weight_matrices: Sequence[FloatArray],
    biases: Sequence[FloatArray],
    activations: Sequence[Activation],
    *,
    epsilon: float = EPSILON,
) -> tuple[list[FloatArray], list[FloatArray]]:
    """Gradients of the batch's average loss by finite differences.

    Parameters
    ----------
    X_batch, y_batch : ndarray of shapes (n, d) and (n,)
        Inputs and labels, 0 or 1.
    weight_matrices, biases : sequence of ndarray
        The parameters at which the gradient is wanted.
    activations : sequence of callable
        The layers' activations.
    epsilon : float, optional
        See `finite_difference`.

    Returns
    -------
    grad_Ws, grad_bs : list of ndarray
        Shaped and ordered as `backward_pass` returns them.

    References
    ----------
    Handout, 1.3 (a).
    """
    parameters = [*weight_matrices, *biases]
    depth = len(weight_matrices)

    def gradient(k: int) -> FloatArray:
        def average_loss(parameter: FloatArray) -> float:
            changed = [*parameters[:k], parameter, *parameters[k + 1 :]]
            output, _ = forward_pass(X_batch, changed[:depth], changed[depth:], activations)
            return float(logistic_loss(output, y_batch)[0].mean())

        return finite_difference(average_loss, parameters[k], epsilon=epsilon)

    gradients = [gradient(k) for k in range(len(parameters))]
    return gradients[:depth], gradients[depth:]


class Difference(NamedTuple):
    """Where two gradients differ the most."""

    absolute: float  # the largest |analytic - numeric|
    # The largest |analytic - numeric| / max(|analytic|, |numeric|); 0 where both are 0.
    relative: float
    # ||analytic - numeric|| / max(||analytic||, ||numeric||): what a tolerance should bound, since
    # a single tiny entry may drown in the rounding of the finite difference.
    norm_relative: float
    position: tuple[int, ...]  # where `absolute` is reached, and the two values there
    analytic: float
    numeric: float


def compare_gradients(analytic: FloatArray, numeric: FloatArray) -> Difference:
    """Measure how far two gradients of the same parameter are apart.

    Parameters
    ----------
    analytic, numeric : ndarray
        From backpropagation and from finite differences.

    Returns
    -------
    Difference

    Raises
    ------
    ValueError
        If the shapes differ.
    """
    require_shape("numeric", numeric, *analytic.shape)
    gap = np.abs(analytic - numeric)
    size = np.maximum(np.abs(analytic), np.abs(numeric))
    relative = np.divide(gap, size, out=np.zeros_like(gap), where=size > 0)
    # np.maximum keeps NaN, so that a gradient with NaN never passes.
    scale = float(np.maximum(np.linalg.norm(analytic), np.linalg.norm(numeric)))
    position = tuple(int(i) for i in np.unravel_index(gap.argmax(), gap.shape))
    return Difference(
        absolute=float(gap.max()),
        relative=float(relative.max()),
        norm_relative=float(np.linalg.norm(gap)) / scale if scale else 0.0,
        position=position,
        analytic=float(analytic[position]),
        numeric=float(numeric[position]),
    )
