"""Mini-batches."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt


def mini_batches(
    n: int, batch_size: int, rng: np.random.Generator
) -> Iterator[npt.NDArray[np.intp]]:
    """Shuffle n samples and divide them up.

    Parameters
    ----------
    n : int
        Number of samples.
    batch_size : int
        Samples in a batch; the last batch holds what is left.
    rng : numpy.random.Generator
        Where the order comes from.

    Yields
    ------
    ndarray of int
        The samples of one batch; every sample is in exactly one.
    """
    order = rng.permutation(n)
    for start in range(0, n, batch_size):
        yield order[start : start + batch_size]
