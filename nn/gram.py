"""The products of images with images, exact and the same on every processor.

Pixels are whole numbers of 255ths, so their products are whole numbers of 255ths squared, and sums
of whole numbers do not depend on the order of adding as long as each is held exactly. float32 does
so up to 2^24, at twice the speed and half the size of float64. All terms are positive, so nothing
on the way to a sum is larger than the sum, and by Cauchy and Schwarz the product of two images is
at most the product of their lengths.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits

from nn.arrays import FloatArray

FLOAT32_EXACT = 2**24


class GramMatrix(NamedTuple):
    """The products of images with images, X_train X^T, of shape (n_train, m)."""

    # In multiples of 1 / `scale`; exact for pixels, else as floats round them. One row per training
    # image, so that a batch's rows are gathered as whole lines.
    products: FloatArray
    scale: int  # 255^2 for pixels, 1 for other inputs


def gram_matrix(X_train: FloatArray, X: FloatArray, *, threads: int = 1) -> GramMatrix:
    """Multiply every image of one set, (n_train, d), with every image of another, (m, d).

    Exact sums do not depend on how many threads of BLAS share them.
    """
    if not (are_pixels(X_train) and are_pixels(X)):
        return GramMatrix(X_train @ X.T, scale=1)
    bound = squared_lengths(X_train).max(initial=0) * squared_lengths(X).max(initial=0)
    dtype = np.float32 if bound < FLOAT32_EXACT**2 else np.float64
    with threadpool_limits(limits=threads):
        products = grey_levels(X_train).astype(dtype) @ grey_levels(X).T.astype(dtype)
    return GramMatrix(products, scale=255**2)


def are_pixels(X: FloatArray) -> bool:
    """Tell whether all numbers are 0/255, 1/255, 2/255 and so on."""
    return bool((X >= 0).all() and (grey_levels(X) / 255 == X).all())


def grey_levels(X: FloatArray) -> npt.NDArray[Any]:
    """Turn pixels in [0, 1] back into the whole numbers from 0 to 255 that they were read from."""
    levels = X * 255
    return np.rint(levels, out=levels)


def squared_lengths(X: FloatArray) -> FloatArray:
    """Multiply each image with itself; of pixels in whole 255ths squared, times 255^2."""
    squares: FloatArray = (grey_levels(X) ** 2).sum(axis=1)
    return squares
