"""The last words of a build that failed: causes and remedies, after all of Snakemake's own."""

from __future__ import annotations

import atexit
import re
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from provenance.errors import MARK, Failure

FAILED = re.compile(
    r"^Error in rule (\w+):\n(?:    .*\n)*?    log: (\S.*?) \(check log", re.MULTILINE
)
SMALLEST_FREE_BYTES = 1 << 16
REPORTS = ("report/hw2.pdf", "report/hw2-synthetic.pdf")
STOPPED = """
The build ended before it was done. If no reason stands above, it was stopped from outside.
  -> The same command goes on from here."""


@contextmanager
def told_at_the_end(failure: type[Exception]) -> Iterator[None]:
    """Turn a `Failure` into another exception and print it when Snakemake has ended.

    Parameters
    ----------
    failure : type of exception
        What Snakemake prints without a traceback; its own noise is then above the reason.
    """
    try:
        yield
    except Failure as error:
        atexit.register(print, f"\n{error}", file=sys.stderr)
        raise failure("The build cannot begin. The reason stands below.") from None


def print_causes(snakemake_log: str) -> None:
    """Print for each failed job why it failed and what to do.

    If no job failed, the build was stopped.

    Parameters
    ----------
    snakemake_log : str
        What Snakemake itself logged of the build.
    """
    for report in REPORTS:
        if Path(report).exists():
            print(f"\n{report} is still that of an earlier build.", file=sys.stderr)
    said = Path(snakemake_log).read_text(encoding="utf-8", errors="replace")
    for line in list(causes(said)) or [STOPPED]:
        print(line, file=sys.stderr)


def print_if_full(folder: str | Path = ".") -> None:
    """Print that the disk is full, if it is: whatever else went wrong, this comes first."""
    if shutil.disk_usage(folder).free < SMALLEST_FREE_BYTES:
        place = Path(folder).absolute()
        print(
            f"\nNo space left on the disk of {place}."
            "\n  -> Free some space there and run the same command again.",
            file=sys.stderr,
        )


def causes(text: str) -> Iterator[str]:
    """Yield the last words of each failed job.

    Parameters
    ----------
    text : str
        Snakemake's log.

    Yields
    ------
    str
        Rule, cause and remedy.
    """
    for rule, log in dict.fromkeys(FAILED.findall(text)):
        said = Path(log).read_text(encoding="utf-8", errors="replace") if Path(log).exists() else ""
        _, mark, words = (
            said.rpartition(f"\n{MARK}") if f"\n{MARK}" in said else said.partition(MARK)
        )
        if not mark:
            words = (
                "The job ended without a word: it was stopped (by Ctrl-C?) or killed, "
                "perhaps for want of memory.\n"
                "  -> Run the same command again, with --cores 1 if memory is short. "
                f"What it said before is in {log}."
            )
        yield f"\n{rule} failed: {words.strip()}"
