"""The 3s and 9s of a dataset as a record, and what the report says of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from nn.digits import IMAGE, LABEL, IdxError, read_threes_nines
from provenance.errors import Failure
from provenance.records import read_npz, write_npz


class Digits(NamedTuple):
    """Images of 3s (label 0) and 9s (label 1).

    Attributes
    ----------
    X_train, X_test : ndarray of shape (n, 784)
        One flattened image a row, float64 in [0, 1].
    y_train, y_test : ndarray of shape (n,)
        0.0 for a 3, 1.0 for a 9.
    train_index, test_index : ndarray of shape (n,)
        Where each image stands in the dataset's original file.
    """

    X_train: npt.NDArray[np.float64]
    y_train: npt.NDArray[np.float64]
    X_test: npt.NDArray[np.float64]
    y_test: npt.NDArray[np.float64]
    train_index: npt.NDArray[Any]
    test_index: npt.NDArray[Any]


def select(train: tuple[str, str], test: tuple[str, str]) -> Digits:
    """Keep the 3s and 9s of a dataset's files, images and labels, one flattened image a row."""
    try:
        X_train, y_train, train_index = read_threes_nines(*train)
        X_test, y_test, test_index = read_threes_nines(*test)
    except IdxError as error:
        raise Failure(
            str(error), "Move that file away and build again: it is then made anew."
        ) from error
    X_train, X_test = (X.reshape(len(X), -1) for X in (X_train, X_test))
    labels = [y.astype(np.float64) for y in (y_train, y_test)]
    return Digits(X_train, labels[0], X_test, labels[1], train_index, test_index)


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


def dataset_facts(digits: Digits) -> dict[str, Any]:
    """Answer the handout's questions about the data (1.1) by counting."""
    counts = {
        split: {str(digit): int(np.sum(y == label)) for digit, label in LABEL.items()}
        for split, y in (("train", digits.y_train), ("test", digits.y_test))
    }
    return {
        "n_train": len(digits.X_train),
        "n_test": len(digits.X_test),
        "counts": counts,
        "height": IMAGE[0],
        "width": IMAGE[1],
        "features": digits.X_train.shape[1],
        "label_of_3": LABEL[3],
        "label_of_9": LABEL[9],
        "pixels_ever_used": int(np.count_nonzero(digits.X_train.any(axis=0))),
        "share_nonzero": float(np.count_nonzero(digits.X_train) / digits.X_train.size),
    }
