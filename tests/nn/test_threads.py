"""Tasks beside the caller: all are done, once, in order, whoever does them."""

from __future__ import annotations

import threading
from functools import partial

import numpy as np
import pytest

from nn.threads import Threads


@pytest.mark.parametrize("count", [1, 2, 4])
def test_each_task_is_done_once_and_the_results_are_in_order(count) -> None:
    done: list[int] = []

    def task(k: int) -> int:
        done.append(k)
        return k * k

    with Threads(count) as threads:
        finish = threads.start([partial(task, k) for k in range(20)])
        assert finish() == [k * k for k in range(20)]
    assert sorted(done) == list(range(20))


def test_a_second_thread_works_while_the_caller_does_something_else() -> None:
    began, go_on = threading.Event(), threading.Event()

    def task() -> bool:
        began.set()
        return go_on.wait(timeout=60)

    with Threads(2) as threads:
        finish = threads.start([task])
        assert began.wait(timeout=60)
        go_on.set()
        assert finish() == [True]


def test_the_caller_does_what_the_second_thread_has_not_begun() -> None:
    began, go_on = threading.Event(), threading.Event()

    def first() -> threading.Thread:
        began.set()
        assert go_on.wait(timeout=60)
        return threading.current_thread()

    def second() -> threading.Thread:
        go_on.set()
        return threading.current_thread()

    with Threads(2) as threads:
        finish = threads.start([first, second])
        assert began.wait(timeout=60)
        # Without the caller's help the first task would wait in vain.
        one, other = finish()
    assert one is not threading.current_thread()
    assert other is threading.current_thread()


@pytest.mark.parametrize("count", [1, 2])
def test_an_error_in_a_task_reaches_the_caller(count) -> None:
    def task() -> None:
        raise FloatingPointError("here")

    with Threads(count) as threads, pytest.raises(FloatingPointError, match="here"):
        threads.start([task])()


def test_an_error_of_the_caller_ends_the_threads() -> None:
    before = threading.active_count()
    with pytest.raises(KeyboardInterrupt), Threads(2) as threads:
        threads.start([partial(sum, [1, 2])])
        raise KeyboardInterrupt
    assert threading.active_count() == before


@pytest.mark.parametrize("count", [1, 2])
def test_numpys_error_state_is_the_callers(count) -> None:
    with Threads(count) as threads, np.errstate(divide="raise"):
        finish = threads.start([lambda: np.ones(1) / 0] * 3)
        with pytest.raises(FloatingPointError):
            finish()


@pytest.mark.parametrize("count", [1, 2])
def test_tasks_are_not_done_again(count) -> None:
    done: list[int] = []
    with Threads(count) as threads:
        finish = threads.start([partial(done.append, 1)] * 3)
        finish()
        with pytest.raises(RuntimeError, match="seen through before"):
            finish()
    assert len(done) == 3
