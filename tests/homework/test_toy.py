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


def spoilt(array: np.ndarray[Any, Any], value: float) -> np.ndarray[Any, Any]:
    array = array.copy()
    array.flat[-1] = value
    return array


# What is done to an honest (X, y, Ws, bs), and what the message must say.
BREAKS: dict[str, tuple[Callable[..., Any], str]] = {
    "three of four": (lambda X, y, Ws, bs: (X, y, Ws), "a tuple of X_batch, .*; got tuple of 3"),
    "one array": (lambda X, y, Ws, bs: X, "a tuple of X_batch, .*; got an array of float64"),
    "nothing": (lambda X, y, Ws, bs: None, "got NoneType"),
    "X a list": (lambda X, y, Ws, bs: (X.tolist(), y, Ws, bs), "X_batch .* numbers; got list of 2"),
    "X text": (lambda X, y, Ws, bs: (X.astype("U9"), y, Ws, bs), "X_batch .* numbers; got .*U9"),
    "X complex": (lambda X, y, Ws, bs: (X + 0j, y, Ws, bs), "X_batch .* numbers; got .*complex128"),
    "X objects": (lambda X, y, Ws, bs: (X.astype(object), y, Ws, bs), "X_batch .* got .*object"),
    "X flat": (lambda X, y, Ws, bs: (X.ravel(), y, Ws, bs), r"X_batch .* \(n, d0\); got \(8,\)"),
    "no samples": (lambda X, y, Ws, bs: (X[:0], y[:0], Ws, bs), r"X_batch .* empty; got.*\(0, 4\)"),
    "NaN": (lambda X, y, Ws, bs: (spoilt(X, np.nan), y, Ws, bs), "X_batch .* finite .*; got nan"),
    "y a column": (
        lambda X, y, Ws, bs: (X, y[:, None], Ws, bs),
        r"y_batch .* \(2,\); got \(2, 1\)",
    ),
    "y short": (lambda X, y, Ws, bs: (X, y[1:], Ws, bs), r"y_batch .* \(2,\); got \(1,\)"),
    "label 2": (lambda X, y, Ws, bs: (X, spoilt(y, 2), Ws, bs), "labels 0 and 1; got 2.0"),
    "Ws an array": (lambda X, y, Ws, bs: (X, y, Ws[0], bs), "must be lists .*; got an array"),
    "no layers": (lambda X, y, Ws, bs: (X, y, [], []), "one of each a layer; got list of 0"),
    "bias lost": (lambda X, y, Ws, bs: (X, y, Ws, bs[:1]), "got list of 2 and list of 1"),
    "X wide": (lambda X, y, Ws, bs: (X[:, :3], y, Ws, bs), r"weight_matrices\[0\] .* \(3, d1\)"),
    "last W lost": (
        lambda X, y, Ws, bs: (X, y, Ws[:1], bs[:1]),
        r"weight_matrices\[0\] .* \(4, 1\)",
    ),
    "W without columns": (
        lambda X, y, Ws, bs: (X, y, [Ws[0][:, :0], Ws[1]], bs),
        r"weight_matrices\[0\] .* empty; got shape \(4, 0\)",
    ),
    "W infinite": (
        lambda X, y, Ws, bs: (X, y, [Ws[0], spoilt(Ws[1], -np.inf)], bs),
        r"weight_matrices\[1\] .* finite numbers; got -inf",
    ),
    "b flat": (lambda X, y, Ws, bs: (X, y, Ws, [b[0] for b in bs]), r"biases\[0\] .* \(1, 2\)"),
    "b wide": (
        lambda X, y, Ws, bs: (X, y, Ws, [bs[0], np.ones((1, 2))]),
        r"biases\[1\] must have shape \(1, 1\); got \(1, 2\)",
    ),
}


@pytest.mark.row(
    21, "Refused; the message names the element, what was expected of it and what came."
)
@pytest.mark.parametrize("name", BREAKS)
def test_arrays_that_do_not_fit_are_refused_by_name(tmp_path: Path, name: str) -> None:
    change, message = BREAKS[name]
    path, trusted = dumped(tmp_path, change(*TOY))
    with pytest.raises(Failure, match=f"^{path} does not hold a toy network: .*{message}"):
        load_pickle(path, trusted)


@pytest.mark.row(21)
@pytest.mark.parametrize("content", [b"", b"no pickle", b"cos\nno_such_name\n.", b"(lp0\n"])
def test_a_trusted_file_that_is_no_pickle_is_refused_like_arrays_that_do_not_fit(
    tmp_path: Path, content: bytes
) -> None:
    path = tmp_path / "toy.pkl"
    path.write_bytes(content)
    with pytest.raises(Failure, match=r"does not hold a toy network: \w"):
        load_pickle(path, hashlib.sha256(content).hexdigest())


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
        assert np.abs(hidden).min() > 1e-3, "finite differences would step over ReLU's kink"
        assert sorted(toy.y_batch) == [0.0, 1.0]


def test_the_same_seed_draws_the_same_toy_and_another_another() -> None:
    first, again, other = (facts(generate(np.random.default_rng(s)), None) for s in (1, 1, 2))
    assert first == again
    assert first["source"] == "generated"
    assert first["sha256"] != other["sha256"]


def test_a_record_gives_back_what_was_saved(tmp_path: Path) -> None:
    save(tmp_path / "toy.npz", TOY)
    assert_equal(load(tmp_path / "toy.npz"), TOY)
