"""The project's folder before a build: names, rights, dates, bytecode, leftovers."""

from __future__ import annotations

import atexit
import os
import subprocess
import sys
import time
from functools import partial
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path

import pytest

from provenance import folder
from provenance.errors import Failure
from provenance.folder import BUILDS
from provenance.receipts import INCOMPLETE, LOCKS, RECEIPTS

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("character", ["{", "}", ":"])
def test_a_folder_whose_name_snakemake_would_misread_is_refused(character) -> None:
    with pytest.raises(Failure, match=f"with '{character}' in its path"):
        folder.require_name(f"/home/a{character}b/project")
    folder.require_name("/home/a b/é")


def test_another_folders_snakefile_is_refused(inside) -> None:
    Path("other").mkdir()
    with pytest.raises(Failure, match=r"other was asked to build in"):
        folder.require_home(str(inside / "other"))
    Path("link").symlink_to(inside)
    folder.require_home(str(inside / "link"))


@pytest.mark.row(39, "Refused before the build, or by the job that loaded it, by its name.")
@pytest.mark.parametrize(
    "name",
    [
        *("numpy.py", "random.py", "sitecustomize.py", "yaml/__init__.py"),
        *("numpy.pyc", f"random{EXTENSION_SUFFIXES[0]}", "yaml.abi3.so"),
    ],
)
def test_a_module_that_jobs_would_import_in_place_of_another_is_refused(inside, name) -> None:
    Path(name).parent.mkdir(exist_ok=True)
    Path(name).touch()
    with pytest.raises(Failure, match="would be imported in place of"):
        folder.require_no_shadows(inside)


@pytest.mark.parametrize("name", ["mine.py", "plots.py", "nn/__init__.py", "numpy.txt", "yaml/a"])
def test_a_persons_own_files_may_lie_there(inside, name) -> None:
    Path(name).parent.mkdir(exist_ok=True)
    Path(name).touch()
    folder.require_no_shadows(inside)


@pytest.mark.parametrize("place", ["out", "out/inner", "out/inner/new"])
def test_a_folder_that_cannot_be_written_into_is_named(inside, monkeypatch, place) -> None:
    Path("out/inner").mkdir(parents=True)
    folder.require_writable(["out", "missing"])
    # Root may write everywhere; so the answer is not the file system's.
    refused = Path(place) if Path(place).is_dir() else Path()
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != refused)
    with pytest.raises(Failure, match=f"Cannot write into the folder {refused.absolute()}"):
        folder.require_writable(["out", place])


def test_files_of_the_future_get_the_present_date_and_no_others(inside) -> None:
    Path(".git").mkdir()
    for path, date in {"future": 4e9, "past": 1e9, ".git/index": 4e9}.items():
        Path(path).touch()
        os.utime(path, (date, date))
    Path("nowhere").symlink_to("missing")
    folder.date_now(inside)
    dates = [os.stat(path).st_mtime for path in ("future", "past", ".git/index")]
    assert dates[0] == pytest.approx(time.time(), abs=600)
    assert dates[1:] == [1e9, 4e9]


def imported() -> str:
    """Import a module in a process of its own, as Python does without us; return its value."""
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "", "PYTHONPATH": ""}
    program = "import module; print(module.VALUE)"
    return subprocess.check_output([sys.executable, "-c", program], env=environment, text=True)


def test_bytecode_does_not_outlive_its_source(inside) -> None:
    for value in (1, 2):
        Path("module.py").write_text(f"VALUE = {value}\n")
        os.utime("module.py", (1e9, 1e9))  # as large and as old as before
        assert imported() == "1\n"
    folder.remove_bytecode(inside)
    assert imported() == "2\n"


def test_environments_in_the_folder_keep_their_bytecode(inside) -> None:
    kept = Path("env/lib/__pycache__"), Path(".venv/lib/__pycache__")
    for place in (*kept, Path("deep/er/__pycache__")):
        place.mkdir(parents=True)
        (place / "a.pyc").touch()
    Path("env/pyvenv.cfg").touch()
    folder.remove_bytecode(inside)
    assert [place.is_dir() for place in kept] == [True, True]
    assert not Path("deep/er/__pycache__").exists()


LEFT = [
    LOCKS / "0.output.lock",
    RECEIPTS / ".a.json.x.part",
    INCOMPLETE / ".b.x.part",
    Path("out/deep/.a.npz.abc.part"),
    Path("report/.report.pdf.abc.part"),
]
KEPT = [LOCKS / "mine", Path("out/deep/a.npz"), Path("out/a.part"), Path("report/.other.x.part")]
PLACES = ["out", "report/report.pdf"]


@pytest.fixture
def leftovers(inside, monkeypatch):
    """Leave what a killed build leaves; let go of the folder at the end."""
    monkeypatch.setattr(folder, "_held", held := [])
    for path in (*LEFT, *KEPT):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    yield
    for handle in held:
        os.close(handle)


def test_what_a_killed_build_left_is_removed(leftovers) -> None:
    folder.clear_after_the_dead(PLACES)
    assert [path for path in LEFT if path.exists()] == []
    assert [path for path in KEPT if not path.exists()] == []


# Another build in the folder: is there until its input ends.
OTHER = "from provenance import folder; folder.clear_after_the_dead([]); print(); input()"


def test_while_another_build_is_alive_its_files_are_left_to_it(leftovers) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "env": environment}
    with subprocess.Popen([sys.executable, "-c", OTHER], **pipes) as other:
        other.stdout.readline()
        for path in LEFT:
            path.touch()
        folder.clear_after_the_dead(PLACES)
        assert all(path.exists() for path in LEFT)
        other.communicate(b"\n")
    # Now this one is alive.
    subprocess.run([sys.executable, "-c", OTHER], input=b"\n", env=environment, check=True)
    assert all(path.exists() for path in LEFT)


def test_another_hosts_files_are_left_to_it_with_a_word(leftovers, monkeypatch, capsys) -> None:
    later = []
    monkeypatch.setattr(
        atexit, "register", lambda *call, **how: later.append(partial(*call, **how))
    )
    BUILDS.mkdir(parents=True)
    (there := BUILDS / "login-2.cluster-123").touch()
    folder.clear_after_the_dead(PLACES)
    assert all(path.exists() for path in [*LEFT, there])
    for call in later:
        call()
    said = capsys.readouterr().err
    assert "A build of the host login-2.cluster (process 123) is under way in this folder" in said
    assert f"remove {there}" in said
    assert [*BUILDS.iterdir()] == [there], "this process has taken its own away"


def test_where_no_file_can_be_locked_nothing_is_done(leftovers, monkeypatch) -> None:
    def no_locks(*_: object) -> None:
        raise OSError("no locks available")

    monkeypatch.setattr(folder.fcntl, "flock", no_locks)
    folder.clear_after_the_dead(PLACES)
    assert all(path.exists() for path in LEFT)
