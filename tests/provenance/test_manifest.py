"""The manifest: every byte counts, whoever brought it, and sums tell how far numbers differ."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from provenance import files, records
from provenance.errors import Failure
from provenance.files import sha256
from provenance.manifest import (
    _sums,
    described,
    differing,
    how_different,
    manifest_of,
    read_manifest,
)

X = np.linspace(0.1, 1.0, 100)
CODE, RECORD, PDF = "code.py", "results/a.npz", "report.pdf"


@pytest.fixture
def build(leave):
    """Return a function that builds in this folder: data, code -> record -> PDF."""

    def build(data="resources/sets/x.gz", seed=1, factor=1.0, code="1", drawn="drawn"):
        for path, text in {data: "data", CODE: code, PDF: drawn}.items():
            files.write_text(path, text)
        records.write_npz(RECORD, X=X * factor)
        if data.startswith("resources/"):
            leave("fetch", [], [data])
        leave("compute", [data, CODE], [RECORD], seed=seed)
        leave("print", [RECORD], [PDF])
        return manifest_of([PDF], sums=True)

    return build


def test_a_manifest_names_what_a_report_is_made_of_in_the_order_of_the_build(build) -> None:
    manifest = build()
    assert [job["rule"] for job in manifest.jobs] == ["compute", "print"]
    assert manifest.jobs[0] == {
        "rule": "compute",
        "label": "compute",
        "params": {"seed": 1},
        "inputs": [CODE, "resources/x.gz"],
        "outputs": [RECORD],
    }
    assert {*manifest.files} == {CODE, "resources/x.gz", RECORD, PDF}
    assert manifest.files[RECORD] == sha256(RECORD)
    assert {*manifest.sources} == {CODE}
    assert {*manifest.data} == {"resources/x.gz"}
    assert {*manifest.sums} == {RECORD}


def test_a_manifest_is_read_back(build) -> None:
    manifest = build()
    files.write_json("manifest.json", manifest._asdict())
    assert read_manifest("manifest.json") == manifest
    assert read_manifest("manifest.json").chain == manifest.chain


@pytest.mark.parametrize("data", ["../elsewhere/x.gz", "resources/x.gz", "{folder}/elsewhere/x.gz"])
def test_data_counts_by_name_and_content_wherever_it_lies_and_whoever_brought_it(
    build, inside, data
) -> None:
    assert build(data.format(folder=inside)) == build()


def test_two_files_of_data_with_one_name_are_refused(build, leave) -> None:
    build()
    files.write_text("resources/other/x.gz", "other")
    leave("print", [RECORD, "resources/other/x.gz"], [PDF])
    with pytest.raises(Failure, match=r"Two files of data are x\.gz"):
        manifest_of([PDF])


@pytest.mark.parametrize(
    "change", [{"seed": 2}, {"factor": 2}, {"code": "2"}, {"drawn": "new"}, {"data": "resources/y"}]
)
def test_the_chain_changes_with_each_file_and_parameter(build, change) -> None:
    assert build(**change).chain != build().chain


def test_a_file_that_changed_while_the_report_was_built_is_refused(build, leave) -> None:
    build()
    records.write_npz(RECORD, X=X * 2)
    leave("compute", [CODE], [RECORD])
    with pytest.raises(Failure, match=f"{RECORD} changed after"):
        manifest_of([PDF])


def test_each_file_that_is_not_as_expected_is_told_and_data_is_not(build) -> None:
    expected = build()
    assert differing(expected) == {}
    shutil.rmtree("resources")
    Path(PDF).unlink()
    np.savez(RECORD, X=X * (1 + 3e-10))
    assert differing(expected) == {RECORD: "numbers within 1e-09", PDF: "missing"}


@pytest.mark.parametrize(
    ("factor", "kind"),
    [
        (1, "bytes only"),
        (1 + 3e-13, "numbers within 1e-12"),
        (1 + 3e-10, "numbers within 1e-09"),
        (1 + 3e-7, "numbers within 1e-06"),
        (1.01, "numbers, whose sums differ by 0.01"),
        (300, "other numbers"),
    ],
)
def test_the_size_of_a_difference_is_told(inside, factor, kind) -> None:
    records.write_npz("old.npz", X=X)
    np.savez("new.npz", X=X * factor)  # another container, and so other bytes
    assert how_different(described("old.npz"), Path("new.npz")) == kind


@pytest.mark.parametrize("arrays", [{"X": X[1:]}, {"Y": X}, {"X": X, "Y": X}])
def test_more_numbers_or_others_are_other_numbers(inside, arrays) -> None:
    records.write_npz("old.npz", X=X)
    records.write_npz("new.npz", **arrays)
    assert how_different(described("old.npz"), Path("new.npz")) == "other numbers"


@pytest.mark.parametrize("path", ["a.npz", "a.csv", "a.json"])
def test_a_record_that_cannot_be_read_is_damaged(inside, path) -> None:
    Path(path).write_text("{,\n1")
    assert how_different({"X": [1.0, 1.0, 1.0, 0.0]}, Path(path)) == "damaged"


def test_a_file_without_numbers_differs_in_its_bytes(inside) -> None:
    Path("a.pdf").touch()
    assert how_different(None, Path("a.pdf")) == "bytes"


@pytest.mark.parametrize(
    ("now", "kind"),
    [
        ("Hash {other} 0.98, 12345678", "hashes only"),
        ("Hash {one} 0.97, 12345678", "printed numbers or words"),
        ("Hash {one} 0.98, 12345679", "printed numbers or words"),
    ],
)
def test_printed_digits_are_told_from_hashes(inside, now, kind) -> None:
    def write(text: str) -> None:
        one, other = (rf"{part}\allowbreak " * 8 for part in ("0123abcd", "9" * 8))
        files.write_text("a.tex", text.format(one=one, other=other))

    write("Hash {one} 0.98, 12345678")
    old = described("a.tex")
    write(now)
    assert how_different(old, Path("a.tex")) == kind


@pytest.mark.parametrize(
    ("write", "numbers"),
    [
        (lambda: records.write_npz("a.npz", W=np.eye(2)), {"W": [1.0, 0, 0, 1]}),
        (lambda: records.write_csv("a.csv", {"t": [1, 2], "s": ["x", "y"]}), {"t": [1.0, 2]}),
        (lambda: files.write_json("a.json", {"b": [1, {"z": 2}], "a": 3}), {"all": [3.0, 1, 2]}),
        (lambda: files.write_json("a.json", {"a": None, "b": "1"}), {}),
        (lambda: files.write_text("a.pdf", "1.5"), {}),
    ],
)
def test_the_numbers_of_a_record_are_summed_up_by_name(inside, write, numbers) -> None:
    write()
    [path] = inside.glob("a.*")
    assert described(path) == {name: _sums(np.array(n)) for name, n in numbers.items()}


@pytest.mark.parametrize("relative", [1e-12, 1e-9, 1e-6])
def test_a_relative_change_of_all_numbers_shows_as_large_as_it_is(relative) -> None:
    x = np.random.default_rng(0).normal(size=1000)
    _, total, placed, logs = _sums(x)
    _, changed_total, changed_placed, changed_logs = _sums(x * (1 + relative))
    assert changed_total / total - 1 == pytest.approx(relative, rel=0.01)
    assert changed_placed / placed - 1 == pytest.approx(relative, rel=0.01)
    assert changed_logs - logs == pytest.approx(relative, rel=0.01)


@pytest.mark.parametrize("place", [0, 4, 9])
@pytest.mark.parametrize("change", ["sign", "little", "zero", "nan", "gone"])
def test_a_change_of_any_one_number_shows_in_the_sums(place, change) -> None:
    x = np.linspace(1.0, 2.0, 10)
    other = x.copy()
    other[place] *= {"sign": -1, "little": 1 + 1e-12, "zero": 0, "nan": np.nan, "gone": 1}[change]
    assert _sums(np.delete(x, place) if change == "gone" else other) != _sums(x)


def test_an_exchange_of_two_numbers_shows_in_the_sums() -> None:
    x = np.linspace(1.0, 2.0, 10)
    assert _sums(x[[1, 0, *range(2, 10)]]) != _sums(x)


@pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.float32, np.float64])
def test_numbers_are_summed_up_alike_whatever_their_type(dtype) -> None:
    n, total, placed, logs = _sums(np.array([3, 0, 200, 3, 1], dtype))
    assert (n, total) == (5, 207)
    assert placed == pytest.approx(207 + (2 * 200 + 3 * 3 + 4 * 1) / 5)
    assert logs == pytest.approx((2 * np.log(3) + np.log(200)) / 4)


def test_what_is_not_finite_is_counted_and_not_summed_up() -> None:
    assert _sums(np.array([np.nan, 2.0, np.inf, -np.inf])) == [4, 2, 2, np.log(2)]


def test_the_sums_of_the_largest_floats_are_finite() -> None:
    assert np.isfinite(_sums(np.full(10, np.finfo(np.float64).max))).all()
