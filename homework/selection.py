"""The 3s and 9s among a dataset's digits, and the handout's questions about them (1.1)."""

from __future__ import annotations

from typing import Any

import numpy as np

from homework.dataset import Digits
from nn.digits import IMAGE, LABEL, IdxError, read_threes_nines
from provenance.errors import Failure


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
        # In each image most pixels are 0, the background, and the strokes reach nearly 1.
        "least_background": float((digits.X_train == 0.0).mean(axis=1).min()),
        "least_brightest": float(digits.X_train.max(axis=1).min()),
        "share_nonzero": float(np.count_nonzero(digits.X_train) / digits.X_train.size),
    }
