"""Tasks beside the caller: all are done, once, in order, whoever does them."""

from __future__ import annotations

import threading
from functools import partial

import numpy as np
import pytest

from nn.threads import Task, Threads, results


@pytest.mark.parametrize("count", [1, 2, 4])
def test_each_task_is_done_once_and_the_results_are_in_order(count) -> None:
    done: list[int] = []

    def task(k: int) -> int:
        done.append(k)
        return k * k

    with Threads(count) as threads:
        tasks = threads.start([partial(task, k) for k in range(20)])
        assert results(tasks) == [k * k for k in range(20)]
    assert sorted(done) == list(range(20))


def test_a_second_thread_works_while_the_caller_does_something_else() -> None:
    began, go_on = threading.Event(), threading.Event()

    def task() -> bool:
        began.set()
        return go_on.wait(timeout=60)

    with Threads(2) as threads:
        tasks = threads.start([task])
        assert began.wait(timeout=60)
        go_on.set()
        assert results(tasks) == [True]


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
        tasks = threads.start([first, second])
        assert began.wait(timeout=60)
        # Without the caller's help the first task would wait in vain.
        one, other = results(tasks)
    assert one is not threading.current_thread()
    assert other is threading.current_thread()


def test_the_caller_helps_where_the_second_thread_has_enough_to_do() -> None:
    began, go_on = threading.Event(), threading.Event()
    workers: dict[int, threading.Thread] = {}

    def task(k: int) -> None:
        if threading.current_thread() is not caller:
            began.set()
            assert go_on.wait(timeout=60)
        workers[k] = threading.current_thread()

    caller = threading.current_thread()
    with Threads(2) as threads:
        first = threads.start([partial(task, 0)])
        assert began.wait(timeout=60)
        # The other thread waits; what is too much for it is done before `start` returns.
        tasks = threads.start([partial(task, k) for k in range(1, 21)])
        assert set(workers.values()) == {caller}
        assert 0 < len(workers) < 20
        go_on.set()
        results(first + tasks)
    assert sorted(workers) == list(range(21))
    assert workers[0] is not caller


@pytest.mark.parametrize("count", [1, 2, 4])
def test_each_part_comes_after_the_part_before(count) -> None:
    done: list[tuple[int, int]] = []
    with Threads(count) as threads:
        tasks: list[Task[None]] = []
        for k in range(50):
            tasks = threads.start([partial(done.append, (k, part)) for part in range(3)], tasks)
        results(tasks)
    for part in range(3):
        assert [k for k, number in done if number == part] == list(range(50))


def test_asking_for_a_task_does_what_comes_before_it() -> None:
    done: list[str] = []
    first = Task(partial(done.append, "first"))
    second = Task(partial(done.append, "second"), after=first)
    assert not second.do_if_free()
    assert done == []
    second.result()
    assert done == ["first", "second"]
    assert first.done()


def test_a_task_that_somebody_is_at_is_not_free() -> None:
    began, go_on = threading.Event(), threading.Event()

    def work() -> int:
        began.set()
        assert go_on.wait(timeout=60)
        return 7

    task = Task(work)
    other = threading.Thread(target=task.result)
    other.start()
    assert began.wait(timeout=60)
    assert not task.do_if_free()
    go_on.set()
    assert task.result() == 7
    other.join()
    assert not task.do_if_free()


def test_as_many_parts_must_come_after_as_came_before() -> None:
    with Threads() as threads:
        tasks = threads.start([int, int])
        with pytest.raises(ValueError, match="zip"):
            threads.start([int], after=tasks)


@pytest.mark.parametrize("count", [1, 2])
def test_an_error_in_a_task_reaches_the_caller(count) -> None:
    def task() -> None:
        raise FloatingPointError("here")

    with Threads(count) as threads, pytest.raises(FloatingPointError, match="here"):
        results(threads.start([task]))


@pytest.mark.parametrize("count", [1, 2])
def test_nothing_is_done_after_an_error(count) -> None:
    done: list[int] = []

    def task() -> None:
        raise FloatingPointError("here")

    with Threads(count) as threads:
        later = threads.start([partial(done.append, 1)], after=threads.start([task]))
        with pytest.raises(FloatingPointError, match="here"):
            results(later)
    assert done == []


def test_an_error_of_the_caller_ends_the_threads() -> None:
    before = threading.active_count()
    with pytest.raises(KeyboardInterrupt), Threads(2) as threads:
        threads.start([partial(sum, [1, 2])])
        raise KeyboardInterrupt
    assert threading.active_count() == before


@pytest.mark.parametrize("count", [1, 2])
def test_numpys_error_state_is_the_callers(count) -> None:
    with Threads(count) as threads, np.errstate(divide="raise"):
        tasks = threads.start([lambda: np.ones(1) / 0] * 3)
        with pytest.raises(FloatingPointError):
            results(tasks)


@pytest.mark.parametrize("count", [1, 2])
def test_tasks_are_not_done_again(count) -> None:
    done: list[int] = []
    with Threads(count) as threads:
        tasks = threads.start([partial(done.append, 1)] * 3)
        assert results(tasks) == results(tasks) == [None] * 3
    assert len(done) == 3
