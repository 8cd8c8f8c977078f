"""How a build ends: stopped in a line, and with each cause and remedy after all other words."""

from __future__ import annotations

import atexit
import os
import re
import shutil
import signal
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import SimpleQueue
from types import TracebackType
from typing import Any

from provenance.errors import MARK, Failure
from provenance.files import read_json

FAILED = re.compile(r"^Error in rule (\w+):\n((?:    .*\n)*)", re.MULTILINE)
# A job's own log and, if a cluster ran it, the cluster's, which has a name for the job, too.
LOGS = re.compile(r"^    log: (\S.*?)(?:, (.*))? \(check log", re.MULTILINE)
CLUSTER_JOB = re.compile(r"^    external_jobid: (.*)$", re.MULTILINE)
# What a cluster says of a job that it ends.
ENDED = re.compile(r"^slurmstepd\S*: error: (.*)$", re.MULTILINE)
SMALLEST_FREE_BYTES = 1 << 16
STOPPED = """
The build ended before it was done. If no reason stands above, it was stopped from outside, or
Snakemake was told to note none (--quiet all): then the last words of a log in logs/ are the reason.
  -> The same command goes on from here."""


@contextmanager
def told_at_the_end() -> Iterator[None]:
    """End Snakemake because of a `Failure`, which is told when all else was said."""
    try:
        yield
    except Failure as error:
        atexit.register(print, f"\n{error}", file=sys.stderr)
        sys.exit(1)


def print_causes(snakemake_log: str, reports: Sequence[str]) -> None:
    """Print which reports are old and why each job failed; if none did, the build was stopped."""
    for report in reports:
        if Path(report).is_file():
            print(f"\n{report} is still that of an earlier build.", file=sys.stderr)
    said = Path(snakemake_log).read_text(encoding="utf-8", errors="replace")
    for line in list(causes(said)) or [STOPPED]:
        print(line, file=sys.stderr)


def print_marked(claims: Mapping[str, str]) -> None:
    """Print which sentences of each report are marked, for they do not hold."""
    for report, path in claims.items():
        facts = read_json(path) if Path(path).is_file() else {}
        if marked := [name for name, claim in facts.items() if not claim["holds"]]:
            said = f"{report} marks what does not hold ({len(marked)}): {', '.join(marked)}."
            print(f"\n{said}", file=sys.stderr)


def print_if_full(folder: str | Path = ".") -> None:
    """Print that the disk is full, if it is: Snakemake itself blames other things."""
    if shutil.disk_usage(folder).free < SMALLEST_FREE_BYTES:
        place = Path(folder).absolute()
        print(
            f"\nNo space left on the disk of {place}."
            "\n  -> Free some space there and run the same command again.",
            file=sys.stderr,
        )


def causes(text: str) -> Iterator[str]:
    """Yield rule, cause and remedy of each failed job that Snakemake's log names."""
    for rule, details in dict.fromkeys(FAILED.findall(text)):
        if not (logs := LOGS.search(details)):
            continue
        log, clusters = logs.groups()
        _, mark, words = f"\n{_said(log)}".rpartition(f"\n{MARK}")
        if not mark:
            words = str(_without_a_word(log, clusters))
        if clusters:
            job = CLUSTER_JOB.search(details)
            words = f"{words.strip()}\n  (job {job[1] if job else 'unknown'} of the cluster; "
            words += f"the cluster's own log is {os.path.relpath(clusters)})"
        yield f"\n{rule} failed: {words.strip()}"


def _without_a_word(log: str, clusters: str | None) -> Failure:
    """Explain why a job's log does not say why it failed."""
    before = f"What it said before is in {log}."
    if clusters is None:
        return Failure(
            "The job ended without a word: it was stopped (by Ctrl-C?) or killed, "
            "perhaps for want of memory.",
            f"Run the same command again, with --cores 1 if memory is short. {before}",
        )
    ended = ENDED.search(_said(clusters))
    return Failure(
        f"The job was ended by the cluster: {ended[1].strip(' *')}."
        if ended
        else "The job ended without a word.",
        f"Run the same command again, with more of what was short (runtime, mem_mb). {before}",
    )


def _said(log: str) -> str:
    """Read a log; nothing if it is not there."""
    path = Path(log)
    return path.read_text(encoding="utf-8", errors="replace") if path.is_file() else ""


def stop_in_a_line() -> None:
    """Have Ctrl-C answered by a line, not by where in Snakemake it struck; and SIGTERM by the same.

    The latter until Snakemake has its own answer to SIGTERM: without one the process would end at
    once and leave Snakemake's locks behind.
    """
    otherwise = sys.excepthook

    def say(
        kind: type[BaseException], error: BaseException, traceback: TracebackType | None
    ) -> None:
        if issubclass(kind, KeyboardInterrupt):
            print("Stopped. The same command goes on from here.", file=sys.stderr)
        else:
            otherwise(kind, error, traceback)

    sys.excepthook = say
    with suppress(ValueError):  # Snakemake is not the main thread's
        if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
            signal.signal(signal.SIGTERM, signal.default_int_handler)


def stop_without_waiting() -> None:
    """Have whatever will answer SIGTERM in this process run in a thread of its own.

    Snakemake's handler takes a lock that the main thread holds while it notes down what a job has
    done. Handlers run in the main thread too; one that came at that moment would wait for itself,
    for ever. It is installed after the Snakefile was read, and what runs then (hooks) does not in
    a cluster's jobs; so it is caught where it is installed.
    """
    install = signal.signal

    def install_beside(number: int, handler: Any) -> Any:
        if number != signal.SIGTERM or not callable(handler):
            return install(number, handler)
        signals: SimpleQueue[int] = SimpleQueue()

        def answer() -> None:
            while True:
                handler(signals.get(), None)

        before = install(number, lambda number, _: signals.put(number))
        threading.Thread(target=answer, daemon=True).start()
        return before

    signal.signal = install_beside  # type: ignore[assignment]


def cancel_timers() -> None:
    """Cancel the timers that would keep Snakemake from ending.

    With each job that it starts it sets one, to look a second later whether it may start more
    (`max-jobs-per-timespan`). When the build is done nothing waits for that, yet Python waits for
    every timer before it ends: up to a second, a tenth of a whole build.
    """
    for thread in threading.enumerate():
        if isinstance(thread, threading.Timer):
            thread.cancel()
