"""One measurement: a process of its own trains once and prints what it took, as JSON.

`python -m benchmarks.measure IMPLEMENTATION TASK`, with the numbers of threads in the environment
(see `benchmarks.processes`). Timed is the way from arrays in memory to the whole history, this
project's Gram matrix included; reading the data and importing are not.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np
from threadpoolctl import threadpool_info, threadpool_limits

from benchmarks import peer_numpy
from benchmarks.tasks import SEED, STEP_SIZE, Data, Task, load, operations, start
from nn.arrays import FloatArray
from nn.gram import exact_type
from nn.training import train as nn_train

#: Trains a task and returns one row per update: batch loss and accuracy, test loss and accuracy.
Trainer = Callable[[Task, Data], FloatArray]


def this_project(task: Task, data: Data) -> FloatArray:
    """Train with `nn.training.train`.

    Where an update has fewer images than the test set, threads evaluate that beside the next one
    and BLAS has one thread, as in the pipeline; else the products of the update get the threads.
    """
    threads = int(os.environ["OMP_NUM_THREADS"])
    beside = threads if task.batch_size < task.test_images else 1
    with threadpool_limits(limits=threads // beside):
        run = nn_train(
            *data,
            layer_dims=[data.X_train.shape[1], task.hidden, 1],
            step_size=STEP_SIZE,
            batch_size=task.batch_size,
            epochs=task.epochs,
            rng=np.random.default_rng(SEED),
            threads=beside,
        )
    return np.array([(*step[2:4], step.test.loss, step.test.accuracy) for step in run.history])


def peer(implementation: str) -> Trainer:
    """Choose a peer by name; PyTorch is imported only where it is measured."""
    if implementation == "numpy":
        return lambda task, data: peer_numpy.train(data, *given(task, data), STEP_SIZE)
    import torch  # noqa: PLC0415

    from benchmarks import peer_torch  # noqa: PLC0415

    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    dtype = torch.float32 if implementation == "torch32" else torch.float64
    return lambda task, data: peer_torch.train(data, *given(task, data), STEP_SIZE, dtype=dtype)


def given(task: Task, data: Data) -> tuple[Any, Any]:
    """Draw the weights and the batches that everybody starts from, as part of the training."""
    return start(task, data.X_train.shape[1])[:2]


def product_rate(
    dtype: type[np.floating[Any]] = np.float64, size: int = 2048, attempts: int = 4
) -> float:
    """Measure how many operations a second NumPy does in a large matrix product."""
    A = np.random.default_rng(0).random((size, size)).astype(dtype)
    product = np.empty_like(A)
    times = []
    for _ in range(attempts):
        begin = time.perf_counter()
        np.matmul(A, A, out=product)
        times.append(time.perf_counter() - begin)
    return 2 * size**3 / min(times)


def least_seconds(task: Task, data: Data, rate: float) -> float:
    """Divide this project's operations by the rate at which products of their precision run."""
    used = data.X_train.any(axis=0)
    training, gram = operations(task, len(used), int(np.count_nonzero(used)))
    precision = exact_type(data.X_train, data.X_test)
    gram_rate = rate if precision is np.float64 else product_rate(precision)
    return training / rate + gram / gram_rate


def measure(implementation: str, task: Task) -> dict[str, Any]:
    """Train once, after a rehearsal that starts threads and loads what is loaded lazily."""
    train = this_project if implementation.startswith("nn") else peer(implementation)
    data = load(task)
    small = Task(min(task.batch_size, 50), 20, 200, 100, 1)
    train(small, Data(*(a[: small.images] for a in data[:2]), *(a[:100] for a in data[2:])))
    numpy_based = not implementation.startswith("torch")
    rate = product_rate() if numpy_based else float("nan")
    begin, begin_cpu = time.perf_counter(), time.process_time()
    history = train(task, data)
    seconds, cpu = time.perf_counter() - begin, time.process_time() - begin_cpu
    limit = None
    if implementation.startswith("nn"):
        limit = least_seconds(task, data, max(rate, product_rate()))
    return {
        "seconds": seconds,
        "cpu_seconds": cpu,
        "updates": len(history),
        "final": history[-1].tolist(),
        "limit": limit,
        "blas": sorted({str(i.get("architecture")) for i in threadpool_info() if numpy_based}),
        "threads": sorted({i["num_threads"] for i in threadpool_info()}),
        "peak_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000,
    }


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1], Task(*json.loads(sys.argv[2])))))
