"""One table from all measurements, as text, CSV and plot, with the bounds beside the figures."""

from __future__ import annotations

import csv
import platform
import re
import statistics
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from matplotlib.figure import Figure

from benchmarks.training import PART_E, Result

#: The x-axis of a growth plot, by group: its label, and which field of the task it is.
AXES = {
    "batch": ("images per update", "batch_size"),
    "width": ("hidden units", "hidden"),
    "test-set": ("test images", "test_images"),
}
NAMES = {
    "nn": "this project",
    "nn-unpinned": "this project, kernels unpinned",
    "numpy": "straightforward NumPy",
    "torch": "PyTorch",
    "torch32": "PyTorch, float32",
}


class Row(NamedTuple):
    """A line of the table; seconds over the rounds. Empty fields have no meaning there."""

    group: str
    what: str
    threads: Any
    batch_size: Any
    hidden: Any
    images: Any
    test_images: Any
    updates: Any
    median_s: float
    min_s: float
    max_s: float
    rounds: int
    over_pytorch: Any
    share_of_limit: Any
    peak_mb: Any
    final_test_loss: Any


class Bound(NamedTuple):
    """A promise and what was measured."""

    figure: str
    bound: float
    measured: float
    at_least: bool = False

    @property
    def verdict(self) -> str:
        """Met or not."""
        met = self.measured >= self.bound if self.at_least else self.measured <= self.bound
        return "met" if met else "NOT MET"


def rows(results: Sequence[Result], pipeline: Mapping[str, Sequence[float]]) -> list[Row]:
    """Make the table's lines."""
    table = []
    for case, runs in results:
        task = case.task
        seconds = [run["seconds"] for run in runs]
        ratio = over_pytorch(results, case.group, case.implementation, case.threads, task)
        ours = case.implementation.startswith("nn")
        table.append(
            Row(
                case.group, NAMES[case.implementation], case.threads, task.batch_size, task.hidden,
                task.images, task.test_images, task.updates, *spread(seconds), len(runs),
                ratio, share_of_limit(runs) if ours else None,
                max(run["peak_mb"] for run in runs), runs[0]["final"][2],
            )
        )  # fmt: skip
    for name, times in pipeline.items():
        sizes, rest = [None] * 6, [None] * 4
        table.append(Row("pipeline", name, *sizes, *spread(times), len(times), *rest))
    return table


def spread(seconds: Iterable[float]) -> tuple[float, float, float]:
    """Median, least and most."""
    seconds = list(seconds)
    return statistics.median(seconds), min(seconds), max(seconds)


def over_pytorch(
    results: Sequence[Result], group: str, implementation: str, threads: int, task: Any
) -> float | None:
    """Divide by PyTorch's float64 time for the same task and threads: the rounds' median."""
    times = {
        case.implementation: [run["seconds"] for run in runs]
        for case, runs in results
        if (case.group, case.threads, case.task) == (group, threads, task)
    }
    if implementation not in times or "torch" not in times:
        return None
    pairs = zip(times[implementation], times["torch"], strict=True)
    return statistics.median(one / other for one, other in pairs)


def share_of_limit(runs: Sequence[dict[str, Any]]) -> float:
    """Divide the time that the operations take at the rate of large products by the time taken."""
    return statistics.median(run["limit"] / run["seconds"] for run in runs)


def bounds(results: Sequence[Result], pipeline: Mapping[str, Sequence[float]]) -> list[Bound]:
    """Compare what was measured with what was promised."""
    found = []
    limits = {1: 0.10, PART_E.batch_size: 0.25, PART_E.images: 1.0}
    for case, runs in results:
        n, threads = case.task.batch_size, case.threads
        if case.implementation != "nn" or case.group not in ("part-e", "batch"):
            continue
        where = f"{threads} thread(s)"
        ratio = over_pytorch(results, case.group, "nn", threads, case.task)
        if n in limits and ratio is not None and (case.group, n) != ("batch", PART_E.batch_size):
            found.append(
                Bound(f"part (e), n = {n}, this project / PyTorch, {where}", limits[n], ratio)
            )
        if case.group == "part-e":
            share = share_of_limit(runs)
            found.append(Bound(f"part (e), share of the limit, {where}", 0.6, share, True))
    if pipeline:
        median = {name: statistics.median(seconds) for name, seconds in pipeline.items()}
        no_op = median["no-op"]
        training = median["PyTorch training"]
        found += [
            Bound("cold build / one PyTorch training", 1.5, median["cold"] / training),
            Bound("no-op / no-op of a one-rule Snakefile", 1.3, no_op / median["one-rule no-op"]),
            Bound("one template edited / no-op", 3.0, median["template edited"] / no_op),
        ]
    return found


def write(folder: Path, table: Sequence[Row], promises: Sequence[Bound], machine: str) -> str:
    """Write table.csv, table.txt, bounds.csv, growth.pdf and .png; return the text.

    Parameters
    ----------
    folder : Path
        Where to.
    table : sequence of Row
    promises : sequence of Bound
    machine : str
        On what and how it was measured.

    Returns
    -------
    str
    """
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "table.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([Row._fields, *table])
    with (folder / "bounds.csv").open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows(
            [("figure", "bound", "measured", "verdict"), *((*b[:3], b.verdict) for b in promises)]
        )
    content = text(table, promises, machine)
    (folder / "table.txt").write_text(content, encoding="utf-8")
    growth(table).savefig(folder / "growth.pdf")
    growth(table).savefig(folder / "growth.png", dpi=150)
    return content


def text(table: Sequence[Row], promises: Sequence[Bound], machine: str) -> str:
    """Lay the table out for a terminal."""
    lines = [machine, ""]
    header = (
        f"{'what':32}{'threads':>8}{'n':>7}{'h':>6}{'images':>8}{'test':>7}{'updates':>9}"
        f"{'median s':>10}{'min':>8}{'max':>8}{'/ torch':>9}{'of limit':>9}{'MB':>7}"
    )
    group = None
    for row in table:
        if row.group != group:
            group = row.group
            lines += ["", f"{group} ({row.rounds} rounds)", header]
        cells = zip(row[2:8], (8, 7, 6, 8, 7, 9), strict=True)
        lines.append(
            f"{row.what:32}"
            + "".join(f"{'' if cell is None else cell:>{width}}" for cell, width in cells)
            + f"{row.median_s:10.2f}{row.min_s:8.2f}{row.max_s:8.2f}"
            + number(row.over_pytorch, 9, 3)
            + number(row.share_of_limit, 9, 2)
            + number(row.peak_mb, 7, 0)
        )
    lines += ["", f"{'bound':62}{'wanted':>9}{'measured':>10}"]
    for b in promises:
        sign = ">=" if b.at_least else "<="
        lines.append(f"{b.figure:62}{sign:>4}{b.bound:5.2f}{b.measured:10.3f}  {b.verdict}")
    return "\n".join(lines) + "\n"


def number(value: float | None, width: int, digits: int) -> str:
    """Format a number that may be missing."""
    return " " * width if value is None else f"{value:{width}.{digits}f}"


def growth(table: Sequence[Row]) -> Figure:
    """Plot milliseconds per update against each size, with the range over the rounds."""
    measured = [group for group in AXES if any(row.group == group for row in table)]
    figure = Figure(figsize=(10, 3.2), layout="constrained")
    for k, group in enumerate(measured, start=1):
        label, field = AXES[group]
        ax = figure.add_subplot(1, len(measured), k)
        for name, marker in (("this project", "o"), ("PyTorch", "s")):
            points = [
                row for row in table if (row.group, row.what, row.threads) == (group, name, 2)
            ]
            ms = np.array([[row.median_s, row.min_s, row.max_s] for row in points]).T
            ms *= 1e3 / np.array([row.updates for row in points])
            error = [ms[0] - ms[1], ms[2] - ms[0]]
            x = [getattr(row, field) for row in points]
            ax.errorbar(x, ms[0], error, marker=marker, capsize=2, label=name)
        ax.set(xscale="log", yscale="log", xlabel=label)
        ax.set_ylabel("ms per update, two threads")
        ax.legend()
    return figure


def machine_line() -> str:
    """Describe the machine and the versions."""
    try:
        cpuinfo = Path("/proc/cpuinfo").read_text(encoding="utf-8")
        names = re.findall(r"^model name\s*: (.*)$", cpuinfo, re.MULTILINE)
        processor = f"{len(names)} x {names[0]}" if names else platform.processor()
    except OSError:
        processor = platform.processor()
    return (
        f"{processor}, {platform.system()} {platform.machine()}, "
        f"Python {platform.python_version()}, NumPy {np.__version__}"
    )
