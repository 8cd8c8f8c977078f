"""The same tree gives the same bytes wherever, whenever and by whomever it is built."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.project import PDF, RESULTS, Planner, Project, copy_sources

Elsewhere = Callable[[Project, Path], Project]
PRIVATE = ("sh", "-c", 'umask 077; exec "$@"', "sh")
LONG = "/".join(["a rather long name of a folder, of which there are several"] * 12)


def date(project: Project, seconds: float) -> None:
    for path in project.folder.rglob("*"):
        os.utime(path, (seconds, seconds))


def odd(reference: Project, folder: Path) -> Project:
    """Build in a strange folder, from a strange shell, from old files."""
    project = copy_sources(reference.folder, folder / "H\u00e9  l\u00e0, it's $HOME #1 \u4e2d")
    date(project, 1e9)  # in 2001
    project.builds(
        prefix=PRIVATE,
        **{"HOME": None, "USER": None, "TZ": "Pacific/Kiritimati", "SOURCE_DATE_EPOCH": "1234567"},
        **{"LC_ALL": "tr_TR.UTF-8", "LANG": None, "LANGUAGE": "tr", "PYTHONHASHSEED": "7"},
        **{"OPENBLAS_CORETYPE": "Nehalem", "OMP_NUM_THREADS": "3"},
    )
    assert stat.S_IMODE((project / PDF).stat().st_mode) == 0o600
    return project


def distant(reference: Project, folder: Path) -> Project:
    """Build far down, one job at a time, the last branch first, from files of the future."""
    project = copy_sources(reference.folder, folder / LONG)
    date(project, 2.2e9)  # in 2039
    how = {"cores": 1, "HOME": "/proc/nowhere", "LC_ALL": "C", "TZ": ""}
    for target in ("memorization.json", "figures/state.pdf", "figures/samples.pdf"):
        project.builds(f"{RESULTS}/{target}", "--scheduler", "greedy", **how)
    project.builds("--scheduler", "greedy", **how)
    return project


def strange(reference: Project, folder: Path) -> Project:
    """Build as a user without rights, on more cores than there are, then from warm caches."""
    if os.geteuid() != 0 or not shutil.which("setpriv"):
        pytest.skip("only root can build as somebody else")
    project = copy_sources(reference.folder, folder / "project")
    for path in [project.folder, *project.folder.rglob("*")]:
        os.chown(path, 65534, 65534)
    # The interpreter may lie in a folder of root's, so this user may look anywhere.
    look = ("--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search")
    become = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", *look)
    for _ in range(2):
        shutil.rmtree(project / "results", ignore_errors=True)
        (project / PDF).unlink(missing_ok=True)
        project.builds(cores=4, prefix=become, HOME="/nonexistent")
    return project


@pytest.mark.row(
    27, "Builds, to the same bytes; braces in the path, which Snakemake refuses, are named."
)
@pytest.mark.row(28, "The same bytes.")
@pytest.mark.row(29, "Builds, to the same bytes; content decides what is built again, not time.")
@pytest.mark.row(30, "The same bytes.")
@pytest.mark.parametrize(
    "elsewhere",
    [odd, *(pytest.param(each, marks=pytest.mark.faults) for each in (distant, strange))],
)
def test_every_file_has_the_same_bytes(
    reference: Project, tmp_path: Path, elsewhere: Elsewhere
) -> None:
    project = elsewhere(reference, tmp_path)
    assert len(reference.results()) > 30
    assert project.results() == reference.results()
    assert "Nothing to be done" in project.builds("-n").said
    shutil.rmtree(tmp_path, ignore_errors=True)


@pytest.mark.row(29)
def test_a_finished_build_does_not_mind_other_times(built: Project) -> None:
    for name, path in enumerate(sorted(built.folder.rglob("*.*"))):
        os.utime(path, (name * 1e6, name * 1e6))
    assert "Nothing to be done" in built.builds("-n").said


@pytest.mark.row(60, "Neither built from nor printed.")
def test_copies_that_other_programs_leave_are_no_sources(built: Project, planned: Planner) -> None:
    for name in ("nn/losses.py", "report/questions/a.tex.j2", "workflow/scripts/train.py"):
        path = built / name
        stem, _, ending = path.name.partition(".")
        (path.parent / ".ipynb_checkpoints").mkdir()
        for copy in (
            *(
                f".ipynb_checkpoints/{stem}-checkpoint.{ending}",
                f"{stem} (conflicted copy).{ending}",
            ),
            *(f"{stem}.sync-conflict-20260101-AB.{ending}", f".#{path.name}", f"{stem} 2.{ending}"),
        ):
            (path.parent / copy).write_text("{{ broken", encoding="utf-8")
    assert planned(built) == set()


@pytest.mark.faults
@pytest.mark.row(27)
def test_braces_in_its_path_are_refused_clearly(reference: Project, tmp_path: Path) -> None:
    ended = copy_sources(reference.folder, tmp_path / "a {b}").fails()
    assert "in its path" in ended.last_words(2)
    assert "Rename that folder" in ended.last_words(1)


@pytest.mark.row(92, "Told in one message, with what to put back.")
def test_missing_sums_of_the_data_are_told(built: Project) -> None:
    (built / "config/mnist.sha256").unlink()
    said = built.fails().said
    assert "Traceback" not in said
    assert said.rstrip().endswith("config/mnist.sha256 (git checkout).")


@pytest.mark.row(87, "`make report` says nothing of a report that this run did not look at.")
@pytest.mark.parametrize("option", ["-nq", "--version", "--until=load_toy", "--touch"])
def test_an_old_report_is_not_called_up_to_date(built: Project, option: str) -> None:
    command = (built.python, "-P", "setup/report.py")
    said = built.run(*command).said
    assert f"{PDF} is up to date: nothing had to be done." in said
    assert "The report: " in said
    built.append("report/main.tex.j2")
    said = built.run(*command, option).said
    assert "is up to date" not in said
    assert "The report: " not in said
