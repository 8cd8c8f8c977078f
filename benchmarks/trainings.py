"""Trainings side by side: each in a process of its own, all of a task with the same losses.

Timed is the way from arrays in memory to the whole history, this project's Gram matrix included;
reading the data and importing are not. `python -m benchmarks.trainings WHO THREADS TASK` is such a
process; `run` starts it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

import numpy as np
from threadpoolctl import threadpool_limits

from nn.arrays import FloatArray
from nn.batches import mini_batches
from nn.digits import get_mnist_threes_nines, threes_and_nines
from nn.network import create_weight_matrices
from nn.training import train
from provenance.environment import variables

ROOT = Path(__file__).resolve().parents[1]
OURS, NUMPY, TORCH = "this project", "plain NumPy", "PyTorch"
PEERS = {NUMPY: "benchmarks.peer_numpy", TORCH: "benchmarks.peer_torch"}
STEP_SIZE = 0.1
SEED = 1
#: By (where, what): a function that runs something once and gives its seconds.
Cases = dict[tuple[str, str], Callable[[], float]]


class Task(NamedTuple):
    """Training on MNIST's first 3s and 9s, the whole test set evaluated after every update.

    Beyond MNIST's own 2,019 test images the test set is filled up with training images.
    """

    batch_size: int = 100
    hidden: int = 200
    images: int = 12080
    test_images: int = 2019
    epochs: int = 5


def cases(workloads: dict[str, Task], threads: list[int], everybody: list[str]) -> Cases:
    """List every training of these tasks, by how many threads and whom."""
    losses_of_first: dict[Task, FloatArray] = {}

    def measure(who: str, count: int, task: Task) -> float:
        seconds, losses = run(who, count, task)
        require_same_work(losses_of_first.setdefault(task, losses), losses, f"{who} on {task}")
        return seconds

    return {
        (f"{name}, {count} thread" + "s" * (count > 1), who): partial(measure, who, count, task)
        for name, task in workloads.items()
        for count in threads
        for who in everybody
    }


def require_same_work(expected: FloatArray, losses: FloatArray, what: str) -> None:
    """Refuse to compare trainings whose losses, (updates, 2), are not the same to 1e-8."""
    if expected.shape != losses.shape or not np.allclose(expected, losses, rtol=0, atol=1e-8):
        raise ValueError(
            f"{what}: expected the losses of whoever did it first, {len(expected)} updates up to "
            f"{expected[-1]}; got {len(losses)} up to {losses[-1]}"
        )


def run(who: str, threads: int, task: Task) -> tuple[float, FloatArray]:
    """Let a process train once; return its seconds and its losses.

    It sees the variables of the pipeline's jobs; PyTorch does not read the kernels pinned there.
    """
    counts = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    printed = subprocess.run(
        [sys.executable, "-m", "benchmarks.trainings", who, str(threads), json.dumps(task)],
        cwd=ROOT,
        env=os.environ | variables(ROOT) | dict.fromkeys(counts, str(threads)),
        stdout=subprocess.PIPE,
        check=True,
    ).stdout
    seconds, losses = json.loads(printed)
    return seconds, np.array(losses)


def main(who: str, threads: int, task: Task) -> None:
    """Train once, after a rehearsal that starts threads and loads what is loaded lazily."""
    data = load(task)
    small = Task(min(task.batch_size, 50), hidden=20, images=200, test_images=100, epochs=1)
    rehearsal = [*(array[:200] for array in data[:2]), *(array[:100] for array in data[2:])]
    train_as(who, threads, small, rehearsal)
    begin = time.perf_counter()
    history = train_as(who, threads, task, data)
    print(json.dumps([time.perf_counter() - begin, history[:, [0, 2]].tolist()]))


def train_as(who: str, threads: int, task: Task, data: list[FloatArray]) -> FloatArray:
    """Train; return loss and accuracy on each batch before its update, on the test set after it.

    Where an update has fewer images than the test set, this project evaluates that beside the next
    one and BLAS has one thread, as in the pipeline; else the products of an update get the threads.
    """
    layer_dims = [data[0].shape[1], task.hidden, 1]
    rng = np.random.default_rng(SEED)
    if who in PEERS:
        # What nn.training.train draws from the same seed, in the same order.
        weight_matrices = create_weight_matrices(layer_dims, rng=rng)
        epochs = [mini_batches(task.images, task.batch_size, rng) for _ in range(task.epochs)]
        batches = [batch for epoch in epochs for batch in epoch]
        return import_module(PEERS[who]).train(data, weight_matrices, batches, STEP_SIZE)
    beside = threads if task.batch_size < task.test_images else 1
    with threadpool_limits(limits=threads // beside):
        history = train(
            *data,
            layer_dims=layer_dims,
            step_size=STEP_SIZE,
            batch_size=task.batch_size,
            epochs=task.epochs,
            rng=rng,
            threads=beside,
        ).history
    return np.array([(*step[2:4], step.test.loss, step.test.accuracy) for step in history])


def load(task: Task) -> list[FloatArray]:
    """Read MNIST, or draw digits where it is not; cut X_train, y_train, X_test, y_test to size."""
    if folder := mnist_folder():
        (X_train, y_train), (X_test, y_test) = get_mnist_threes_nines(folder)
    else:
        from homework.synthetic import draw_digits  # noqa: PLC0415

        X, y, _ = threes_and_nines(*draw_digits(12080 + 2019, rng=np.random.default_rng(SEED)))
        X_train, y_train, X_test, y_test = X[:12080], y[:12080], X[12080:], y[12080:]
    X_test, y_test = np.concatenate([X_test, X_train]), np.concatenate([y_test, y_train])
    n, m = task.images, task.test_images
    arrays = X_train[:n], y_train[:n], X_test[:m], y_test[:m]
    return [a.reshape(len(a), -1) if a.ndim > 1 else a.astype(np.float64) for a in arrays]


def mnist_folder() -> Path | None:
    """Find MNIST's files where the pipeline finds them; None if they are in neither place."""
    folders = (ROOT / "resources/mnist", ROOT.parent / "shared/mnist")
    return next((folder for folder in folders if any(folder.glob("*.gz"))), None)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), Task(*json.loads(sys.argv[3])))
