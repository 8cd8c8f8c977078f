"""Drawings whose properties are known, and small sets of them with networks that misread some."""

from __future__ import annotations

import math

import numpy as np

from homework.dataset import Digits
from homework.linear import train_linear
from homework.mistakes import find_mistakes

ROW, COLUMN = np.mgrid[0:28, 0:28].astype(np.float64)


def flat(*images):
    return np.array(images, np.float64).reshape(len(images), 784)


def ring(row, column, radius, width=2.0):
    """A circle of ink with soft edges."""
    off = np.abs(np.hypot(ROW - row, COLUMN - column) - radius)
    return np.clip(width / 2 + 0.5 - off, 0.0, 1.0)


def bar(angle=0.0, width=3.0, length=18.0):
    """A bar through the middle that leans to the right by `angle` degrees."""
    lean = math.radians(angle)
    up, right = 13.5 - ROW, COLUMN - 13.5
    along = up * math.cos(lean) + right * math.sin(lean)
    across = right * math.cos(lean) - up * math.sin(lean)
    soft = np.clip(width / 2 + 0.5 - np.abs(across), 0.0, 1.0)
    return soft * np.clip(length / 2 + 0.5 - np.abs(along), 0.0, 1.0)


def random_digits(n_train=30, n_test=40):
    """Bars as 3s, rings as 9s, in noise that makes some alike."""
    rng = np.random.default_rng(0)

    def draw(n):
        y = rng.integers(0, 2, n).astype(np.float64)
        y[:2] = 0.0, 1.0
        clean = [ring(13, 13, rng.uniform(4, 8)) if k else bar(rng.uniform(-30, 30)) for k in y]
        noisy = np.clip(flat(*clean) + rng.normal(0, 0.2, (n, 784)), 0.0, 1.0)
        return np.rint(noisy * 255) / 255, y

    (X_train, y_train), (X_test, y_test) = draw(n_train), draw(n_test)
    return Digits(
        X_train,
        X_test=X_test,
        y_train=y_train,
        y_test=y_test,
        train_index=np.arange(n_train),
        test_index=np.arange(n_test) * 7,
    )


def careless_weights(bias):
    """A network that was never trained: the bias decides what it calls most images."""
    rng = np.random.default_rng(0)
    return {
        "W1": rng.normal(0, 0.02, (784, 5)),
        "b1": np.zeros((1, 5)),
        "W2": rng.normal(0, 1.0, (5, 1)),
        "b2": np.full((1, 1), bias),
    }


def perfect_weights(d):
    """One hidden unit that tells the digits of `d` apart, as least squares finds it."""
    X = np.vstack([d.X_train, d.X_test])
    y = np.concatenate([d.y_train, d.y_test])
    w, *_ = np.linalg.lstsq(X, 2 * y, rcond=None)
    return {
        "W1": w[:, np.newaxis],
        "b1": np.zeros((1, 1)),
        "W2": np.full((1, 1), 9.0),
        "b2": np.full((1, 1), -9.0),
    }


def mistakes_of(d, weights, linear=None):
    """List the mistakes as the pipeline's script does."""
    linear = linear or train_linear(d, step_size=0.1, batch_size=10, epochs=1, seed=0)
    return find_mistakes(d, weights, linear)


def cases():
    """Every kind of reading: some, none or all of a digit misread, or no image of it."""
    d = random_digits()
    threes = d.y_test == 0
    only_threes = d._replace(
        X_test=d.X_test[threes], y_test=d.y_test[threes], test_index=d.test_index[threes]
    )
    return {
        "some of both": (d, careless_weights(0.1)),
        "none": (d, perfect_weights(d)),
        "all 3s": (d, careless_weights(900.0)),
        "all 9s": (d, careless_weights(-900.0)),
        "no 9 in the test set": (only_threes, careless_weights(0.1)),
    }
