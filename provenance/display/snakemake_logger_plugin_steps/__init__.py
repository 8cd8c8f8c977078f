"""Snakemake's progress for `make report`: on a terminal what runs and how far it is, live.

`snakemake` finds this plugin by its name, `--logger steps`, if the folder above is on the module
path.
Errors in jobs are told by the Snakefile when the build ends, so they are not told here.
"""

from __future__ import annotations

import logging
import re
import time
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text
from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.common import LogEvent

NOT_NEWS = (
    "Cannot restore",
    "Using workflow specific profile",
    "RuleException",
    "Shutting down",
    "Exiting because a job execution failed",
    "WorkflowError:\nAt least one job did not complete successfully",
)
LOCKED = """\
ERROR: Another build is running in this folder, or one was killed and left its lock behind.
  -> Wait for it to end. If none is running: `make unlock`, then the same command again."""
#: Lines of a job's log that say how far it is, for instance "epoch 3 of 5".
HOW_FAR = re.compile(r"^(\w+) (\d+ of \d+)$", re.MULTILINE)
#: A log of lines says of a job that took so many seconds when it was done.
LONG = 5


def since(began: float) -> str:
    """Tell how long ago something began."""
    minutes, seconds = divmod(round(time.time() - began), 60)
    return f"{minutes} min {seconds} s" if minutes else f"{seconds} s"


class Job(NamedTuple):
    """A job that runs."""

    message: str
    log: Path | None
    began: float

    def how_far(self) -> str:
        """Tell what it does and how far it is, from the last line of each kind in its log."""
        said: dict[str, str] = {}
        with suppress(OSError):
            if self.log and self.log.stat().st_mtime >= self.began:  # not an earlier build's
                said = dict(HOW_FAR.findall(self.log.read_text("utf-8", "replace")))
        numbers = [f"{kind} {number}" for kind, number in said.items()]
        return f"{self.message}: {', '.join(numbers)}" if numbers else self.message


class LogHandler(LogHandlerBase):
    """Say which jobs run, which are done, and whatever else went wrong.

    On a terminal the running jobs stand below the others, with a bar of all; elsewhere, and in a
    dry run, there is a line for each job that begins. Colour is Rich's to decide (NO_COLOR).
    """

    writes_to_stream = True
    writes_to_file = False
    has_filter = True
    has_formatter = True
    needs_rulegraph = False

    def __post_init__(self) -> None:
        """Start counting."""
        self.total = self.started = self.done = 0
        self.began = time.time()
        self.running: dict[int, Job] = {}
        settings = self.common_settings
        self.console = Console(stderr=True, no_color=settings.nocolor or None)
        self.live = Live(console=self.console, get_renderable=self.picture, transient=True)
        self.is_live = (
            self.console.file.isatty() and not self.console.is_dumb_terminal and not settings.dryrun
        )

    def emit(self, record: logging.LogRecord) -> None:
        """Print what a person wants to know of an event; most of them say nothing."""
        event, told = getattr(record, "event", None), record.__dict__
        if event == LogEvent.RUN_INFO:
            self.total = told["stats"]["total"]
            if self.is_live:
                self.live.start()
                self.console.show_cursor(True)  # whatever kills this leaves it where it is
        elif event == LogEvent.JOB_INFO:
            message = told["rule_msg"] or told["rule_name"]
            self.started += 1
            self.running[told["jobid"]] = Job(
                message, next(map(Path, told["log"]), None), time.time()
            )
            if not self.is_live:
                self.say(f"[{self.started:{len(str(self.total))}}/{self.total}] {message}")
        elif event == LogEvent.JOB_FINISHED:
            if job := self.running.pop(told["job_id"], None):
                self.done += 1
                self.finish(job)
        elif event == LogEvent.JOB_ERROR:
            self.running.pop(told["jobid"], None)
            self.say(Text(f"FAILED: {told['rule_name']}", "red"))
        elif record.levelno >= logging.WARNING:
            message = record.getMessage().strip()
            if message.startswith("LockException"):
                self.say(LOCKED)
            elif not message.startswith(NOT_NEWS):
                self.say(message)

    def say(self, line: str | Text) -> None:
        """Print a line as it is, above what is live."""
        self.console.print(line, markup=False, highlight=False, soft_wrap=True)

    def finish(self, job: Job) -> None:
        """Say that a job is done; without a terminal only if it took long."""
        if self.is_live:
            mark = "✓" if self.console.encoding.startswith("utf") else "done:"
            self.say(Text.assemble((f"{mark} ", "green"), f"{job.message}, {since(job.began)}"))
        elif time.time() - job.began >= LONG:
            self.say(f"done after {since(job.began)}: {job.message}")

    def picture(self) -> Group:
        """Draw what is live."""
        jobs = Table.grid(padding=(0, 1))
        jobs.add_column(justify="right", no_wrap=True)
        jobs.add_column(no_wrap=True, overflow="ellipsis")
        for job in [*self.running.values()]:
            jobs.add_row(Text(since(job.began)), Text(job.how_far()))
        bar = Table.grid(padding=(0, 1))
        bar.add_row(
            ProgressBar(total=self.total or 1, completed=self.done, width=30),
            f"{self.done} of {self.total} jobs, {since(self.began)}",
        )
        return Group(jobs, bar)

    def close(self) -> None:
        """Take away what is live, and sum up."""
        self.live.stop()
        if self.done:
            self.say(f"{self.done} of {self.total} jobs are done, after {since(self.began)}.")
            self.done = 0
        super().close()
