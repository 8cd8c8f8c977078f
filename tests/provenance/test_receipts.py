"""Files that are not what a job wrote are found, whatever their time stamps say."""

from __future__ import annotations

import os
from base64 import urlsafe_b64encode
from pathlib import Path

import pytest

from provenance import seals
from provenance.files import sha256

PLACES = ["results", "report.pdf"]
OUTPUTS = ["results/a.json", "results/train/0.1/b.csv", "report.pdf"]
SOURCE = "code.py"


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """Work in a folder where jobs have written and sealed three files, read from one source."""
    monkeypatch.chdir(tmp_path)
    Path(SOURCE).write_text("code")
    for output in OUTPUTS:
        Path(output).parent.mkdir(parents=True, exist_ok=True)
        Path(output).write_text(output)
        seals.seal([output], {SOURCE: sha256(SOURCE)})
        entry(seals.METADATA, output).parent.mkdir(parents=True, exist_ok=True)
        entry(seals.METADATA, output).touch()
    return tmp_path


def entry(register: Path, path: str) -> Path:
    """Name a file's entry as Snakemake names its own."""
    return register / urlsafe_b64encode(path.encode()).decode()


def marked() -> set[str]:
    """Name the outputs that Snakemake takes for incomplete."""
    return {path for path in OUTPUTS if entry(seals.INCOMPLETE, path).exists()}


def guard() -> list[str]:
    """Guard the folder; the PDF is made from everything else."""
    return seals.guard(PLACES, {}, ["report.pdf"])


def test_what_jobs_left_is_not_marked(folder) -> None:
    assert guard() == []
    assert marked() == set()


@pytest.mark.parametrize("path", OUTPUTS)
def test_other_content_is_marked_although_time_and_size_are_kept(folder, path) -> None:
    times = os.stat(path)
    Path(path).write_text(Path(path).read_text()[::-1])
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    assert guard() == [path]
    assert marked() == {path}


def test_two_files_that_swap_contents_are_both_marked(folder) -> None:
    one, other = OUTPUTS[:2]
    os.rename(one, "aside")
    os.rename(other, one)
    os.rename("aside", other)
    assert set(guard()) == {one, other}


def test_a_file_that_no_job_wrote_is_marked(folder) -> None:
    Path("results/new.json").touch()
    assert guard() == ["results/new.json"]


def test_another_time_stamp_alone_does_not_matter(folder) -> None:
    for path in OUTPUTS:
        os.utime(path, (1e9, 1e9))
    assert guard() == []


def test_hidden_files_are_nobodys_business(folder) -> None:
    Path("results/.DS_Store").touch()
    assert guard() == []


def test_a_missing_record_marks_what_is_made_from_all(folder) -> None:
    Path("results/a.json").unlink()
    assert guard() == ["report.pdf"]
    # Once is enough: the mark stays until the file is built.
    assert guard() == []
    assert marked() == {"report.pdf"}
    assert seals.noticed_missing[-1] == "results/a.json"


def test_an_older_source_that_came_back_with_its_date_marks_what_was_made_from_it(folder) -> None:
    Path(SOURCE).write_text("older code")
    os.utime(SOURCE, (1e9, 1e9))
    assert set(guard()) == set(OUTPUTS)


def test_a_newer_source_is_left_to_snakemake(folder) -> None:
    Path(SOURCE).write_text("newer code")
    os.utime(SOURCE, (4e9, 4e9))
    assert guard() == []


def test_while_a_build_is_under_way_nothing_is_marked(folder) -> None:
    seals.LOCKS.mkdir(parents=True)
    (seals.LOCKS / "0.output.lock").touch()
    Path("results/a.json").write_text("half")
    assert guard() == []
    assert marked() == set()


@pytest.mark.parametrize(("content", "found"), [("right", []), ("wrong", ["cache.gz"])])
def test_a_download_is_held_against_its_known_hash(folder, content, found) -> None:
    Path("cache.gz").write_text("right")
    known = {"cache.gz": sha256("cache.gz"), "absent.gz": "0" * 64}
    Path("cache.gz").write_text(content)
    assert list(seals.altered_files(PLACES, known)) == found


def test_a_new_seal_replaces_the_old_one(folder) -> None:
    Path("report.pdf").write_text("built again")
    assert list(seals.unsealed_files(PLACES)) == ["report.pdf"]
    seals.seal(["report.pdf"])
    assert list(seals.unsealed_files(PLACES)) == []


def test_an_altered_record_behind_a_link_is_found(folder, tmp_path) -> None:
    elsewhere = tmp_path / "elsewhere"
    Path("results/train").rename(elsewhere)
    Path("results/train").symlink_to(elsewhere)
    assert guard() == []
    (elsewhere / "0.1/b.csv").write_text("forged")
    assert guard() == ["results/train/0.1/b.csv"]


def test_a_lock_of_somebody_elses_making_does_not_blind_the_guard(folder) -> None:
    seals.LOCKS.mkdir(parents=True)
    (seals.LOCKS / "x").touch()
    Path("results/a.json").write_text("forged")
    assert guard() == ["results/a.json"]


def test_a_missing_output_marks_the_others_of_its_job(folder) -> None:
    seals.seal(OUTPUTS[:2], {SOURCE: sha256(SOURCE)})
    Path("results/a.json").unlink()
    assert set(guard()) == {"results/train/0.1/b.csv", "report.pdf"}
