"""The last words of a build that failed: causes and remedies, after all of Snakemake's own."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

from workflow.lib.job import MARK

FAILED = re.compile(
    r"^Error in rule (\w+):\n(?:    .*\n)*?    log: (\S.*?) \(check log", re.MULTILINE
)


def print_causes(snakemake_log: str) -> None:
    """Print for each failed job why it failed and what to do.

    Parameters
    ----------
    snakemake_log : str
        What Snakemake itself logged of the build.
    """
    for line in causes(Path(snakemake_log).read_text(encoding="utf-8", errors="replace")):
        print(line, file=sys.stderr)


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
                "The job ended without a word: it was killed, perhaps for want of memory.\n"
                "  -> Run the same command again, with --cores 1 if memory is short. "
                f"What it said before is in {log}."
            )
        yield f"\n{rule} failed: {words.strip()}"
