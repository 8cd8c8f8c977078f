"""The synthetic digits: deterministic, in MNIST's format, and neither trivial nor hopeless."""

import gzip
import hashlib
import os
import subprocess
import sys
from pathlib import Path

import mnist
import numpy as np
import pytest
from scipy import ndimage

from homework import synthetic
from homework.synthetic import (
    FONTS,
    distance_field,
    draw_digits,
    write_dataset,
    write_idx,
)
from nn.digits import TEST, TRAIN

ROOT = Path(__file__).parents[2]
MNIST_FILES = (*TRAIN, *TEST)


def parse(path):
    """Read an IDX file as the loader does."""
    with gzip.open(path) as file:
        return mnist.parse_idx(file)


def hashes(folder):
    """Return the SHA-256 of every file in a folder, by name."""
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in Path(folder).iterdir()}


@pytest.fixture(scope="module")
def many():
    """Draw two thousand digits, for what holds of every image."""
    return draw_digits(2000, np.random.default_rng(7))


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Write a small dataset of odd sizes."""
    path = tmp_path_factory.mktemp("digits")
    write_dataset(path, 101, 33, seed=5)
    return path


def test_the_same_seed_gives_the_same_bytes(folder, tmp_path):
    write_dataset(tmp_path, 101, 33, seed=5)
    assert hashes(tmp_path) == hashes(folder)


def test_another_seed_gives_other_images(folder, tmp_path):
    write_dataset(tmp_path, 101, 33, seed=6)
    one, other = hashes(folder), hashes(tmp_path)
    assert not any(one[name] == other[name] for name in MNIST_FILES)


def test_a_fresh_interpreter_elsewhere_gives_the_same_bytes(folder, tmp_path):
    surroundings = {
        "PYTHONPATH": str(ROOT),
        "HOME": str(tmp_path / "nowhere"),
        "MPLCONFIGDIR": str(tmp_path / "mpl"),
        "LC_ALL": "tr_TR.UTF-8",
        "TZ": "Asia/Kathmandu",
        "OPENBLAS_NUM_THREADS": "2",
        "PATH": os.environ["PATH"],
    }
    code = "from homework.synthetic import write_dataset; write_dataset('out', 101, 33, seed=5)"
    subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=surroundings, check=True)
    assert hashes(tmp_path / "out") == hashes(folder)


def test_the_test_set_is_a_draw_of_its_own_whatever_the_size_of_the_training_set(folder, tmp_path):
    write_dataset(tmp_path, 33, 33, seed=5)
    one, other = hashes(folder), hashes(tmp_path)
    assert [one[name] == other[name] for name in MNIST_FILES] == [False, False, True, True]
    train, test = (parse(tmp_path / name) for name in MNIST_FILES[::2])
    assert not np.array_equal(train, test)


def test_the_mnist_package_reads_the_files_under_mnists_names(folder):
    assert sorted(hashes(folder)) == sorted(MNIST_FILES)
    arrays = [parse(folder / name) for name in MNIST_FILES]
    assert [a.shape for a in arrays] == [(101, 28, 28), (101,), (33, 28, 28), (33,)]
    assert {a.dtype for a in arrays} == {np.dtype(np.uint8)}


@pytest.mark.parametrize("shape", [(0,), (3,), (2, 5), (4, 28, 28)])
def test_an_array_survives_the_idx_format_also_transposed(tmp_path, shape):
    array = np.random.default_rng(0).integers(0, 256, size=shape, dtype=np.uint8)
    for written in (array, array.T):
        write_idx(tmp_path / "x.gz", written)
        np.testing.assert_array_equal(parse(tmp_path / "x.gz"), written)


def test_gzip_holds_neither_time_nor_name(folder):
    for name in MNIST_FILES:
        header = (folder / name).read_bytes()[:10]
        assert header[:4] == b"\x1f\x8b\x08\x00"  # no flags: no file name
        assert header[4:8] == b"\x00\x00\x00\x00"  # no time


def test_only_bytes_are_written(tmp_path):
    with pytest.raises(ValueError, match="expected an array of uint8; got float64"):
        write_idx(tmp_path / "x.gz", np.zeros(3))
    assert list(tmp_path.iterdir()) == []


def test_the_classes_stand_in_the_proportion_of_mnist():
    _, labels = draw_digits(1208, np.random.default_rng(0))
    assert np.sum(labels == 3) == 613
    assert np.sum(labels == 9) == 595


@pytest.mark.parametrize("n", [2, 3, 5, 20, 40])
def test_small_sets_have_both_classes(n):
    images, labels = draw_digits(n, np.random.default_rng(n))
    assert images.shape == (n, 28, 28)
    assert labels.shape == (n,)
    assert set(labels.tolist()) == {3, 9}


@pytest.mark.parametrize("n", [-1, 0, 1])
def test_a_set_too_small_for_both_classes_is_refused(n):
    with pytest.raises(ValueError, match=f"n must be at least 2, for a 3 and a 9; got {n}"):
        draw_digits(n, np.random.default_rng(0))


def test_the_classes_are_shuffled(many):
    _, labels = many
    # Sorted labels would change once; fair coins about a thousand times.
    assert 900 < np.sum(labels[1:] != labels[:-1]) < 1100


def test_every_image_has_strokes_that_one_can_see_and_none_is_a_blot(many):
    images, labels = many
    assert images.dtype == labels.dtype == np.uint8
    assert (images.min(), images.max()) == (0, 255)
    assert images.max(axis=(1, 2)).min() > 150
    ink = images.sum(axis=(1, 2)) / 255.0
    assert ink.min() > 12.0  # a stroke as long as the glyph is high and a pixel wide has 17
    assert ink.max() < 0.5 * 28 * 28


def test_no_digit_runs_out_of_its_image(many):
    images, _ = many
    inner = images[:, 1:-1, 1:-1].sum(axis=(1, 2))
    assert (inner / images.sum(axis=(1, 2))).min() > 0.85


def test_no_two_images_are_equal(many):
    images, _ = many
    assert len({image.tobytes() for image in images}) == len(images)


def test_the_glyph_lies_upright_in_the_middle_of_its_distance_field():
    ink = distance_field("DejaVuSans.ttf", "9") > 0
    rows, columns = np.flatnonzero(ink.any(axis=1)), np.flatnonzero(ink.any(axis=0))
    middle = (len(ink) - 1) / 2
    assert abs(rows.mean() - middle) <= 1
    assert abs(columns.mean() - middle) <= 1
    assert len(rows) == pytest.approx(synthetic.GLYPH_HEIGHT * synthetic.FINE, abs=2)
    # The hole of an upright 9 lies in its upper half.
    holes = ndimage.binary_fill_holes(ink) & ~ink
    assert ndimage.center_of_mass(holes)[0] < middle


@pytest.mark.parametrize("font", FONTS)
def test_in_every_font_a_9_has_one_hole_and_a_3_has_none(font):
    for character, holes in (("3", 0), ("9", 1)):
        paper = distance_field(f"{font}.ttf", character) <= 0
        assert ndimage.label(paper)[1] == 1 + holes


def test_distances_are_pixels_from_the_edge():
    field = distance_field("DejaVuSans-Bold.ttf", "3")
    corner_to_glyph = np.hypot(*np.nonzero(field > 0)).min() / synthetic.FINE
    assert -field[0, 0] == pytest.approx(corner_to_glyph, abs=0.2)
    assert 1.0 < field.max() < 3.0


def test_the_spline_weights_of_a_pixel_sum_to_one():
    np.testing.assert_allclose(synthetic._spline_weights().sum(axis=1), 1.0, rtol=0, atol=1e-15)


def fit_logistic_regression(X, y, ridge):
    """Take Newton's steps from zero until the gradient vanishes."""
    w = np.zeros(X.shape[1])
    for _ in range(60):
        p = 1.0 / (1.0 + np.exp(-X @ w))
        gradient = X.T @ (p - y) / len(y) + ridge * w
        if np.abs(gradient).max() < 1e-8:
            return w
        H = (X.T * (p * (1.0 - p))) @ X / len(y) + ridge * np.eye(len(w))
        w -= np.linalg.solve(H, gradient)
    raise AssertionError("logistic regression did not converge")


def test_a_linear_classifier_learns_much_but_separates_neither_set():
    images, labels = draw_digits(8000, np.random.default_rng(11))
    X = np.hstack([images.reshape(len(images), -1) / 255.0, np.ones((len(images), 1))])
    y = (labels == 9).astype(float)
    w = fit_logistic_regression(X[:6000], y[:6000], ridge=1e-5)
    right = (X @ w > 0) == y
    train, test = right[:6000].mean(), right[6000:].mean()
    assert 0.9 < train < 0.995
    assert 0.85 < test < 0.975
