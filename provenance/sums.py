"""What a record's numbers come to, so that last bits can be told from a different result."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from provenance.manifest import describe
from provenance.records import read_csv, read_json, read_npz

# Numbers that are summed up at once.
PIECE = 2**16


def describe_record(path: str) -> dict[str, Any]:
    """Describe a file as `manifest.describe` does, and where it holds numbers by their `sums`."""
    description = describe(path)
    if numbers := numbers_in(path):
        description["sums"] = {name: sums(values) for name, values in numbers.items()}
    return description


def numbers_in(path: str) -> dict[str, npt.NDArray[Any]]:
    """Read a record's numbers, an array per name; other files have none."""
    if path.endswith(".npz"):
        arrays: Mapping[str, Any] = read_npz(path)
    elif path.endswith(".csv"):
        arrays = read_csv(path)
    elif path.endswith(".json"):
        leaves = list(_leaves(read_json(path)))
        arrays = {"all": np.array(leaves, dtype=np.float64)} if leaves else {}
    else:
        arrays = {}
    return {
        name: array.ravel()
        for name, array in ((name, np.asarray(array)) for name, array in arrays.items())
        if array.dtype.kind in "biuf"
    }


def _leaves(value: Any) -> Iterable[float]:
    """Yield every number in nested facts, in the order of their sorted keys."""
    if isinstance(value, Mapping):
        for key in sorted(value):
            yield from _leaves(value[key])
    elif isinstance(value, list):
        for item in value:
            yield from _leaves(item)
    elif isinstance(value, int | float):
        yield float(value)


def sums(values: npt.NDArray[Any]) -> list[float]:
    """Sum up numbers so that any change of one shows.

    Parameters
    ----------
    values : ndarray of shape (n,)

    Returns
    -------
    list of float
        n, the sum of |x|, the sum of x weighed by its place (1 + k / n for the k-th of n), and
        the mean of log |x|, in which tiny numbers count like large ones. A change of every number
        by a relative 1e-12 changes these by about as much.
    """
    finite = values[np.isfinite(values)]
    n = len(finite)
    totals, placed = [], []
    # Piece by piece: millions of pixels as floats would take hundreds of megabytes. Sums of
    # products, not BLAS: the same on every processor.
    for start in range(0, n, PIECE):
        piece = finite[start : start + PIECE].astype(np.float64)
        totals.append(np.abs(piece).sum())
        placed.append((piece * (1 + np.arange(start, start + len(piece)) / n)).sum())
    logs = [count * math.log(x) for x, count in _magnitudes(values) if x and math.isfinite(x)]
    nonzero = int(np.count_nonzero(finite))
    mean_log = math.fsum(logs) / max(nonzero, 1)
    return [float(len(values)), math.fsum(totals), math.fsum(placed), mean_log]


def _magnitudes(values: npt.NDArray[Any]) -> Iterator[tuple[float, int]]:
    """Count how often each |x| occurs; the pixels of thousands of images have only 256."""
    if values.dtype == np.uint8:
        counts = np.bincount(values, minlength=256)
        return zip(range(256), counts.tolist(), strict=True)
    distinct, counts = np.unique(np.abs(values.astype(np.float64)), return_counts=True)
    return zip(distinct.tolist(), counts.tolist(), strict=True)
