"""How a build ends: stopped in a line, and with each cause and remedy after all other words."""

from __future__ import annotations

import atexit
import re
import shutil
import signal
import sys
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from queue import SimpleQueue
from types import TracebackType

from provenance.errors import MARK, Failure

FAILED = re.compile(
    r"^Error in rule (\w+):\n(?:    .*\n)*?    log: (\S.*?) \(check log", re.MULTILINE
)
SMALLEST_FREE_BYTES = 1 << 16
STOPPED = """
The build ended before it was done. If no reason stands above, it was stopped from outside.
  -> The same command goes on from here."""


@contextmanager
def told_at_the_end(otherwise: type[Exception]) -> Iterator[None]:
    """Print a `Failure` when Snakemake has ended; raise what it prints without a traceback."""
    try:
        yield
    except Failure as error:
        atexit.register(print, f"\n{error}", file=sys.stderr)
        raise otherwise("The build cannot begin. The reason stands below.") from None


def print_causes(snakemake_log: str, reports: Sequence[str]) -> None:
    """Print which reports are old and why each job failed; if none did, the build was stopped."""
    for report in reports:
        if Path(report).is_file():
            print(f"\n{report} is still that of an earlier build.", file=sys.stderr)
    said = Path(snakemake_log).read_text(encoding="utf-8", errors="replace")
    for line in list(causes(said)) or [STOPPED]:
        print(line, file=sys.stderr)


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
    for rule, log in dict.fromkeys(FAILED.findall(text)):
        said = Path(log).read_text(encoding="utf-8", errors="replace") if Path(log).exists() else ""
        _, mark, words = f"\n{said}".rpartition(f"\n{MARK}")
        if not mark:
            words = (
                "The job ended without a word: it was stopped (by Ctrl-C?) or killed, "
                "perhaps for want of memory.\n"
                "  -> Run the same command again, with --cores 1 if memory is short. "
                f"What it said before is in {log}."
            )
        yield f"\n{rule} failed: {words.strip()}"


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
    """Have SIGTERM answered by a thread of its own, as soon as Snakemake has its handler.

    The handler takes a lock that the main thread holds while it notes down what a job has done.
    Handlers run in the main thread too; one that came at that moment would wait for itself, for
    ever.
    """
    stop = signal.getsignal(signal.SIGTERM)
    if not callable(stop):
        return
    signals: SimpleQueue[int] = SimpleQueue()

    def answer() -> None:
        while True:
            stop(signals.get(), None)

    threading.Thread(target=answer, daemon=True).start()
    signal.signal(signal.SIGTERM, lambda number, _: signals.put(number))


def cancel_timers() -> None:
    """Cancel the timers that would keep Snakemake from ending.

    With each job that it starts it sets one, to look a second later whether it may start more
    (`max-jobs-per-timespan`). When the build is done nothing waits for that, yet Python waits for
    every timer before it ends: up to a second, a tenth of a whole build.
    """
    for thread in threading.enumerate():
        if isinstance(thread, threading.Timer):
            thread.cancel()
