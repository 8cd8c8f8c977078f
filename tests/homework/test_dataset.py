"""The digits record gives back, bit by bit, what the network was given."""

from __future__ import annotations

import numpy as np
import pytest

from homework.dataset import (
    Digits,
    first_training_images,
    load_digits,
    load_test_images,
    pixels,
    save_digits,
)
from homework.selection import dataset_facts, select
from homework.synthetic import write_idx
from provenance import records
from provenance.errors import Failure


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


@pytest.fixture
def files(tmp_path):
    """Write seven images and their labels as IDX files."""
    labels = np.array([3, 1, 9, 0, 9, 3, 3], np.uint8)
    images = np.random.default_rng(0).integers(0, 256, (7, 28, 28), dtype=np.uint8)
    write_idx(tmp_path / "images", images)
    write_idx(tmp_path / "labels", labels)
    return images, (str(tmp_path / "images"), str(tmp_path / "labels"))


def test_the_3s_and_9s_are_selected_one_flattened_image_a_row(files) -> None:
    images, pair = files
    selected = select(pair, pair)
    np.testing.assert_array_equal(selected.train_index, [0, 2, 4, 5, 6])
    np.testing.assert_array_equal(selected.X_train, images[[0, 2, 4, 5, 6]].reshape(5, 784) / 255)
    assert selected.y_test.tolist() == [0.0, 1.0, 1.0, 0.0, 0.0]
    assert selected.y_train.dtype == np.float64


def test_a_file_that_is_not_what_it_says_is_named_with_what_to_do(files) -> None:
    _, (images, labels) = files
    with pytest.raises(Failure, match=r"labels: expected .*\n.*Move that file away"):
        select((images, labels), (labels, images))


def test_facts_are_counted_from_the_arrays() -> None:
    X = np.zeros((4, 784))
    X[0, :2] = X[3, 1] = 0.5
    index = np.arange(4)
    counted = Digits(X, np.array([0.0, 1, 1, 1]), X[:3], np.array([0.0, 0, 1]), index, index[:3])
    assert dataset_facts(counted) == {
        "n_train": 4,
        "n_test": 3,
        "counts": {"train": {"3": 1, "9": 3}, "test": {"3": 2, "9": 1}},
        "height": 28,
        "width": 28,
        "features": 784,
        "label_of_3": 0,
        "label_of_9": 1,
        "pixels_ever_used": 2,
        "least_background": 782 / 784,
        "least_brightest": 0.0,
        "share_nonzero": 3 / (4 * 784),
    }
