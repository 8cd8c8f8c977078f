"""The loss: the negative log-likelihood of binary labels."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from nn.arrays import FloatArray, as_floats, require_shape


def logistic_loss(g: npt.ArrayLike, y: npt.ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Negative log-likelihood of each label, -log(g^y (1 - g)^(1 - y)).

    Parameters
    ----------
    g : array_like of shape (n,)
        Predicted probability of label 1, strictly between 0 and 1.
    y : array_like of shape (n,)
        True labels, 0 or 1.

    Returns
    -------
    loss : ndarray of shape (n,)
        In nats.
    dL_dg : ndarray of shape (n,)
        The derivative of each loss with respect to its g, (g - y) / (g (1 - g)).

    Raises
    ------
    ValueError
        If the shapes differ (broadcasting (n,) against (n, 1) would give n^2 losses), if a
        probability is 0 or 1, where the loss is not finite, or if a label is neither.

    References
    ----------
    Handout, 1.2 (b)(ii).
    """
    g, y = as_floats(g), as_floats(y)
    require_shape("g", g, "n")
    require_shape("y", y, len(g))
    if np.any((g <= 0) | (g >= 1)):
        raise ValueError(
            "g must lie strictly between 0 and 1, as sigmoid_activation returns it; "
            f"got values from {g.min()} to {g.max()}"
        )
    _require_labels(y)
    loss = -(y * np.log(g) + (1 - y) * np.log1p(-g))
    return loss, (g - y) / (g * (1 - g))


def accuracy(g: npt.ArrayLike, y: npt.ArrayLike) -> float:
    """Share of samples on the right side of 1/2, from 0 to 1.

    Parameters
    ----------
    g : array_like of shape (n,)
        Predicted probability of label 1; 1/2 and more predicts 1.
    y : array_like of shape (n,)
        True labels, 0 or 1.

    Returns
    -------
    float

    Raises
    ------
    ValueError
        If the shapes differ, a g is no number or a label is neither 0 nor 1.
    """
    g, y = np.asarray(g), np.asarray(y)
    require_shape("g", g, "n")
    require_shape("y", y, len(g))
    if np.isnan(g).any():
        raise ValueError("g must hold numbers; got NaN")
    _require_labels(y)
    return float(np.mean((g >= 0.5) == (y == 1)))


def _require_labels(y: npt.NDArray[Any]) -> None:
    """Refuse labels other than 0 and 1."""
    if np.any((y != 0) & (y != 1)):
        raise ValueError(f"y must hold labels 0 and 1; got values from {y.min()} to {y.max()}")
