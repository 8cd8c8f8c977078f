"""The end of a build is not delayed, and can be asked for at any moment."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator

import pytest

from provenance.ending import cancel_timers, stop_in_a_line, stop_without_waiting


@pytest.fixture
def handler(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Put back what answers SIGTERM and what is not caught."""
    monkeypatch.setattr(sys, "excepthook", sys.__excepthook__)
    before = signal.signal(signal.SIGTERM, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGTERM, before)


def test_ctrl_c_is_answered_in_a_line_and_other_errors_in_full(
    handler: None, capsys: pytest.CaptureFixture[str]
) -> None:
    stop_in_a_line()
    for error in (KeyboardInterrupt(), ValueError("a mistake")):
        sys.excepthook(type(error), error, None)
    said = capsys.readouterr().err.splitlines()
    assert said == ["Stopped. The same command goes on from here.", "ValueError: a mistake"]


def test_before_snakemake_answers_it_sigterm_is_like_ctrl_c(handler: None) -> None:
    stop_in_a_line()
    with pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), signal.SIGTERM)


def test_another_answer_to_sigterm_stays(handler: None) -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    stop_in_a_line()
    stop_without_waiting()
    os.kill(os.getpid(), signal.SIGTERM)


def test_in_another_thread_nothing_is_changed(handler: None) -> None:
    thread = threading.Thread(target=stop_in_a_line)
    thread.start()
    thread.join()
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_a_handler_does_not_wait_for_the_thread_that_it_interrupts(handler: None) -> None:
    lock, stopped = threading.Lock(), threading.Event()

    def stop(*_: object) -> None:
        # Snakemake's waits without end; a test had better fail.
        if lock.acquire(timeout=20):
            stopped.set()
            lock.release()

    signal.signal(signal.SIGTERM, stop)
    stop_without_waiting()
    with lock:
        os.kill(os.getpid(), signal.SIGTERM)
    assert stopped.wait(20)
    stopped.clear()
    os.kill(os.getpid(), signal.SIGTERM)
    assert stopped.wait(20)


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
