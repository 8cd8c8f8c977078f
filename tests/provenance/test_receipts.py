"""Receipts are written and read back, and what is not as its job left it is marked."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from snakemake.iocontainers import InputFiles, OutputFiles, Params
from snakemake.persistence.file import FilePersistence

from provenance import receipts
from provenance.errors import Failure
from provenance.files import sha256
from provenance.receipts import INCOMPLETE, LOCKS, METADATA, RECEIPTS, Receipt

PLACES = ["results", "report.pdf"]
A, B, C, PDF = "results/a.json", "results/deep/b.csv", "results/c.json", "report.pdf"
CODE, STYLE = "code.py", "style.txt"


def entry(register: Path, path: str) -> Path:
    """Name a file's entry as Snakemake names its own."""
    return receipts._entry(register, path)


@pytest.fixture
def built(leave) -> None:
    """Have three jobs leave files: code -> a, b; b -> c; c, style -> the PDF."""
    for path in (CODE, STYLE, A, B, C, PDF):
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text(path)
    leave("compute", [CODE], [A, B], seed=1)
    leave("condense", [B], [C])
    leave("print", [C, STYLE], [PDF])
    METADATA.mkdir(parents=True)
    for path in (A, B, C, PDF):
        entry(METADATA, path).touch()


def mark(**options) -> set[str]:
    """Mark what is stale in the folder; return what Snakemake then takes for incomplete."""
    marked = receipts.mark_stale(PLACES, options.pop("known", {}), **options)
    assert marked == sorted(marked)
    assert all(entry(INCOMPLETE, path).read_text() == receipts.MARK for path in marked)
    assert len([*INCOMPLETE.glob("*")]) == len(marked)
    return set(marked)


def rewrite(path: str, text: str) -> None:
    """Give a file another content and keep its date."""
    times = os.stat(path)
    Path(path).write_text(text)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


def test_a_receipt_is_read_back_by_each_of_its_files(inside) -> None:
    receipt = Receipt("r", {"n": "1"}, {"p": {"q": [0.1]}}, {CODE: "0"}, {A: "1", "x y/é": "2"})
    receipts.write(receipt)
    assert receipts.read_all() == {A: receipt, "x y/é": receipt}


def test_a_job_is_called_by_its_rule_and_wildcards_without_the_folder_it_writes_into() -> None:
    wildcards = {"where": "results/drawn", "size": "0.1"}
    receipt = Receipt("fit_all", wildcards, {}, {}, {"results/drawn/0.1/b": ""})
    assert receipt.label == "fit all 0.1"
    assert receipt._replace(outputs={"other/b": ""}).label == "fit all results/drawn 0.1"


def test_the_receipt_of_the_last_run_counts(built, leave) -> None:
    rewrite(C, "again")
    again = leave("condense", [B], [C])
    assert receipts.read_all()[C] == again


def test_a_rule_that_writes_other_files_than_before_has_one_receipt(built, leave) -> None:
    Path("results/0.json").touch()
    entry(METADATA, "results/0.json").touch()
    Path(A).unlink()
    now = leave("compute", [CODE], ["results/0.json", B], seed=2)
    assert receipts.read_all()[B] == now
    assert A not in receipts.read_all()
    assert mark() == set()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"rule": "r"}', '{"outputs": 1}', "\0"])
def test_a_broken_receipt_counts_for_nothing(built, text) -> None:
    [path] = RECEIPTS.glob("*c.json.json")
    path.write_text(text)
    assert C not in receipts.read_all()
    assert mark() == {C}


def test_parameters_and_parts_are_told_as_they_are_read_back() -> None:
    params = Params([3, 4, (1, 2), {3: None}, "0f"])
    inputs = InputFiles(["y", "x", "a", "b", "c", "nn/network.py"])
    for number, name in enumerate(("sizes", "of", "code"), start=2):
        params._set_name(name, number)
    inputs._set_name("digits", 2)
    inputs._set_name("runs", 3, end=5)
    inputs._set_name("code", 5, end=6)
    outputs = OutputFiles(fromdict={"weights": "d"})
    assert receipts.told(params, inputs, outputs) == {
        "params": [3, 4],
        "sizes": [1, 2],
        "of": {"3": None},
        "input": {"": ["y", "x"], "digits": "a", "runs": ["b", "c"]},
        "output": {"weights": "d"},
    }


def test_the_history_of_a_file_names_each_job_after_those_it_needs(built) -> None:
    jobs = receipts.history({PDF: sha256(PDF)}, receipts.read_all())
    assert [job.rule for job in jobs] == ["compute", "condense", "print"]


def test_receipts_that_go_round_in_a_circle_end(built, leave) -> None:
    leave("compute", [C], [A, B])
    jobs = receipts.history({PDF: sha256(PDF)}, receipts.read_all())
    assert sorted(job.rule for job in jobs) == ["compute", "condense", "print"]


@pytest.mark.parametrize("path", [PDF, B, STYLE])
def test_a_history_that_speaks_of_two_contents_of_a_file_is_refused(built, leave, path) -> None:
    now = {PDF: sha256(PDF), STYLE: sha256(STYLE)}
    rewrite(path, "another")
    if path == B:
        leave("compute", [CODE], [A, B])
    else:
        now[path] = sha256(path)
    with pytest.raises(Failure, match=f"{path} changed after"):
        receipts.history(now, receipts.read_all())


def date_all(when: float) -> None:
    """Give all files one date."""
    for path in (A, B, C, PDF, CODE, STYLE):
        os.utime(path, (when, when))


def change(path: str, date: float) -> None:
    """Change a file and date it."""
    Path(path).write_text("changed")
    os.utime(path, (date, date))


EDITS: dict[str, tuple[Callable[[], object], set[str]]] = {
    "none": (lambda: None, set()),
    "dates": (lambda: date_all(1e9), set()),
    "hidden": (Path("results/.hidden").touch, set()),
    "edited": (lambda: rewrite(A, A[::-1]), {A}),
    "edited, with users": (lambda: rewrite(B, B[::-1]), {B, C}),
    "swapped": (lambda: (rewrite(A, B), rewrite(B, A)), {A, B, C}),
    "nobody's": (Path("results/new.json").touch, {"results/new.json"}),
    "unknown to Snakemake": (lambda: entry(METADATA, A).unlink(), {A}),
    "an output missing": (Path(A).unlink, {B}),
    "all outputs missing": (Path(C).unlink, {PDF}),
    "newer input": (lambda: change(CODE, 4e9), {A, B}),
    "older input": (lambda: change(CODE, 1e9), {A, B}),
}


@pytest.mark.row(43, "Content decides, not dates; `make why` names the source.")
@pytest.mark.parametrize("edit", EDITS)
def test_what_is_not_as_its_job_left_it_is_marked_whatever_its_date(built, edit) -> None:
    work, stale = EDITS[edit]
    work()
    assert mark() == stale


def test_only_files_with_another_content_are_called_altered(built) -> None:
    rewrite(B, "forged")
    Path("results/new.json").touch()
    assert receipts.altered_files(PLACES) == [B, "results/new.json"]


@pytest.mark.parametrize(("now", "stale"), [({"seed": 1}, set()), ({"seed": 2}, {A, B})])
def test_other_parameters_mark_what_was_made_with_them(built, now, stale) -> None:
    assert mark(params_of=lambda job: now if job.rule == "compute" else None) == stale


@pytest.mark.parametrize(("content", "stale"), [("right", set()), ("wrong", {"cache.gz"})])
def test_a_download_is_held_against_its_known_hash(built, content, stale) -> None:
    Path("cache.gz").write_text("right")
    known = {"cache.gz": sha256("cache.gz"), "absent.gz": "0" * 64}
    Path("cache.gz").write_text(content)
    assert mark(known=known) == stale


@pytest.mark.parametrize(("lock", "stale"), [("0.output.lock", set()), ("x", {A})])
def test_while_a_build_is_under_way_nothing_is_marked(built, lock, stale) -> None:
    LOCKS.mkdir()
    (LOCKS / lock).touch()
    rewrite(A, "half")
    assert mark() == stale


def test_a_mark_goes_when_its_cause_is_gone(built) -> None:
    rewrite(A, "forged")
    assert mark() == {A}
    assert mark() == {A}
    rewrite(A, A)
    assert mark() == set()


def test_a_mark_of_snakemakes_own_stays_as_it_is(built) -> None:
    INCOMPLETE.mkdir()
    entry(INCOMPLETE, A).write_text('{"external_jobid": null}')
    rewrite(A, "half")
    assert receipts.mark_stale(PLACES, {}) == [A]
    rewrite(A, A)
    assert receipts.mark_stale(PLACES, {}) == []
    assert entry(INCOMPLETE, A).read_text() == '{"external_jobid": null}'


@pytest.mark.row(42, "Left aside, like all that no job made.")
@pytest.mark.parametrize("name", [b"x" * 200, b"x" * 255, "\u00e9".encode("latin-1")])
def test_a_strange_name_among_the_results_is_marked_like_any_other(built, name) -> None:
    path = os.fsdecode(b"results/" + name)
    Path(path).touch()
    for _ in range(2):
        assert receipts.mark_stale(PLACES, {}) == [path]
    Path(path).unlink()
    assert receipts.mark_stale(PLACES, {}) == []
    assert not [place for place in INCOMPLETE.rglob("*") if place.is_file()]


def test_the_entry_of_a_long_path_is_where_snakemake_looks_for_it(inside) -> None:
    INCOMPLETE.mkdir(parents=True)
    persistence = FilePersistence.__new__(FilePersistence)
    persistence._max_len = None
    for path in (A, "/".join(["deep" * 20] * 20)):
        assert entry(INCOMPLETE, path) == Path(persistence._record_path(str(INCOMPLETE), path))


@pytest.mark.row(42)
def test_an_altered_file_behind_a_link_is_found_and_a_circle_of_links_is_not_walked(built) -> None:
    elsewhere = Path("elsewhere")
    Path("results/deep").rename(elsewhere)
    Path("results/deep").symlink_to(elsewhere.absolute())
    (elsewhere / "round").symlink_to(Path("results").absolute())
    assert mark() == set()
    rewrite(B, "forged")
    assert mark() == {B, C}
