"""Trainings measured side by side: part (e) of the handout, and how its time grows.

The runs are interleaved, A B C A B C, so that what else the machine does hits everybody.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Sequence
from typing import Any, NamedTuple

from benchmarks.processes import run
from benchmarks.tasks import Task

PART_E = Task()
#: Final test losses of the same work agree to this; float32 is held to fewer digits.
AGREEMENT = {"torch32": 1e-3}
EXACT = 1e-8

#: n = 1 and n = 10 for 2,000 updates each: their training sets are cut, their evaluations are not.
BATCH_SIZES = [
    Task(batch_size=1, images=2000, epochs=1),
    Task(batch_size=10, images=4000),
    PART_E,
    Task(batch_size=1000),
    Task(batch_size=12080),
]
#: One epoch each; part (e) has five.
WIDTHS = [Task(hidden=h, epochs=1) for h in (50, 100, 200, 400, 800, 1600, 3200)]
TEST_SETS = [Task(test_images=m, epochs=1) for m in (250, 1000, 2019, 4000, 8000)]


class Case(NamedTuple):
    """One cell of the table: who does what with how many threads."""

    group: str
    implementation: str
    threads: int
    task: Task


class Result(NamedTuple):
    """The runs of one case."""

    case: Case
    runs: list[dict[str, Any]]


def plan(only: Sequence[str]) -> list[Case]:
    """List the cases of the wanted groups in the order in which they are interleaved."""
    everybody = ("nn", "nn-unpinned", "numpy", "torch", "torch32")
    both = ("nn", "torch")
    groups = {
        "part-e": [(i, t, PART_E) for t in (1, 2) for i in everybody],
        "batch": [(i, t, task) for task in BATCH_SIZES for t in (1, 2) for i in both],
        "width": [(i, 2, task) for task in WIDTHS for i in both],
        "test-set": [(i, 2, task) for task in TEST_SETS for i in both],
    }
    return [Case(group, *cell) for group in groups if group in only for cell in groups[group]]


def measure(cases: Sequence[Case], repeats: int) -> list[Result]:
    """Run all cases `repeats` times, interleaved.

    Parameters
    ----------
    cases : sequence of Case
        What to run.
    repeats : int
        How many rounds.

    Returns
    -------
    list of Result

    Raises
    ------
    ValueError
        If two implementations end a task with different losses.
    """
    results = [Result(case, []) for case in cases]
    for repeat in range(repeats):
        for number, (case, runs) in enumerate(results, 1):
            measured = run(case.implementation, case.task, case.threads)
            runs.append(measured)
            print(
                f"round {repeat + 1}/{repeats}, {number}/{len(results)}: {describe(case)}: "
                f"{measured['seconds']:.2f} s",
                file=sys.stderr,
                flush=True,
            )
        require_same_work(results)
    return results


def describe(case: Case) -> str:
    """Name a case in a line."""
    task = case.task
    return (
        f"{case.group}, {case.implementation}, {case.threads} thread(s), n = {task.batch_size}, "
        f"h = {task.hidden}, {task.images} + {task.test_images} images, {task.updates} updates"
    )


def require_same_work(results: Sequence[Result]) -> None:
    """Refuse to compare trainings that did not end alike.

    Parameters
    ----------
    results : sequence of Result
        Each with a run.

    Raises
    ------
    ValueError
        If final losses or numbers of updates differ within a task.
    """
    first: dict[Task, Result] = {}
    for result in results:
        reference = first.setdefault(result.case.task, result)
        tolerance = AGREEMENT.get(result.case.implementation, EXACT)
        for one in result.runs:
            other = reference.runs[0]
            same = one["updates"] == other["updates"] and all(
                math.isclose(one["final"][k], other["final"][k], abs_tol=tolerance, rel_tol=0)
                for k in (0, 2)
            )
            if not same:
                raise ValueError(
                    f"expected the same training from everybody; {describe(reference.case)} ended "
                    f"with {other['final']}, {describe(result.case)} with {one['final']}"
                )
