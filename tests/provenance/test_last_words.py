"""The end of a build: not delayed, to be asked for at any moment, causes told last."""

from __future__ import annotations

import atexit
import os
import shutil
import signal
import sys
import threading
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from types import SimpleNamespace

import pytest

from provenance import last_words
from provenance.errors import Failure

LOG = "snakemake.log"
ERROR = """\
Error in rule {rule}:
    jobid: 3
    output: out.csv
    log: {log} (check log file(s) for error details)
Exiting because a job execution failed.
"""


@pytest.fixture
def handler(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Put back what answers SIGTERM and what is not caught."""
    monkeypatch.setattr(sys, "excepthook", sys.__excepthook__)
    monkeypatch.setattr(signal, "signal", signal.signal)
    before = signal.signal(signal.SIGTERM, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGTERM, before)


def test_a_failure_before_the_build_is_told_when_all_else_was_said(monkeypatch, capsys) -> None:
    later = []
    monkeypatch.setattr(
        atexit, "register", lambda *call, **how: later.append(partial(*call, **how))
    )
    with pytest.raises(SystemExit) as end, last_words.told_at_the_end():
        raise Failure("cause", "remedy")
    assert end.value.code == 1
    later.pop()()
    assert capsys.readouterr().err == "\ncause\n  -> remedy\n"
    with pytest.raises(ValueError, match="mistake"), last_words.told_at_the_end():
        raise ValueError("mistake")
    assert later == []


def test_each_failed_job_is_told_once_by_the_last_words_of_its_log(inside, capsys) -> None:
    Path("fit.log").write_text("ERROR: an old one\n  -> x\nmore\nERROR: cause\n  -> remedy\n")
    Path("a log.txt").write_text("ERROR: other cause\n  -> other remedy\n")
    said = ERROR.format(rule="fit", log="fit.log") + ERROR.format(rule="draw", log="a log.txt")
    Path(LOG).write_text(f"Building DAG\n{said}{said}")
    last_words.print_causes(LOG, [])
    assert capsys.readouterr().err == (
        "\nfit failed: cause\n  -> remedy\n\ndraw failed: other cause\n  -> other remedy\n"
    )


CLUSTER = ERROR.replace("{log} (", "{log}, {cluster} (").replace(
    "Exiting", "    external_jobid: 12\nExiting"
)


def test_a_job_that_failed_on_a_cluster_is_told_by_its_own_log_and_its_name_there(inside) -> None:
    Path("fit.log").write_text("ERROR: cause\n  -> remedy\n")
    [said] = last_words.causes(CLUSTER.format(rule="fit", log="fit.log", cluster=inside / "12.log"))
    assert said == (
        "\nfit failed: cause\n  -> remedy\n"
        "  (job 12 of the cluster; the cluster's own log is 12.log)"
    )


def test_a_job_that_the_cluster_ended_is_told_in_the_clusters_words(inside) -> None:
    Path("12.log").write_text(
        "at work\nslurmstepd: error: *** JOB 12 ON n1 CANCELLED DUE TO TIME LIMIT ***\n"
    )
    [said] = last_words.causes(CLUSTER.format(rule="fit", log="fit.log", cluster="12.log"))
    assert said.startswith("\nfit failed: The job was ended by the cluster: JOB 12 ON n1 CANCELLED")
    assert "runtime" in said and "fit.log" in said and "job 12 of the cluster" in said


@pytest.mark.parametrize("words", [None, "", "at work: no ERROR: here\n"])
def test_a_job_that_ended_without_a_word_is_told_to_be_killed(inside, words) -> None:
    if words is not None:
        Path("fit.log").write_text(words)
    [said] = last_words.causes(ERROR.format(rule="fit", log="fit.log"))
    assert said.startswith("\nfit failed: The job ended without a word")
    assert "--cores 1" in said and "fit.log" in said


def test_a_stopped_build_is_told_and_which_report_is_old_now(inside, capsys) -> None:
    Path("out").mkdir()
    for path in ("report.pdf", LOG):
        Path(path).touch()
    last_words.print_causes(LOG, ["out", "report.pdf", "other.pdf"])
    said = capsys.readouterr().err
    assert said.startswith("\nreport.pdf is still that of an earlier build.\n")
    assert said.count("earlier build") == 1
    assert said.endswith("  -> The same command goes on from here.\n")


@pytest.mark.parametrize(("free", "told"), [(0, True), (1 << 30, False)])
def test_a_full_disk_is_told(monkeypatch, capsys, free, told) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: SimpleNamespace(free=free))
    last_words.print_if_full()
    assert ("No space left on the disk" in capsys.readouterr().err) is told


def test_ctrl_c_is_answered_in_a_line_and_other_errors_in_full(handler, capsys) -> None:
    last_words.stop_in_a_line()
    for error in (KeyboardInterrupt(), ValueError("a mistake")):
        sys.excepthook(type(error), error, None)
    said = capsys.readouterr().err.splitlines()
    assert said == ["Stopped. The same command goes on from here.", "ValueError: a mistake"]


def test_before_snakemake_answers_it_sigterm_is_like_ctrl_c(handler) -> None:
    last_words.stop_in_a_line()
    with pytest.raises(KeyboardInterrupt):
        os.kill(os.getpid(), signal.SIGTERM)


def test_another_answer_to_sigterm_stays(handler) -> None:
    last_words.stop_without_waiting()
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    last_words.stop_in_a_line()
    os.kill(os.getpid(), signal.SIGTERM)
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_IGN


def test_in_another_thread_nothing_is_changed(handler) -> None:
    thread = threading.Thread(target=last_words.stop_in_a_line)
    thread.start()
    thread.join()
    assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL


def test_a_handler_does_not_wait_for_the_thread_that_it_interrupts(handler) -> None:
    lock, stopped = threading.Lock(), threading.Event()

    def stop(*_: object) -> None:
        # Snakemake's waits without end; a test had better fail.
        if lock.acquire(timeout=20):
            stopped.set()
            lock.release()

    last_words.stop_without_waiting()
    signal.signal(signal.SIGTERM, stop)
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
    last_words.cancel_timers()
    timer.join()
    assert time.monotonic() - begin < 30
    assert not rang
    assert other.is_alive()
    go_on.set()
    other.join()
