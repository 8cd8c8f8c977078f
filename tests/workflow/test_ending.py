"""The end of a build is not delayed."""

from __future__ import annotations

import threading
import time

from workflow.lib.ending import cancel_timers


def test_timers_are_cancelled_and_other_threads_go_on() -> None:
    rang, go_on = [], threading.Event()
    timer = threading.Timer(60, rang.append, [1])
    other = threading.Thread(target=go_on.wait)
    timer.start()
    other.start()
    begin = time.monotonic()
    cancel_timers()
    timer.join()
    assert time.monotonic() - begin < 30
    assert not rang
    assert other.is_alive()
    go_on.set()
    other.join()
