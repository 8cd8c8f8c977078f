"""The log of a job, how a failure ends, and the receipt that a success leaves."""

from __future__ import annotations

import errno
import logging
import os
import runpy
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from snakemake.iocontainers import InputFiles, OutputFiles, Params, Wildcards

from provenance.job import _done, _early, _opened, explain, job
from provenance import receipts
from provenance.errors import Failure
from provenance.files import digest, sha256

ROOT = Path(__file__).resolve().parents[2]
LOG = Path("logs/rule/0.1.log")


@pytest.fixture(autouse=True)
def _folder(inside: Path) -> None:
    """Run each test in a project folder of its own, in a process that begins."""
    for noted in (_opened, _done, _early):
        noted.clear()


def script(inputs: dict[str, Any] | None = None, outputs=(), **params: Any) -> SimpleNamespace:
    """Return what a script gets from Snakemake."""
    files = InputFiles()
    for name, paths in (inputs or {}).items():
        begin, single = len(files), isinstance(paths, str)
        files.extend([paths] if single else paths)
        files._set_name(name, begin, end=None if single else len(files))
    return SimpleNamespace(
        rule="make",
        wildcards=Wildcards(fromdict={"n": "1"}),
        params=Params(fromdict=params),
        input=files,
        output=OutputFiles(outputs),
        log=[str(LOG)],
    )


def failed(work: Callable[[], object] = lambda: None, of: Any = None) -> str:
    """Let a job fail; return its log. It leaves no receipt and gives the streams back."""
    streams = sys.stdout, sys.stderr
    with pytest.raises(SystemExit) as end, job(of or script()):
        print("at work")
        work()
    assert end.value.code == 1
    assert receipts.read_all() == {}
    assert (sys.stdout, sys.stderr) == streams
    return LOG.read_text(encoding="utf-8")


def raising(error: BaseException) -> Callable[[], object]:
    """Return work that raises."""

    def work() -> None:
        raise error

    return work


def test_what_a_job_prints_goes_to_its_log_in_place_of_the_old_one(capsys) -> None:
    LOG.parent.mkdir(parents=True)
    LOG.write_text("ERROR: of the last run\n")
    with job(script()):
        print("to stdout \u4e09 \u00e9")
        print("to stderr", file=sys.stderr)
    assert LOG.read_text(encoding="utf-8") == "to stdout \u4e09 \u00e9\nto stderr\n"
    assert capsys.readouterr() == ("", "")


def test_how_far_a_job_is_stands_in_its_log_at_once() -> None:
    with job(script()):
        logging.getLogger("progress").info("epoch %d of %d", 3, 5)
        assert LOG.read_text(encoding="utf-8") == "epoch 3 of 5\n"
    assert logging.getLogger("progress").handlers == []


def test_a_job_without_outputs_leaves_no_receipt() -> None:
    with job(script()):
        pass
    assert receipts.read_all() == {}


def test_a_job_that_succeeded_leaves_a_receipt() -> None:
    Path("a.csv").write_text("1")
    with job(script({"a": "a.csv"}, ["b.json", "c.json"], seed=1, code="of the code")):
        Path("b.json").write_text("2")
        Path("c.json").write_text("3")
        assert receipts.read_all() == {}
    receipt = receipts.read_all()["c.json"]
    assert receipt == receipts.Receipt(
        rule="make",
        wildcards={"n": "1"},
        params={"seed": 1, "input": {"a": "a.csv"}, "output": {"": ["b.json", "c.json"]}},
        inputs={"a.csv": sha256("a.csv")},
        outputs={path: sha256(path) for path in ("b.json", "c.json")},
    )


def test_an_output_that_was_never_written_is_a_failure() -> None:
    assert "missing.json" in failed(of=script(outputs=["missing.json"])).partition("ERROR: ")[2]


def test_a_failure_ends_the_log_with_cause_and_remedy_alone() -> None:
    log = failed(raising(Failure("expected 4 files; got 3.", "Fetch the fourth.")))
    assert log == "at work\nERROR: expected 4 files; got 3.\n  -> Fetch the fourth.\n"


def test_any_other_error_leaves_its_traceback_before_its_explanation() -> None:
    error = ValueError("W must")
    before, last_words = failed(raising(error)).split("ERROR: ", 1)
    assert "Traceback" in before
    assert "test_job.py" in before
    assert last_words == f"{explain(error, str(LOG))}\n"


def test_an_interrupt_is_told_and_handed_on() -> None:
    with pytest.raises(KeyboardInterrupt), job(script()):
        raise KeyboardInterrupt
    assert LOG.read_text().startswith("ERROR: It was stopped by Ctrl-C.\n  -> ")
    assert receipts.read_all() == {}


@pytest.mark.parametrize(
    ("error", "cause", "remedy"),
    [
        (MemoryError("Unable to allocate 8 TiB"), "Unable to allocate 8 TiB", "--cores 1"),
        (MemoryError(), "Out of memory", "--cores 1"),
        (OSError(errno.ENOSPC, "No space", "a.npz"), "writing a.npz", "Free some space"),
        (OSError(errno.EDQUOT, "Quota exceeded", "a.npz"), "No space left", "Free some space"),
        (OSError(errno.ENOSPC, "No space left on device"), "writing a file", "Free some space"),
        (OSError(errno.ENOSPC, "No space", "a", None, "/tmp/b"), "writing /tmp/b.", "Free some"),
        (OSError(errno.EFBIG, "File too large", "a.npz"), "a.npz would be larger", "ulimit -f"),
        (PermissionError(errno.EACCES, "denied", "out/a.npz"), "out/a.npz: denied", "and out re"),
        (OSError(errno.EROFS, "Read-only file system", "out/a"), "Read-only", "and out re"),
        (KeyError("W1"), "KeyError: 'W1'", "the.log"),
        (FileNotFoundError(errno.ENOENT, "No such file", "a"), "FileNotFoundError", "the.log"),
    ],
)
def test_an_error_is_explained_by_cause_and_remedy(error, cause, remedy) -> None:
    explained = explain(error, "the.log")
    assert cause in explained.cause
    assert remedy in explained.remedy


def test_a_failure_explains_itself() -> None:
    error = Failure("cause", "remedy")
    assert explain(error, "the.log") is error
    assert str(error) == "cause\n  -> remedy"


@pytest.mark.parametrize("make", [Path.mkdir, os.mkfifo], ids=["folder", "pipe"])
def test_an_input_that_is_no_file_is_refused(make) -> None:
    make(Path("a.json"))
    log = failed(of=script({"a": "a.json"}))
    assert log.startswith("ERROR: a.json is not a file.")


def test_an_input_that_is_not_what_its_job_wrote_is_not_used(leave) -> None:
    Path("a.json").write_text("1")
    leave("before", [], ["a.json"])
    with job(script({"a": "a.json"})):
        pass
    Path("a.json").write_text("2")
    with pytest.raises(SystemExit), job(script({"a": "a.json"})):
        pytest.fail("it was used")
    assert "a.json is not what its job wrote" in LOG.read_text()


def test_an_input_that_changes_while_it_is_used_is_told() -> None:
    Path("a.json").write_text("1")
    log = failed(lambda: Path("a.json").write_text("2"), script({"a": "a.json"}))
    assert "ERROR: a.json was changed while it was used.\n  -> Run the same command again" in log


def test_code_that_was_saved_since_the_snakefile_was_read_is_refused() -> None:
    code = ["script.py", "module.py"]
    for path in code:
        Path(path).write_text("INK = 1")
    read = digest({path: sha256(path) for path in code})
    with job(script({"code": code}, code=read)):
        pass
    Path("module.py").write_text("INK = 2")
    log = failed(of=script({"code": code}, code=read))
    assert log.startswith("ERROR: Code of this job was saved while the build was running.")


def run_by_its_file() -> None:
    spec = spec_from_file_location("aside", "aside.py")
    spec.loader.exec_module(module_from_spec(spec))


WAYS = {
    "read": lambda: Path("aside.py").read_text(),
    "executed": lambda: exec(Path("aside.py").read_bytes()),
    "opened by the system": lambda: os.close(os.open(Path("aside.py"), os.O_RDONLY)),
    "read and written": lambda: open("aside.py", "r+").close(),
    "run": lambda: runpy.run_path("aside.py"),
    "run by its file": run_by_its_file,
}


def of_code(*code: str) -> SimpleNamespace:
    """Return what a script of this code gets from Snakemake."""
    for path in code:
        Path(path).write_text("INK = 1")
    for noted in (_opened, _done, _early):
        noted.clear()
    return script({"code": [*code]}, code=digest({path: sha256(path) for path in code}))


@pytest.mark.row(
    38,
    "The job is refused with the file's name and the remedy; what is imported by a statement is an "
    "input, printed and hashed, wherever it lies.",
)
@pytest.mark.parametrize("way", WAYS)
def test_a_file_of_the_project_that_is_used_and_no_input_is_refused(way) -> None:
    Path("aside.py").write_text("INK = 1")
    log = failed(WAYS[way], of_code("main.py", "tools.py"))
    assert "ERROR: The job used aside.py, which is none of its inputs" in log
    with job(of_code("main.py", "aside.py")):
        WAYS[way]()


def opened_by_a_link_from_outside() -> None:
    Path("../link.py").symlink_to(Path("aside.py").absolute())
    Path("../link.py").read_text()


def opened_by_a_link_to_what_is_outside() -> None:
    Path("aside.py").rename("../aside.py")
    Path("aside.py").symlink_to("../aside.py")
    Path("aside.py").read_text()


def opened_and_removed() -> None:
    Path("aside.py").read_text()
    Path("aside.py").unlink()


@pytest.mark.row(
    91, "The job is refused with what it did and the remedy; typesetting alone may run programs."
)
@pytest.mark.parametrize(
    "way",
    [opened_by_a_link_from_outside, opened_by_a_link_to_what_is_outside, opened_and_removed],
)
def test_a_file_that_is_used_by_a_link_or_gone_afterwards_is_refused(way) -> None:
    Path("aside.py").write_text("INK = 1")
    log = failed(way, of_code("main.py", "tools.py"))
    assert "ERROR: The job used aside.py, which is none of its inputs" in log


UNSEEN = {
    "program": (lambda: subprocess.run(["true"]), "ran a program (subprocess.Popen)"),
    "shell": (lambda: os.system("true"), "ran a program (os.system)"),
    "database": (lambda: sqlite3.connect(":memory:").close(), "opened the database :memory:"),
    "folder": (lambda: os.listdir("nn"), "listed the folder nn"),
    "walk": (lambda: [*os.walk("nn")], "listed the folder nn"),
    "glob": (lambda: [*Path("nn").glob("*")], "listed the folder nn"),
}


@pytest.mark.row(91)
@pytest.mark.parametrize("way", UNSEEN)
def test_what_hides_reads_is_refused(way) -> None:
    Path("nn").mkdir()
    work, words = UNSEEN[way]
    assert f"ERROR: The job {words}: what that read" in failed(work, of_code("main.py"))


@pytest.mark.row(91)
def test_a_job_that_says_so_may_run_programs_and_list_its_temporary_files(tmp_path) -> None:
    with job(of_code("main.py"), may_run_programs=True):
        subprocess.run(["true"], check=True)
        os.listdir(tmp_path.parent)


@pytest.mark.row(91)
def test_a_module_of_the_project_that_was_imported_before_all_is_refused() -> None:
    of = of_code("main.py")
    _early.append("nn/losses.py")
    assert "ERROR: nn/losses.py was imported before" in failed(of=of)
    _early.clear()


@pytest.mark.row(38)
@pytest.mark.row(39)
@pytest.mark.parametrize("name", ["aside.py", "aside.pyc", "aside.abi3.so"])
def test_a_loaded_module_that_is_no_input_is_refused(monkeypatch, name) -> None:
    Path(name).touch()
    monkeypatch.setitem(sys.modules, "aside", SimpleNamespace(__file__=str(Path(name).absolute())))
    assert f"The job used {name}, which is none of" in failed(of=of_code("main.py", "tools.py"))


def test_what_a_job_writes_itself_and_what_is_not_the_projects_may_be_read(monkeypatch) -> None:
    monkeypatch.setattr(sys, "prefix", str(Path("env").absolute()))
    theirs = ["env/lib.py", ".snakemake/receipts/a.json", "nn/__pycache__/a.pyc", "../beside.txt"]
    for path in map(Path, theirs):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    with job(of_code("main.py", "tools.py")):
        Path("new.txt").write_text("1")
        for path in map(Path, [*theirs, "new.txt", LOG]):
            path.read_bytes()


@pytest.mark.row(55, "The error, with the file (and the line, if it is in one).")
def test_an_error_while_a_script_imports_is_told_in_its_log() -> None:
    LOG.parent.mkdir(parents=True)
    program = (
        "from types import SimpleNamespace\n"
        f"snakemake = SimpleNamespace(log=[{str(LOG)!r}])\n"
        "import provenance.job\nimport no_such_module\n"
    )
    Path("script.py").write_text(program)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    ran = subprocess.run([sys.executable, "script.py"], env=environment, stderr=subprocess.PIPE)
    assert ran.returncode == 1
    assert b"Traceback" in ran.stderr
    words = LOG.read_text().partition("ERROR: ModuleNotFoundError while the script was importing")
    assert "Traceback" in words[0]
    assert "script.py, line 4" in words[2]
