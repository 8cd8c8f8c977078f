"""What a build does last."""

from __future__ import annotations

import threading


def cancel_timers() -> None:
    """Cancel the timers that would keep Snakemake from ending.

    With each job that it starts it sets one, to look a second later whether it may start more
    (`max-jobs-per-timespan`). When the build is done nothing waits for that, yet Python waits for
    every timer before it ends: up to a second, a tenth of a whole build.
    """
    for thread in threading.enumerate():
        if isinstance(thread, threading.Timer):
            thread.cancel()
