"""Snakemake's progress in one line a job, for `make report`.

`snakemake` finds this plugin by its name if `setup` is on the module path: `--logger steps`.
Errors in jobs are told by the Snakefile when the build ends, so they are not told here.
"""

from __future__ import annotations

import logging
import sys

from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.common import LogEvent

NOT_NEWS = (
    "Cannot restore",
    "RuleException",
    "Shutting down",
    "Exiting because a job execution failed",
    "WorkflowError:\nAt least one job did not complete successfully",
)
LOCKED = """\
ERROR: Another build is running in this folder, or one was killed and left its lock behind.
  -> Wait for it to end. If none is running: `make unlock`, then the same command again."""


class LogHandler(LogHandlerBase):
    """Print the message of each job as it starts, and whatever else went wrong."""

    writes_to_stream = True
    writes_to_file = False
    has_filter = True
    has_formatter = True
    needs_rulegraph = False

    def __post_init__(self) -> None:
        """Start counting."""
        self.started = 0
        self.total = 0

    def emit(self, record: logging.LogRecord) -> None:
        """Print what a person wants to know of an event; most of them say nothing."""
        if line := self.line(record):
            print(line, file=sys.stderr, flush=True)

    def line(self, record: logging.LogRecord) -> str:
        """Put an event into words; an empty string if it is none of a person's business."""
        event = getattr(record, "event", None)
        if event == LogEvent.RUN_INFO:
            self.total = record.__dict__["stats"]["total"]
        elif event == LogEvent.JOB_INFO:
            self.started += 1
            message = record.__dict__["rule_msg"] or record.__dict__["rule_name"]
            return f"[{self.started:{len(str(self.total))}}/{self.total}] {message}"
        elif event == LogEvent.JOB_ERROR:
            return f"FAILED: {record.__dict__['rule_name']}"
        elif record.levelno >= logging.WARNING:
            message = record.getMessage().strip()
            if message.startswith("LockException"):
                return LOCKED
            return "" if message.startswith(NOT_NEWS) else message
        return ""
