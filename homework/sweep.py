"""A sweep over widths, step sizes and seeds: its table, and what became of each cell of it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.stats import binomtest

Run = tuple[int, float, int]  # width, step size, seed
Table = dict[str, npt.NDArray[Any]]


def tabulate(sweep: Mapping[str, Any], runs: Mapping[Run, Mapping[str, Any]]) -> Table:
    """Give each run that the sweep asks for a row: what came of it, and what it ended with.

    The outcome is "trained", "diverged" (its loss stopped being a finite number) or "missing".
    What a run does not have is NaN.
    """
    rows = []
    for key in product(sweep["widths"], map(float, sweep["step_sizes"]), range(sweep["seeds"])):
        run = runs.get(key)
        if run is None or "diverged_at" in run:
            ended = "missing" if run is None else "diverged"
            rows.append((*key, ended, *[math.nan] * 4, (run or {}).get("diverged_at", math.nan)))
        else:
            last = [run[name]["last"] for name in ("test_accuracy", "test_loss")]
            known = run["on_training_set"]["accuracy"]
            rows.append((*key, "trained", *last, known, run["dead_on_training"], math.nan))
    names = ["width", "step_size", "seed", "outcome", "test_accuracy", "test_loss"]
    names += ["training_accuracy", "dead_on_training", "diverged_at"]
    return dict(zip(names, map(np.array, zip(*rows, strict=True)), strict=True))


def sum_up(table: Table, failed_below: float) -> dict[str, Any]:
    """Count the runs, the failed and the missing, in all and for each width and step size."""
    there = table["outcome"] != "missing"
    failed = there & ~(table["test_accuracy"] >= failed_below)
    cells = []
    for width, step_size in dict.fromkeys(
        zip(table["width"].tolist(), table["step_size"].tolist(), strict=True)
    ):
        here = (table["width"] == width) & (table["step_size"] == step_size)
        cell = {"width": width, "step_size": step_size, "missing": int(np.sum(here & ~there))}
        accuracy = table["test_accuracy"][here & (table["outcome"] == "trained")]
        some = len(accuracy) > 0
        cell |= {
            "runs": int(np.sum(here & there)),
            "failed": int(np.sum(here & failed)),
            "diverged": int(np.sum(table["outcome"][here] == "diverged")),
            "least_accuracy": accuracy.min() if some else None,
            "median_accuracy": np.median(accuracy) if some else None,
            "most_accuracy": accuracy.max() if some else None,
        }
        cells.append(cell | _share(cell["failed"], cell["runs"]))
    counts = {"runs": int(there.sum()), "failed": int(failed.sum()), "missing": int((~there).sum())}
    return {"cells": cells, **counts}


def _share(failed: int, runs: int) -> dict[str, float | None]:
    """Give the share of failed runs with its 95 % interval, after Wilson."""
    if runs == 0:
        return dict.fromkeys(["share", "share_low", "share_high"])
    interval = binomtest(failed, runs).proportion_ci(method="wilson")
    return {"share": failed / runs, "share_low": interval.low, "share_high": interval.high}
