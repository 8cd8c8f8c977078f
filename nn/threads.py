"""A second pair of hands: work that goes on beside the caller's."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
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
            Sees the tasks through and returns their results in order. To be called once.
        """
        if self._pool is None:
            return lambda: [task() for task in tasks]
        # NumPy's errstate lives in the context, which threads do not inherit.
        begun = [(task, self._pool.submit(copy_context().run, task)) for task in tasks]

        def finish() -> list[T]:
            # From the end on: what nobody has begun yet is done here.
            own = {
                n: task() for n, (task, future) in reversed([*enumerate(begun)]) if future.cancel()
            }
            return [own[n] if n in own else future.result() for n, (_, future) in enumerate(begun)]

        return finish
