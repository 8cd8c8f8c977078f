"""Start a measurement as a process of its own, with its numbers of threads in its environment."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

from benchmarks.tasks import ROOT, Task
from provenance.environment import environment

THREADS = (
    "OMP_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "MKL_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)
PINS = ("OPENBLAS_CORETYPE", "NPY_DISABLE_CPU_FEATURES")


def surroundings(implementation: str, threads: int) -> dict[str, str]:
    """Make the environment of a measurement.

    Parameters
    ----------
    implementation : str
        Everybody gets what the pipeline gives its jobs. The pinned kernels of OpenBLAS and NumPy
        are the exception: they are for "nn" and "numpy", not for "nn-unpinned" and PyTorch.
    threads : int
        For every library that counts threads.

    Returns
    -------
    dict of str to str
    """
    kept = {k: v for k, v in os.environ.items() if k not in (*PINS, "PYTHONHOME")}
    given = environment(ROOT) | dict.fromkeys(THREADS, str(threads))
    if implementation not in ("nn", "numpy"):
        given = {k: v for k, v in given.items() if k not in PINS}
    return kept | given


def run(implementation: str, task: Task, threads: int) -> dict[str, Any]:
    """Measure one training and return what `benchmarks.measure` says of it.

    Parameters
    ----------
    implementation : str
        "nn", "nn-unpinned", "numpy", "torch" or "torch32".
    task : Task
        What to train.
    threads : int
        Threads of the matrix products.

    Returns
    -------
    dict

    Raises
    ------
    RuntimeError
        If the process fails, with its last words.
    """
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.measure", implementation, json.dumps(task)],
        cwd=ROOT,
        env=surroundings(implementation, threads),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"measuring {implementation} on {task} failed:\n{done.stderr[-2000:]}")
    result: dict[str, Any] = json.loads(done.stdout)
    return result
