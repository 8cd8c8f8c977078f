"""`make bench`: this project beside PyTorch and plain NumPy, and its pipeline; one table.

`make bench ARGS="training --rounds 1"` measures a part only. A round runs every case once, in the
same order, so that what else the machine does hits everybody; a ratio is taken within each round.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import sys
from collections.abc import Callable, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks import pipeline, trainings
from benchmarks.trainings import NUMPY, OURS, TORCH, Cases, Task, mnist_folder

# 1,000 updates with one image each: the training set is cut, the evaluations are not.
OTHER_BATCHES = {"n = 1": Task(1, images=1000, epochs=1), "n = all": Task(12080)}
#: How the time of one epoch grows with the hidden layer and with the test set.
GROWTH = {
    **{f"h = {h}": Task(hidden=h, epochs=1) for h in (50, 200, 800, 3200)},
    **{f"m = {m}": Task(test_images=m, epochs=1) for m in (250, 2000, 8000)},
}
PARTS: dict[str, Callable[[Path], Cases]] = {
    "training": lambda _: (
        trainings.cases({"part (e)": Task()}, [1, 2], [OURS, NUMPY, TORCH])
        | trainings.cases(OTHER_BATCHES, [1, 2], [OURS, TORCH])
    ),
    "growth": lambda _: trainings.cases(GROWTH, [2], [OURS, TORCH]),
    "pipeline": pipeline.cases,
}

#: (where, one, other): the median over the rounds of one's seconds / other's is at most this.
BOUNDS = {
    ("part (e), 1 thread", OURS, TORCH): 0.27,
    ("part (e), 2 threads", OURS, TORCH): 0.30,
    ("n = 1, 1 thread", OURS, TORCH): 0.10,
    ("n = 1, 2 threads", OURS, TORCH): 0.10,
    ("n = all, 1 thread", OURS, TORCH): 1.0,
    ("n = all, 2 threads", OURS, TORCH): 1.0,
    (pipeline.WHERE, "no-op", "one-rule no-op"): 1.3,
    (pipeline.WHERE, "edited template", "no-op"): 3.0,
    (pipeline.WHERE, "cold build", f"{TORCH}, part (e)"): 1.5,
}

HEADER = ["where", "what", "median", "least", "most", "unit", "bound", "verdict"]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("parts", nargs="*", default=[*PARTS], help=", ".join(PARTS))
    parser.add_argument("--rounds", type=int, default=3, help="3, if not given")
    arguments = parser.parse_args()
    if not set(arguments.parts) <= PARTS.keys() or arguments.rounds < 1:
        parser.error(f"expected parts of {', '.join(PARTS)}, and at least one round")

    with TemporaryDirectory(prefix="bench-") as folder:
        if "pipeline" in arguments.parts:
            pipeline.prepare(Path(folder))
        cases: Cases = {}
        for part in arguments.parts:
            cases |= PARTS[part](Path(folder))
        seconds = interleaved(cases, arguments.rounds)

    lines = [HEADER, *table(seconds)]
    print(f"{machine()}; {arguments.rounds} round(s)\n")
    for cells in lines:
        print("{:19}  {:34}  {:>7}  {:>7}  {:>7}  {:5}  {:7}  {}".format(*cells).rstrip())


def interleaved(cases: Cases, rounds: int) -> dict[tuple[str, str], list[float]]:
    """Run all cases once a round and list the seconds of each; say on stderr how far it is."""
    seconds: dict[tuple[str, str], list[float]] = {case: [] for case in cases}
    for number in range(1, rounds + 1):
        for case, run in cases.items():
            seconds[case].append(run())
            told = f"round {number} of {rounds}, {': '.join(case)}: {seconds[case][-1]:.2f} s"
            print(told, file=sys.stderr, flush=True)
    return seconds


def table(seconds: Mapping[tuple[str, str], Sequence[float]]) -> list[list[str]]:
    """List all seconds, then this project's ratio to PyTorch and every ratio that has a bound."""
    lines = [line(*case, rounds, "s") for case, rounds in seconds.items()]
    ratios = dict.fromkeys((where, OURS, TORCH) for where, what in seconds if what == OURS)
    ratios |= {ratio: bound for ratio, bound in BOUNDS.items() if ratio[:2] in seconds}
    for (where, one, other), bound in ratios.items():
        pairs = zip(seconds[where, one], seconds[where, other], strict=True)
        lines.append(line(where, f"{one} / {other}", [a / b for a, b in pairs], "ratio", bound))
    return lines


def line(
    where: str, what: str, rounds: Sequence[float], unit: str, bound: float | None = None
) -> list[str]:
    """Lay out a line of the table, as `HEADER` says."""
    middle = median(rounds)
    numbers = [f"{number:.3f}" for number in (middle, min(rounds), max(rounds))]
    verdict = ["", ""]
    if bound is not None:
        verdict = [f"<= {bound:.2f}", "met" if middle <= bound else "NOT met"]
    return [where, what, *numbers, unit, *verdict]


def machine() -> str:
    """Describe the machine, the versions and the images."""
    cpuinfo = Path("/proc/cpuinfo")
    text = cpuinfo.read_text(encoding="utf-8") if cpuinfo.exists() else ""
    model = re.search(r"model name\s*: (.*)", text)
    processor = f"{os.cpu_count()} x {model[1] if model else platform.machine()}"
    versions = [f"{name} {version(name)}" for name in ("numpy", "torch")]
    images = "MNIST" if mnist_folder() else "drawn digits"
    return ", ".join([processor, f"Python {platform.python_version()}", *versions, images])


if __name__ == "__main__":
    main()
