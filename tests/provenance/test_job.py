"""The log of a job, how a failure ends, and what a success leaves."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from provenance.job import explain, logged
from provenance import job
from provenance import seals
from provenance.errors import Failure

LOG = Path("logs/rule/0.1.log")
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}


@pytest.fixture(autouse=True)
def folder(tmp_path, monkeypatch) -> None:
    """Run each test in a project folder of its own."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def sealed(monkeypatch) -> list[str]:
    """Collect what is sealed."""
    names: list[str] = []
    monkeypatch.setattr(job, "seal", lambda outputs, read: names.extend(outputs))
    return names


def running(*outputs: str) -> SimpleNamespace:
    """Return what a script gets from Snakemake, as far as `logged` reads it."""
    return SimpleNamespace(log=[str(LOG)], input=[], output=list(outputs))


def fail(error: BaseException) -> str:
    """Let a job fail; return its log."""
    with pytest.raises(SystemExit) as end, logged(running()):
        print("at work")
        raise error
    assert end.value.code == 1
    return LOG.read_text(encoding="utf-8")


def test_what_a_job_prints_goes_to_its_log(capsys) -> None:
    with logged(running()):
        print("to stdout")
        print("to stderr", file=sys.stderr)
    assert LOG.read_text() == "to stdout\nto stderr\n"
    assert capsys.readouterr() == ("", "")


def test_the_streams_are_given_back(capsys) -> None:
    fail(ValueError("no"))
    print("after")
    assert capsys.readouterr().out == "after\n"


def test_a_job_that_succeeded_seals_its_outputs(sealed) -> None:
    with logged(running("results/a", "results/b")):
        assert sealed == []
    assert sealed == ["results/a", "results/b"]


def test_a_job_that_failed_seals_nothing(sealed) -> None:
    with pytest.raises(SystemExit), logged(running("results/a")):
        raise ValueError
    assert sealed == []


def test_an_output_that_was_never_written_is_a_failure() -> None:
    with pytest.raises(SystemExit), logged(running("results/missing")):
        pass
    assert "ERROR: " in LOG.read_text()
    assert "results/missing" in LOG.read_text()


def test_a_report_error_ends_the_log_with_cause_and_remedy_alone() -> None:
    log = fail(Failure("expected 4 files; got 3.", "Fetch the fourth."))
    assert log == "at work\nERROR: expected 4 files; got 3.\n  -> Fetch the fourth.\n"


@pytest.mark.parametrize(
    "error", [ValueError("W must"), MemoryError(), FloatingPointError("at timestep 3")]
)
def test_any_other_error_leaves_its_traceback_before_its_explanation(error) -> None:
    log = fail(error)
    before, last_words = log.split("ERROR: ", 1)
    assert "Traceback" in before
    assert "test_job.py" in before
    assert last_words == f"{explain(error, str(LOG))}\n"


def test_an_interrupt_is_not_taken_for_a_failure(sealed) -> None:
    with pytest.raises(KeyboardInterrupt), logged(running("results/a")):
        raise KeyboardInterrupt
    assert sealed == []


def test_an_old_log_is_replaced() -> None:
    LOG.parent.mkdir(parents=True)
    LOG.write_text("ERROR: of the last run\n")
    with logged(running()):
        pass
    assert LOG.read_text() == ""


def test_letters_of_any_script_can_be_logged() -> None:
    with logged(running()):
        print("\u4e09 \u00e9")
    assert LOG.read_text(encoding="utf-8") == "\u4e09 \u00e9\n"


@pytest.mark.parametrize(
    ("error", "cause", "remedy"),
    [
        (
            FloatingPointError("training diverged at timestep 3"),
            "training diverged at timestep 3",
            "training.step_sizes",
        ),
        (MemoryError("Unable to allocate 8 TiB"), "Unable to allocate 8 TiB", "--cores 1"),
        (MemoryError(), "Out of memory", "--cores 1"),
        (
            OSError(errno.ENOSPC, "No space left on device", "a.npz"),
            "writing a.npz",
            "Free some space",
        ),
        (OSError(errno.EDQUOT, "Quota exceeded", "a.npz"), "No space left", "Free some space"),
        (OSError(errno.ENOSPC, "No space left on device"), "writing a file", "Free some space"),
        (
            PermissionError(errno.EACCES, "Permission denied", "results/a.npz"),
            "results/a.npz",
            "Make results",
        ),
        (OSError(errno.EROFS, "Read-only file system", "results/a"), "Read-only", "Make results"),
        (KeyError("W1"), "KeyError: 'W1'", "the.log"),
        (FileNotFoundError(errno.ENOENT, "No such file", "a"), "FileNotFoundError", "the.log"),
    ],
)
def test_an_error_is_explained_by_cause_and_remedy(error, cause, remedy) -> None:
    explained = explain(error, "the.log")
    assert cause in explained.cause
    assert remedy in explained.remedy


def test_a_report_error_explains_itself() -> None:
    error = Failure("cause", "remedy")
    assert explain(error, "the.log") is error


def test_a_report_error_says_cause_then_remedy() -> None:
    error = Failure("cause", "remedy")
    assert (error.cause, error.remedy) == ("cause", "remedy")
    assert str(error) == "cause\n  -> remedy"


def using(path: str) -> SimpleNamespace:
    """Return a job that reads a file."""
    return SimpleNamespace(log=[str(LOG)], input=[path], output=[])


def test_an_input_that_changes_while_it_is_used_is_told() -> None:
    Path("a.json").write_text("1")
    with pytest.raises(SystemExit), logged(using("a.json")):
        Path("a.json").write_text("2")
    said = LOG.read_text(encoding="utf-8")
    assert "a.json was changed while it was used" in said
    assert "Run the same command again" in said


def test_a_record_that_is_not_what_its_job_wrote_is_not_used() -> None:
    Path("a.json").write_text("1")
    seals.seal(["a.json"])
    with logged(using("a.json")):
        pass
    Path("a.json").write_text("2")
    with pytest.raises(SystemExit), logged(using("a.json")):
        pytest.fail("it was used")
    assert "a.json is not what its job wrote" in LOG.read_text(encoding="utf-8")


@pytest.mark.parametrize("make", [Path.mkdir, lambda path: os.mkfifo(path)], ids=["folder", "pipe"])
def test_an_input_that_is_no_file_is_refused(make) -> None:
    make(Path("a.json"))
    with pytest.raises(SystemExit), logged(using("a.json")):
        pytest.fail("it was used")
    assert "a.json is not a file" in LOG.read_text(encoding="utf-8")


@pytest.mark.skipif(sys.platform != "linux", reason="Linux tells when a process began")
def test_a_source_that_was_saved_after_the_job_began_is_refused() -> None:
    Path("module.py").write_text("INK = 0.9")
    os.utime("module.py", (1e9, 1e9))  # this process is older than that change all the same
    with pytest.raises(SystemExit), logged(using("module.py")):
        pytest.fail("it was used")
    assert "module.py was saved while this job began" in LOG.read_text(encoding="utf-8")


# Notes at four times whether Python searches for garbage and how many objects it leaves out.
GARBAGE = """
import atexit, gc
from types import SimpleNamespace

def note():
    print(int(gc.isenabled()), gc.get_freeze_count())

atexit.register(note)  # run last
note()
from provenance.job import logged
note()
with logged(SimpleNamespace(log=["log"], input=[], output=[])):
    told = gc.isenabled(), gc.get_freeze_count()
print(*map(int, told))
made = [[] for _ in range(5000)]
"""


def test_a_job_searches_for_garbage_neither_while_it_loads_nor_when_it_ends() -> None:
    done = subprocess.run(
        [sys.executable, "-c", GARBAGE], capture_output=True, text=True, check=True, env=ENVIRONMENT
    )
    enabled, spared = zip(
        *(map(int, line.split()) for line in done.stdout.splitlines()), strict=True
    )
    assert enabled == (True, False, True, True)
    assert spared[0] == spared[1] < spared[2] - 1000
    assert spared[2] < spared[3] - 4000
