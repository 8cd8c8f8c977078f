"""The manifest: every byte counts, and each stage carries all that came before."""

from __future__ import annotations

import numpy as np
import pytest

from provenance import manifest
from provenance import records
from provenance.manifest import describe, sources_hash
from provenance.sums import describe_record, numbers_in, sums

FIRST = {"pins": ["pins.txt"], "sources": ["b.py", "a.py"]}
THEN = {"data": ["x.npz"]}


def extend(before, stages):
    """Add files to a manifest, stage by stage."""
    return manifest.extend(
        before, {stage: manifest.describe_files(f, describe_record) for stage, f in stages.items()}
    )


@pytest.fixture
def files(tmp_path, monkeypatch):
    """Work in a folder with the files of three stages."""
    monkeypatch.chdir(tmp_path)
    for name in ("pins.txt", "a.py", "b.py"):
        records.write_text(name, name)
    records.write_npz("x.npz", x=np.arange(3.0))
    return tmp_path


def test_a_manifest_made_in_two_steps_is_that_made_in_one(files) -> None:
    assert extend(extend({}, FIRST), THEN) == extend({}, {**FIRST, **THEN})


def test_the_order_of_the_files_does_not_count(files) -> None:
    assert extend({}, {"sources": ["a.py", "b.py"]}) == extend({}, {"sources": ["b.py", "a.py"]})


@pytest.mark.parametrize("stage", ["pins", "sources", "data"])
def test_a_change_breaks_the_chain_from_its_stage_on(files, stage) -> None:
    stages = {**FIRST, **THEN}
    before = extend({}, stages)
    name = stages[stage][0]
    (files / name).write_bytes((files / name).read_bytes() + b"")
    assert extend({}, stages) == before
    records.write_npz(name, x=np.ones(3)) if stage == "data" else records.write_text(name, "new")
    after = extend({}, stages)
    same = [key for key in stages if before[key]["chain"] == after[key]["chain"]]
    assert same == list(stages)[: list(stages).index(stage)]


def test_two_files_that_swap_contents_break_the_chain(files) -> None:
    before = extend({}, FIRST)
    records.write_text("a.py", "b.py")
    records.write_text("b.py", "a.py")
    assert extend({}, FIRST)["sources"]["chain"] != before["sources"]["chain"]


def test_the_order_in_which_the_stages_are_named_does_not_count(files) -> None:
    assert extend({}, {**THEN, **FIRST}) == extend({}, {**FIRST, **THEN})


def test_the_given_manifest_is_left_as_it_was(files) -> None:
    before = extend({}, FIRST)
    extend(before, THEN)
    assert set(before) == set(FIRST)


def test_only_pins_and_sources_count_for_the_hash_of_the_sources(files) -> None:
    before = sources_hash(extend({}, {**FIRST, **THEN}))
    records.write_npz("x.npz", x=np.ones(3))
    assert sources_hash(extend({}, {**FIRST, **THEN})) == before
    records.write_text("a.py", "new")
    assert sources_hash(extend({}, {**FIRST, **THEN})) != before


@pytest.mark.parametrize(
    ("name", "write", "numbers"),
    [
        ("a.npz", lambda path: records.write_npz(path, W=np.eye(2)), {"W": [1, 0, 0, 1]}),
        (
            "a.csv",
            lambda path: records.write_csv(path, {"t": [1, 2], "s": ["x", "y"]}),
            {"t": [1, 2]},
        ),
        (
            "a.json",
            lambda path: records.write_json(path, {"b": [1, {"z": 2}], "a": 3}),
            {"all": [3, 1, 2]},
        ),
        ("b.json", lambda path: records.write_json(path, {"a": None, "b": "1"}), {}),
        ("a.tex", lambda path: records.write_text(path, "1.5"), {}),
    ],
)
def test_the_numbers_of_a_record_are_found(tmp_path, name, write, numbers) -> None:
    path = str(tmp_path / name)
    write(path)
    assert {key: values.tolist() for key, values in numbers_in(path).items()} == numbers


@pytest.mark.parametrize("relative", [1e-12, 1e-9, 1e-6])
def test_a_relative_change_of_all_numbers_shows_as_large_as_it_is(relative) -> None:
    x = np.random.default_rng(0).normal(size=1000)
    _, total, placed, logs = sums(x)
    _, changed_total, changed_placed, changed_logs = sums(x * (1 + relative))
    assert changed_total / total - 1 == pytest.approx(relative, rel=0.01)
    assert changed_placed / placed - 1 == pytest.approx(relative, rel=0.01)
    assert changed_logs - logs == pytest.approx(relative, rel=0.01)


def test_a_change_of_a_tiny_number_among_large_ones_shows() -> None:
    assert sums(np.array([1e6, 1.2e-11])) != sums(np.array([1e6, 1.3e-11]))


@pytest.mark.parametrize("change", ["sign", "order", "length"])
def test_a_change_of_one_number_shows_in_the_sums(change) -> None:
    x = np.linspace(1.0, 2.0, 10)
    other = {"sign": np.negative, "order": lambda a: a[::-1], "length": lambda a: a[1:]}[change](x)
    assert sums(other) != sums(x)


def test_the_words_of_a_text_do_not_depend_on_the_hashes_in_it(tmp_path) -> None:
    def words(text: str) -> str:
        records.write_text(tmp_path / "a.tex", text)
        return describe(str(tmp_path / "a.tex"))["words"]

    one, other = (
        r"\allowbreak ".join([part] * 8) + r"\allowbreak " for part in ("0123abcd", "9" * 8)
    )
    assert words(f"Hash {one} end") == words(f"Hash {other} end")
    assert words(f"Hash {one} 0.98") != words(f"Hash {one} 0.97")
    assert words("12345678") != words("12345679")


@pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.float32, np.float64])
def test_numbers_are_summed_up_alike_whatever_their_type(dtype) -> None:
    x = np.array([3, 0, 200, 3, 1], dtype)
    n, total, placed, logs = sums(x)
    assert (n, total) == (5, 207)
    assert placed == pytest.approx(207 + (2 * 200 + 3 * 3 + 4 * 1) / 5)
    assert logs == pytest.approx((2 * np.log(3) + np.log(200)) / 4)


def test_what_is_not_finite_is_counted_and_not_summed_up() -> None:
    assert sums(np.array([np.nan, 2.0, np.inf, -np.inf])) == [4, 2, 2, np.log(2)]
