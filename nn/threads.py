"""A second pair of hands: work that goes on beside the caller's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from types import TracebackType
from typing import TypeVar

T = TypeVar("T")


class Threads:
    """Runs tasks beside the caller, who helps when it needs their results.

    NumPy lets go of the interpreter's lock in its products and loops, so threads do run at once.
    Which thread runs a task changes no result. BLAS should use one thread of its own.

    Parameters
    ----------
    count : int
        Threads at work at the most, the caller's among them. With 1 the caller does everything.
    """

    def __init__(self, count: int = 1) -> None:
        self._pool = ThreadPoolExecutor(count - 1) if count > 1 else None

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

    def start(self, tasks: Sequence[Callable[[], T]]) -> Callable[[], list[T]]:
        """Begin tasks that do not depend on each other.

        Parameters
        ----------
        tasks : sequence of callable
            Each is called once, without arguments.

        Returns
        -------
        callable
            Sees the tasks through and returns their results in order. It can be called once.
        """
        begun = [(task, self._begin(task)) for task in tasks]
        seen_through = False

        def finish() -> list[T]:
            nonlocal seen_through
            if seen_through:
                raise RuntimeError("these tasks were seen through before")
            seen_through = True
            own: dict[int, T] = {}
            # From the end on: what nobody has begun yet is done here.
            for number, (task, future) in reversed([*enumerate(begun)]):
                if future is None or future.cancel():
                    own[number] = task()
            return [
                own[number] if future is None or number in own else future.result()
                for number, (_, future) in enumerate(begun)
            ]

        return finish

    def _begin(self, task: Callable[[], T]) -> Future[T] | None:
        """Put a task before the other threads, if there are any."""
        if self._pool is None:
            return None
        # NumPy's errstate lives in the context, which threads do not inherit.
        return self._pool.submit(copy_context().run, task)
