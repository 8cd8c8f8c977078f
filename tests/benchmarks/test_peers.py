"""The plain NumPy peer does the same work as this project; so does what is counted of it."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks import peer_numpy, training
from benchmarks.tasks import STEP_SIZE, Data, Task, operations, start
from nn.training import train


@pytest.mark.parametrize("batch_size", [1, 20, 70])
def test_the_numpy_peer_trains_as_this_project_does(batch_size) -> None:
    rng = np.random.default_rng(0)
    task = Task(batch_size=batch_size, hidden=9, images=70, test_images=40, epochs=2)
    arrays = [rng.random((70, 12)), rng.integers(0, 2, 70), rng.random((40, 12))]
    data = Data(*(a.astype(float) for a in [*arrays, rng.integers(0, 2, 40)]))
    weight_matrices, batches, fresh_rng = start(task, 12)
    history = peer_numpy.train(data, weight_matrices, batches, STEP_SIZE)
    run = train(
        *data,
        layer_dims=[12, 9, 1],
        step_size=STEP_SIZE,
        batch_size=batch_size,
        epochs=2,
        rng=fresh_rng,
    )
    ours = [(*step[2:4], step.test.loss, step.test.accuracy) for step in run.history]
    assert len(history) == task.updates
    np.testing.assert_allclose(history, ours, rtol=0, atol=1e-12)


def test_different_trainings_are_not_compared() -> None:
    runs = [{"updates": 5, "final": [0.5, 1.0, 0.25 + gap, 1.0]} for gap in (0, 1e-9, 1e-7)]
    cases = [training.Case("part-e", name, 1, Task()) for name in ("nn", "numpy", "torch")]
    results = [training.Result(case, [run]) for case, run in zip(cases, runs, strict=True)]
    training.require_same_work(results[:2])
    with pytest.raises(ValueError, match="expected the same training"):
        training.require_same_work(results)


def test_operations_of_a_direct_evaluation_are_those_of_its_products() -> None:
    # Two updates on everything: following would not pay.
    task = Task(batch_size=10, hidden=3, images=10, test_images=4, epochs=2)
    first_layer = 2 * (2 * 10 * 5 * 3) + 2 * 4 * 5 * 3  # forward, gradient; test set
    second_layer = 2 * (3 * 10 * 3) + 2 * 4 * 3
    unused = 4 * 1 * 3
    assert operations(task, features=6, used=5) == (2 * (first_layer + second_layer + unused), 0)
