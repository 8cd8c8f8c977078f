"""What is measured: training tasks, with the same start and the same order for all who train."""

from __future__ import annotations

import math
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from nn import evaluation
from nn.arrays import FloatArray
from nn.batches import mini_batches
from nn.digits import get_mnist_threes_nines
from nn.network import create_weight_matrices

ROOT = Path(__file__).resolve().parents[1]
STEP_SIZE = 0.1
SEED = 1


class Task(NamedTuple):
    """One training with an evaluation of the whole test set after every update.

    Attributes
    ----------
    batch_size : int
        Images per update, at most `images`.
    hidden : int
        Width of the hidden layer.
    images : int
        The training set is MNIST's first so many 3s and 9s.
    test_images : int
        The test set is the first so many of the test images followed by the training images.
    epochs : int
        Passes over the training set.
    """

    batch_size: int = 100
    hidden: int = 200
    images: int = 12080
    test_images: int = 2019
    epochs: int = 5

    @property
    def updates(self) -> int:
        """How many updates the task takes."""
        return self.epochs * math.ceil(self.images / self.batch_size)


class Data(NamedTuple):
    """Training set and test set; shapes (n, 784), (n,), (m, 784), (m,)."""

    X_train: FloatArray
    y_train: FloatArray
    X_test: FloatArray
    y_test: FloatArray


def load(task: Task) -> Data:
    """Read the images of a task: MNIST's if its files are here, else the drawn ones."""
    folders = (ROOT / "resources" / "mnist", ROOT.parent / "shared" / "mnist", drawn_digits())
    folder = next(folder for folder in folders if folder.is_dir() and any(folder.iterdir()))
    (X_train, y_train), (X_test, y_test) = get_mnist_threes_nines(folder)
    pool = np.concatenate([X_test, X_train])[: task.test_images]
    labels = np.concatenate([y_test, y_train])[: task.test_images]
    return Data(X_train[: task.images], y_train[: task.images], pool, labels)


def drawn_digits() -> Path:
    """Name the folder of the drawn digits that stand in for MNIST on a machine without it."""
    return ROOT / "benchmarks" / "results" / "idx"


def start(
    task: Task, features: int
) -> tuple[list[FloatArray], list[npt.NDArray[np.intp]], np.random.Generator]:
    """Draw the weights and the batches that `nn.training.train` would draw.

    Parameters
    ----------
    task : Task
        The task.
    features : int
        Pixels of an image.

    Returns
    -------
    weight_matrices : list of ndarray
    batches : list of ndarray of int
        The images of each update.
    rng : numpy.random.Generator
        For `nn.training.train`: a generator that has drawn nothing yet.
    """
    rng = np.random.default_rng(SEED)
    weight_matrices = create_weight_matrices([features, task.hidden, 1], rng=rng)
    batches = [
        batch
        for _ in range(task.epochs)
        for batch in mini_batches(task.images, task.batch_size, rng)
    ]
    return weight_matrices, batches, np.random.default_rng(SEED)


def operations(task: Task, features: int, used: int) -> tuple[float, float]:
    """Count the floating-point operations in the matrix products of this project's training.

    Parameters
    ----------
    task : Task
        The task.
    features, used : int
        Pixels of an image, and how many of them any training image uses.

    Returns
    -------
    training, gram : float
        Those of the training itself, and those of the products of images with images, which may
        be in another precision. Two for each multiplication with its addition.
    """
    h, m, seen = task.hidden, task.test_images, task.images * task.epochs
    forward_and_backward = seen * (2 * used * h + 3 * h)
    output_layer = task.updates * m * h
    unused_pixels = m * (features - used) * h
    if evaluation.following_pays(m, used, task.images, task.batch_size, h, task.updates):
        fresh = math.ceil(task.updates / evaluation.FRESH_EVERY)
        gram = task.images * m * used
        first_layer = fresh * m * used * h + (seen - fresh * task.batch_size) * m * h
    else:
        gram = 0
        first_layer = task.updates * m * used * h
    return 2.0 * (forward_and_backward + output_layer + unused_pixels + first_layer), 2.0 * gram
