"""The digits record gives back, bit by bit, what the network was given."""

from __future__ import annotations

import numpy as np

from provenance import records
from homework.dataset import (
    Digits,
    first_training_images,
    load_digits,
    load_test_images,
    pixels,
    save_digits,
)


def digits() -> Digits:
    """Make digits in which every grey value occurs."""
    rng = np.random.default_rng(0)
    grey = np.concatenate([np.arange(256), rng.integers(0, 256, 4 * 784 - 256)])
    return Digits(
        X_train=grey.reshape(4, 784) / 255.0,
        y_train=np.array([0.0, 1.0, 1.0, 0.0]),
        X_test=rng.integers(0, 256, (3, 784)) / 255.0,
        y_test=np.array([1.0, 0.0, 1.0]),
        train_index=np.array([7, 9, 10, 59_999]),
        test_index=np.array([0, 1, 9_999]),
    )


def test_digits_come_back_bit_by_bit(tmp_path) -> None:
    saved = digits()
    save_digits(tmp_path / "digits.npz", saved)
    loaded = load_digits(tmp_path / "digits.npz")
    for name in Digits._fields:
        one, other = getattr(saved, name), getattr(loaded, name)
        assert one.dtype == other.dtype
        np.testing.assert_array_equal(one, other)


def test_a_part_can_be_read_alone(tmp_path) -> None:
    saved = digits()
    save_digits(tmp_path / "digits.npz", saved)
    np.testing.assert_array_equal(load_test_images(tmp_path / "digits.npz"), saved.X_test)
    for k in (1, 2, 5):
        threes, nines = first_training_images(tmp_path / "digits.npz", k)
        np.testing.assert_array_equal(threes, saved.X_train[[0, 3][:k]])
        np.testing.assert_array_equal(nines, saved.X_train[[1, 2][:k]])


def test_pixels_and_labels_take_a_byte_each(tmp_path) -> None:
    save_digits(tmp_path / "digits.npz", digits())
    arrays = records.read_npz(tmp_path / "digits.npz")
    assert set(arrays) == set(Digits._fields)
    for name, array in arrays.items():
        assert array.dtype == (np.int64 if name.endswith("index") else np.uint8)


def test_every_grey_value_survives_the_division() -> None:
    grey = np.arange(256, dtype=np.uint8)
    np.testing.assert_array_equal(pixels(grey / 255.0), grey)
