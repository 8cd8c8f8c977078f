"""A second pair of hands: work that goes on beside the caller's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from threading import Lock
from types import TracebackType
from typing import Any, Generic, TypeVar, cast

T = TypeVar("T")

# So many tasks the caller leaves to each other thread before it does one itself: enough for the
# time that it is away.
KEPT_BUSY = 8


class Task(Generic[T]):
    """Work that is done once, by whichever thread comes to it first.

    Parameters
    ----------
    work : callable
        Called without arguments.
    after : Task, optional
        What has to be done before.
    """

    def __init__(self, work: Callable[[], T], after: Task[Any] | None = None) -> None:
        self._work: Callable[[], T] | None = work
        self._after = after
        self._value: T | None = None
        self._error: BaseException | None = None
        # Held by the thread that does the work. It may wait for earlier tasks, never for later.
        self._lock = Lock()

    def done(self) -> bool:
        """Say whether the work has been done."""
        return self._work is None

    def result(self) -> T:
        """Do the work, or wait for the thread that does it.

        Returns
        -------
        object
            What the work returned.

        Raises
        ------
        Exception
            What the work, or the work before it, raised.
        """
        if not self.done():
            with self._lock:
                self._do()
        if self._error is not None:
            raise self._error
        return cast(T, self._value)

    def do_if_free(self) -> bool:
        """Do the work if nobody has begun it and nothing has to be waited for; say whether."""
        if not self._lock.acquire(blocking=False):
            return False
        try:
            free = not self.done() and (self._after is None or self._after.done())
            if free:
                self._do()
            return free
        finally:
            self._lock.release()

    def _do(self) -> None:
        """Do the work, unless another thread was faster. The lock is held."""
        if self._work is None:
            return
        try:
            if self._after:
                self._after.result()
            self._value = self._work()
        except BaseException as error:  # for whoever asks for the result
            self._error = error
        # Lets go of their arrays; and says that the work has been done, so it comes last.
        self._after = self._work = None


class Threads:
    """Runs tasks beside the caller, who helps where the others have enough to do.

    NumPy lets go of the interpreter's lock in its products and loops, so threads do run at once.
    Which thread runs a task changes no result. BLAS should use one thread of its own.

    Parameters
    ----------
    count : int
        Threads at work at the most, the caller's among them. With 1 the caller does everything.
    """

    def __init__(self, count: int = 1) -> None:
        self._pool = ThreadPoolExecutor(count - 1) if count > 1 else None
        self._enough = KEPT_BUSY * (count - 1)
        self._open: list[Task[Any]] = []

    def __enter__(self) -> Threads:
        """Be a context, at whose end the threads end."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """End the threads; tasks that have not begun are dropped."""
        if self._pool:
            self._pool.shutdown(cancel_futures=True)

    def start(
        self, work: Sequence[Callable[[], T]], after: Sequence[Task[Any] | None] = ()
    ) -> list[Task[T]]:
        """Begin to do some work, whose parts do not depend on each other.

        Parameters
        ----------
        work : sequence of callable
            Each is called once, without arguments.
        after : sequence of Task, optional
            From an earlier call: each part begins when that of the same number is done.

        Returns
        -------
        list of Task
            One for each part.
        """
        before = after or [None] * len(work)
        tasks = [Task(part, earlier) for part, earlier in zip(work, before, strict=True)]
        if self._pool:
            for task in tasks:
                # NumPy's errstate lives in the context, which threads do not inherit.
                self._pool.submit(copy_context().run, task.result)
        self._open = [task for task in (*self._open, *tasks) if not task.done()]
        self._help()
        return tasks

    def _help(self) -> None:
        """Do tasks until the other threads have just enough of them."""
        while len(self._open) > self._enough and any(t.do_if_free() for t in reversed(self._open)):
            self._open = [task for task in self._open if not task.done()]


def results(tasks: Sequence[Task[T]]) -> list[T]:
    """See tasks through.

    Parameters
    ----------
    tasks : sequence of Task
        What nobody has begun yet is done here, from the end on.

    Returns
    -------
    list
        Their results in order.
    """
    return [task.result() for task in reversed(tasks)][::-1]
