"""The digits record: the 3s and 9s of a dataset, as the network takes them."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from provenance.records import read_npz, write_npz


class Digits(NamedTuple):
    """Images of 3s (label 0.0) and 9s (1.0), one flattened image a row, float64 in [0, 1].

    The indices tell where each image stands in the dataset's original file.
    """

    X_train: npt.NDArray[np.float64]
    y_train: npt.NDArray[np.float64]
    X_test: npt.NDArray[np.float64]
    y_test: npt.NDArray[np.float64]
    train_index: npt.NDArray[Any]
    test_index: npt.NDArray[Any]


def save_digits(path: str | Path, digits: Digits) -> None:
    """Write digits with one byte a pixel and a label, as MNIST has them."""
    arrays = digits._asdict()
    arrays |= {name: pixels(arrays[name]) for name in ("X_train", "X_test")}
    arrays |= {name: arrays[name].astype(np.uint8) for name in ("y_train", "y_test")}
    write_npz(path, **arrays)


def load_digits(path: str | Path) -> Digits:
    """Read what `save_digits` wrote, as the network takes it."""
    arrays = read_npz(path)
    arrays |= {name: arrays[name] / 255.0 for name in ("X_train", "X_test")}
    arrays |= {name: arrays[name].astype(np.float64) for name in ("y_train", "y_test")}
    return Digits(**arrays)


def load_test_images(path: str | Path) -> npt.NDArray[np.float64]:
    """Read only `X_test`."""
    images: npt.NDArray[np.float64] = read_npz(path)["X_test"] / 255.0
    return images


def first_training_images(path: str | Path, k: int) -> list[npt.NDArray[np.float64]]:
    """Read only the first k training images of each label, 0 and 1."""
    arrays = read_npz(path)
    places = [np.flatnonzero(arrays["y_train"] == label)[:k] for label in (0, 1)]
    return [arrays["X_train"][rows] / 255.0 for rows in places]


def pixels(X: npt.NDArray[np.float64]) -> npt.NDArray[np.uint8]:
    """Undo the division by 255, exactly."""
    return np.rint(X * 255.0).astype(np.uint8)
