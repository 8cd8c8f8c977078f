"""How a build ends, early or not."""

from __future__ import annotations

import signal
import threading
from contextlib import suppress
from queue import SimpleQueue


def stop_as_by_ctrl_c() -> None:
    """Have SIGTERM do what Ctrl-C does, until Snakemake has its own answer to it.

    Without one the process would end at once and leave Snakemake's locks behind.
    """
    with suppress(ValueError):  # Snakemake is not the main thread's
        if signal.getsignal(signal.SIGTERM) is signal.SIG_DFL:
            signal.signal(signal.SIGTERM, signal.default_int_handler)


def stop_without_waiting() -> None:
    """Have SIGTERM answered by a thread of its own, as soon as Snakemake has its handler.

    The handler takes a lock that the main thread holds while it notes down what a job has
    done. Handlers run in the main thread too; one that came at that moment would wait for itself,
    for ever.
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
