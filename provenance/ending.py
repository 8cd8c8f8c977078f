"""How a build ends, early or not."""

from __future__ import annotations

import signal
import sys
import threading
from contextlib import suppress
from queue import SimpleQueue
from types import TracebackType


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
