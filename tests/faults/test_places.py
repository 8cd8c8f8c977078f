"""The same bytes wherever, whenever and however a build runs."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest

from tests.faults.matrix import row
from tests.faults.project import Project
from tests.pipeline.project import PDF, copy_sources

LONG = "/".join(["a rather long name of a folder, of which there are several"] * 12)


def same(project: Project, reference: Project, **how: object) -> None:
    ended = project.build(**how)  # type: ignore[arg-type]
    assert ended.status == 0, ended.said
    assert project.results() == reference.results()


@pytest.mark.faults
@row(27, "Builds, to the same bytes.")
@pytest.mark.parametrize(
    "name", ["two  words \u00e9\u4e2d & 'quotes' $HOME #1", LONG], ids=["odd", "long"]
)
def test_any_folder_will_do(reference: Project, tmp_path: Path, name: str) -> None:
    same(Project(copy_sources(tmp_path / name)), reference)


@pytest.mark.faults
@row(27)
def test_braces_in_its_path_are_refused_clearly(tmp_path: Path) -> None:
    ended = Project(copy_sources(tmp_path / "a {b}")).build()
    assert ended.status != 0
    assert "with braces in its path" in ended.last_words(2)
    assert "Rename that folder" in ended.last_words(1)


UMASK = ("sh", "-c", 'umask 077; exec "$@"', "sh")


@pytest.mark.faults
@row(28, "The same bytes.")
@pytest.mark.parametrize(
    "variables",
    [
        {"HOME": None, "TZ": "Pacific/Chatham", "LC_ALL": "C", "LANG": None},
        {"HOME": "/proc/nowhere", "TZ": "", "LC_ALL": "tr_TR.UTF-8", "LANGUAGE": "tr"},
    ],
    ids=["unset", "odd"],
)
def test_the_surroundings_do_not_matter(
    reference: Project, fresh: Project, variables: dict[str, str | None]
) -> None:
    same(fresh, reference, prefix=UMASK, **variables)


@pytest.mark.faults
@row(29, "Builds, to the same bytes; content decides what is built again, not time.")
@pytest.mark.parametrize("year", [1985, 2040])
def test_files_of_another_time_are_built_all_the_same(
    reference: Project, fresh: Project, year: int
) -> None:
    seconds = time.mktime((year, 1, 1, 0, 0, 0, 0, 1, 0))
    for path in fresh.folder.rglob("*"):
        os.utime(path, (seconds, seconds))
    same(fresh, reference)
    before = {path: path.stat().st_mtime_ns for path in (fresh / "results").rglob("*.*")}
    same(fresh, reference)
    assert {path: path.stat().st_mtime_ns for path in (fresh / "results").rglob("*.*")} == before


@pytest.mark.faults
@row(29)
def test_a_finished_build_does_not_mind_other_times(reference: Project, built: Project) -> None:
    for name, path in enumerate(sorted(built.folder.rglob("*.*"))):
        os.utime(path, (name * 1e6, name * 1e6))
    before = (built / PDF).stat().st_mtime_ns
    same(built, reference)
    assert (built / PDF).stat().st_mtime_ns == before


@pytest.mark.faults
@row(30, "The same bytes.")
@pytest.mark.parametrize("cores", [1, 4])
def test_cores_and_the_order_of_jobs_do_not_matter(
    reference: Project, fresh: Project, cores: int
) -> None:
    if cores == 1:
        # The last branch first.
        assert fresh.build("results/synthetic/figures/state.pdf", cores=1).status == 0
    same(fresh, reference, cores=cores)
