"""What a person sees of a build while it runs: live on a terminal, else lines."""

from __future__ import annotations

import io
import logging
import os
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest
from snakemake_interface_logger_plugins.common import LogEvent

from provenance.display.snakemake_logger_plugin_steps import LONG, LogHandler

Watched = Callable[..., tuple[LogHandler, io.StringIO]]


class Terminal(io.StringIO):
    """A stream that says that a person looks at it."""

    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


@pytest.fixture
def watched(monkeypatch: pytest.MonkeyPatch) -> Watched:
    """Give a function that makes a handler, and what it prints to."""
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "COLUMNS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")

    def make(stream: io.StringIO, *, dryrun: bool = False) -> tuple[LogHandler, io.StringIO]:
        monkeypatch.setattr("sys.stderr", stream)
        handler = LogHandler(SimpleNamespace(nocolor=False, dryrun=dryrun), None)
        handler.emit(event(LogEvent.RUN_INFO, stats={"total": 12}))
        return handler, stream

    return make


def event(kind: LogEvent | None, message: str = "", **details: object) -> logging.LogRecord:
    """Make a record as Snakemake logs it."""
    level = logging.ERROR if kind in (None, LogEvent.JOB_ERROR) else logging.INFO
    record = logging.LogRecord("snakemake", level, "", 0, message, None, None)
    record.__dict__.update({"event": kind, **details})
    return record


def begin(handler: LogHandler, number: int, message: str | None = None, log: object = "") -> None:
    """Tell of a job that begins."""
    told = {"jobid": number, "rule_msg": message, "rule_name": "all", "log": [log] if log else []}
    handler.emit(event(LogEvent.JOB_INFO, **told))


@pytest.mark.parametrize("dryrun", [False, True])
def test_without_a_terminal_each_job_is_counted_and_named(watched: Watched, dryrun: bool) -> None:
    handler, said = watched(Terminal() if dryrun else io.StringIO(), dryrun=dryrun)
    begin(handler, 7, "Train [bold]")
    begin(handler, 0)
    handler.emit(event(LogEvent.JOB_FINISHED, job_id=0))
    assert said.getvalue() == "[ 1/12] Train [bold]\n[ 2/12] all\n"


def test_without_a_terminal_a_long_job_says_that_it_is_done(watched: Watched) -> None:
    handler, said = watched(io.StringIO())
    begin(handler, 7, "Train")
    handler.running[7] = handler.running[7]._replace(began=handler.began - 60 - LONG)
    handler.emit(event(LogEvent.JOB_FINISHED, job_id=7))
    handler.close()
    _, done, sum_up = said.getvalue().splitlines()
    assert done.startswith("done after 1 min 5 s: Train")
    assert sum_up.startswith("1 of 12 jobs are done")


def test_on_a_terminal_a_job_says_how_far_it_is(watched: Watched, tmp_path: Path) -> None:
    handler, said = watched(Terminal())
    log = tmp_path / "log"
    log.write_text("run 1 of 2\nepoch 5 of 5\nrun 2 of 2\nepoch 3 of 5\nother words\n")
    os.utime(log, (4e9, 4e9))
    begin(handler, 7, "Train", log)
    handler.live.refresh()
    assert "Train: run 2 of 2, epoch 3 of 5" in said.getvalue()
    assert "0 of 12 jobs" in said.getvalue()
    handler.emit(event(LogEvent.JOB_FINISHED, job_id=7))
    assert "✓ \x1b[0mTrain, " in said.getvalue()
    handler.close()


def test_the_log_of_an_earlier_build_says_nothing(watched: Watched, tmp_path: Path) -> None:
    handler, said = watched(Terminal())
    (log := tmp_path / "log").write_text("epoch 3 of 5\n")
    os.utime(log, (1e9, 1e9))
    begin(handler, 7, "Train", log)
    handler.live.refresh()
    handler.close()
    assert "epoch" not in said.getvalue()


def test_whatever_kills_a_build_the_cursor_is_there(watched: Watched) -> None:
    handler, said = watched(Terminal())
    hidden, shown = said.getvalue().rindex("\x1b[?25l"), said.getvalue().rindex("\x1b[?25h")
    handler.close()
    assert hidden < shown


def test_without_colour_it_is_live_all_the_same(
    watched: Watched, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    handler, said = watched(Terminal())
    begin(handler, 7, "Train")
    handler.emit(event(LogEvent.JOB_FINISHED, job_id=7))
    handler.close()
    assert "✓ Train" in said.getvalue()
    assert "\x1b[3" not in said.getvalue()


def test_errors_that_are_not_a_jobs_are_told_in_full(watched: Watched) -> None:
    handler, said = watched(io.StringIO())
    handler.emit(event(None, "WorkflowError:\nno rule"))
    handler.emit(event(None, "RuleException:\nnoise"))
    handler.emit(event(LogEvent.PROGRESS, done=1, total=2))
    handler.emit(event(LogEvent.JOB_ERROR, jobid=7, rule_name="train"))
    assert said.getvalue() == "WorkflowError:\nno rule\nFAILED: train\n"


def test_a_lock_is_explained_with_the_command_that_takes_it_away(watched: Watched) -> None:
    handler, said = watched(io.StringIO())
    handler.emit(event(None, "LockException:\nError: locked"))
    assert "`make unlock`" in said.getvalue()
