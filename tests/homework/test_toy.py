"""The toy network: opened only with the trusted hash, refused where its arrays do not fit."""

from __future__ import annotations

import hashlib
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from homework.toy import COURSE_SHA256, Toy, checked, facts, generate, load, load_pickle, save
from provenance.errors import Failure

COURSE_PICKLE = Path(__file__).parents[3] / "shared/toy/test_batch_weights_biases.pkl"
TOY = generate(np.random.default_rng(5))


def assert_equal(toy: Toy, expected: Any) -> None:
    found, wanted = toy.arrays(), Toy(*expected).arrays()
    assert found.keys() == wanted.keys()
    for name, array in found.items():
        np.testing.assert_array_equal(array, wanted[name])


def dumped(folder: Path, content: object) -> tuple[Path, str]:
    """Pickle something; return the file and its hash."""
    path = folder / "toy.pkl"
    path.write_bytes(pickle.dumps(content))
    return path, hashlib.sha256(path.read_bytes()).hexdigest()


class Hostile:
    """Makes a folder when it is unpickled."""

    def __init__(self, canary: Path) -> None:
        self.canary = str(canary)

    def __reduce__(self) -> object:
        return os.mkdir, (self.canary,)


@pytest.mark.skipif(not COURSE_PICKLE.exists(), reason="the course's pickle is not here")
def test_the_courses_pickle_loads_as_pickle_itself_loads_it() -> None:
    toy = load_pickle(COURSE_PICKLE, COURSE_SHA256)
    assert_equal(toy, pickle.loads(COURSE_PICKLE.read_bytes()))
    assert facts(toy, COURSE_SHA256)["source"] == "course"


def test_a_pickle_with_the_trusted_hash_loads_equal(tmp_path: Path) -> None:
    path, trusted = dumped(tmp_path, tuple(TOY))
    toy = load_pickle(path, trusted)
    assert_equal(toy, TOY)
    assert facts(toy, trusted)["source"] == "other"
    assert facts(toy, trusted)["sha256"] == trusted


@pytest.mark.row(17)
@pytest.mark.parametrize("content", [b"", b"no pickle", pickle.dumps(tuple(TOY))])
def test_any_other_file_is_refused_with_both_hashes_and_the_ways_out(
    tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "toy.pkl"
    path.write_bytes(content)
    with pytest.raises(Failure) as caught:
        load_pickle(path, COURSE_SHA256)
    for told in (str(path), COURSE_SHA256, hashlib.sha256(content).hexdigest()):
        assert told in caught.value.cause
    assert "toy.sha256" in caught.value.remedy


@pytest.mark.row(17)
def test_what_is_refused_was_not_opened(tmp_path: Path) -> None:
    path, _ = dumped(tmp_path, Hostile(tmp_path / "canary"))
    with pytest.raises(Failure, match="not opened"):
        load_pickle(path, COURSE_SHA256)
    assert not (tmp_path / "canary").exists()
    pickle.loads(path.read_bytes())
    assert (tmp_path / "canary").exists(), "the attack is one"


def test_arrays_of_other_number_types_become_float64() -> None:
    toy = checked((TOY.X_batch.astype(">f4"), TOY.y_batch.astype("?"), *TOY[2:]))
    assert {array.dtype for array in toy.arrays().values()} == {np.dtype(np.float64)}
    np.testing.assert_array_equal(toy.y_batch, TOY.y_batch)


def changed(array: np.ndarray[Any, Any], value: float) -> np.ndarray[Any, Any]:
    array = array.copy()
    array.flat[-1] = value
    return array


# What is done to an honest (X, y, Ws, bs), and what the message must say.
BREAKS: dict[str, tuple[Callable[..., Any], str]] = {
    "three of four": (lambda X, y, Ws, bs: (X, y, Ws), "a tuple of X_batch.*got tuple of length 3"),
    "five": (lambda X, y, Ws, bs: (X, y, Ws, bs, bs), "got tuple of length 5"),
    "one array": (lambda X, y, Ws, bs: X, "got ndarray"),
    "nothing": (lambda X, y, Ws, bs: None, "got NoneType"),
    "X is text": (lambda X, y, Ws, bs: ("X", y, Ws, bs), "X_batch must be an array of numbers"),
    "Ws is one array": (lambda X, y, Ws, bs: (X, y, Ws[0], bs), "lists of arrays"),
    "bs is None": (lambda X, y, Ws, bs: (X, y, Ws, None), "lists of arrays"),
    "X flat": (lambda X, y, Ws, bs: (X.ravel(), y, Ws, bs), r"X_batch must have shape \(n, d0\)"),
    "X a number": (lambda X, y, Ws, bs: (np.array(1.0), y, Ws, bs), r"X_batch.*got \(\)"),
    "no samples": (lambda X, y, Ws, bs: (X[:0], y[:0], Ws, bs), "X_batch must hold"),
    "y a column": (lambda X, y, Ws, bs: (X, y[:, None], Ws, bs), "y_batch must have shape"),
    "y short": (lambda X, y, Ws, bs: (X, y[1:], Ws, bs), "y_batch must have shape"),
    "X turned": (lambda X, y, Ws, bs: (np.ones((len(y), 9)), y, Ws, bs), r"weight_matrices\[0\]"),
    "no layers": (lambda X, y, Ws, bs: (X, y, [], []), "at least one; got 0 and 0"),
    "bias lost": (lambda X, y, Ws, bs: (X, y, Ws, bs[:-1]), "as many weight_matrices as biases"),
    "last W lost": (
        lambda X, y, Ws, bs: (X, y, [np.ones((X.shape[1], 2))], [np.ones((1, 2))]),
        r"weight_matrices\[0\] must have shape \(\d, 1\)",
    ),
    "b flat": (lambda X, y, Ws, bs: (X, y, Ws, [b.ravel() for b in bs]), r"biases\[0\] must have"),
    "b wide": (
        lambda X, y, Ws, bs: (X, y, Ws, [*bs[:-1], np.ones((1, 2))]),
        r"biases\[\d\] must have shape \(1, 1\); got \(1, 2\)",
    ),
    "NaN": (
        lambda X, y, Ws, bs: (changed(X, np.nan), y, Ws, bs),
        "X_batch must hold finite numbers",
    ),
    "infinite": (
        lambda X, y, Ws, bs: (X, y, [*Ws[:-1], changed(Ws[-1], -np.inf)], bs),
        r"weight_matrices\[\d\] must hold finite numbers",
    ),
    "label 2": (lambda X, y, Ws, bs: (X, changed(y, 2), Ws, bs), "labels 0 and 1; got 2.0"),
}


@pytest.mark.row(
    21, "Refused; the message names the element, what was expected of it and what came."
)
@pytest.mark.parametrize("name", BREAKS)
def test_arrays_that_do_not_fit_are_refused_by_name(tmp_path: Path, name: str) -> None:
    change, message = BREAKS[name]
    path, trusted = dumped(tmp_path, change(*TOY))
    with pytest.raises(Failure, match=message) as caught:
        load_pickle(path, trusted)
    assert str(path) in caught.value.cause


@given(widths=st.lists(st.integers(1, 6), min_size=1, max_size=4), n=st.integers(1, 5))
def test_any_depth_width_and_batch_that_fit_are_taken(widths: list[int], n: int) -> None:
    rng = np.random.default_rng(n)
    pairs = list(zip(widths, (*widths[1:], 1), strict=True))
    labels = rng.integers(0, 2, n).astype(np.float64)
    layers = [rng.normal(size=pair) for pair in pairs], [rng.normal(size=(1, d)) for _, d in pairs]
    toy = rng.normal(size=(n, widths[0])), labels, *layers
    assert_equal(checked(toy), toy)


def test_a_drawn_toy_has_the_courses_shapes_and_shows_something_in_every_array() -> None:
    for seed in range(20):
        toy = generate(np.random.default_rng(seed))
        shapes = [array.shape for array in toy.arrays().values()]
        assert shapes == [(2, 4), (2,), (4, 2), (1, 2), (2, 1), (1, 1)]
        hidden = toy.X_batch @ toy.weight_matrices[0] + toy.biases[0]
        assert (hidden > 0).any(axis=0).all()
        assert (hidden < 0).any()
        assert sorted(toy.y_batch) == [0.0, 1.0]


def test_the_same_seed_draws_the_same_toy_and_another_another() -> None:
    first, again, other = (facts(generate(np.random.default_rng(s)), None) for s in (1, 1, 2))
    assert first == again
    assert first["source"] == "generated"
    assert first["sha256"] != other["sha256"]


def test_a_record_gives_back_what_was_saved(tmp_path: Path) -> None:
    save(tmp_path / "toy.npz", TOY)
    assert_equal(load(tmp_path / "toy.npz"), TOY)
