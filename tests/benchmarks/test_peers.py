"""The peers do the same work as this project, and what is not the same is not compared."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks import bench
from benchmarks.trainings import NUMPY, OURS, TORCH, Task, cases, require_same_work, train_as


@pytest.mark.parametrize("batch_size", [1, 20, 70])
@pytest.mark.parametrize("peer", [NUMPY, TORCH])
def test_a_peer_trains_as_this_project_does(peer, batch_size) -> None:
    if peer == TORCH:
        pytest.importorskip("torch", reason="PyTorch is only where `make bench` put it")
    rng = np.random.default_rng(0)
    task = Task(batch_size=batch_size, hidden=9, images=70, test_images=40, epochs=2)
    data = [rng.random((70, 12)), rng.integers(0, 2, 70).astype(float)]
    data += [rng.random((40, 12)), rng.integers(0, 2, 40).astype(float)]
    ours, theirs = (train_as(who, 1, task, data) for who in (OURS, peer))
    assert len(ours) == 2 * -(-70 // batch_size)
    np.testing.assert_allclose(theirs, ours, rtol=0, atol=1e-12)


def test_trainings_with_the_same_losses_but_for_rounding_are_compared() -> None:
    losses = np.full((5, 2), 0.5)
    require_same_work(losses, losses + 1e-9, "PyTorch")


@pytest.mark.parametrize("other", [np.full((5, 2), 0.5 + 1e-7), np.full((4, 2), 0.5)])
def test_different_trainings_are_not_compared(other) -> None:
    with pytest.raises(ValueError, match="expected the losses of whoever did it first, 5 updates"):
        require_same_work(np.full((5, 2), 0.5), other, "PyTorch")


def test_a_training_that_ends_otherwise_than_the_first_of_its_task_stops_the_measurement(
    monkeypatch,
) -> None:
    losses = {OURS: 0.25, TORCH: 0.26}
    monkeypatch.setattr(
        "benchmarks.trainings.run", lambda who, *_: (1.0, np.full((5, 2), losses[who]))
    )
    measured = cases({"part (e)": Task()}, [1], [OURS, TORCH])
    assert measured["part (e), 1 thread", OURS]() == 1.0
    with pytest.raises(ValueError, match="PyTorch"):
        measured["part (e), 1 thread", TORCH]()


def test_a_round_runs_every_case_before_the_next_round_begins() -> None:
    order = []
    cases = {("here", name): lambda name=name: order.append(name) or 1.0 for name in "abc"}
    seconds = bench.interleaved(cases, 2)
    assert "".join(order) == "abcabc"
    assert seconds["here", "c"] == [1.0, 1.0]


def test_a_ratio_is_the_median_of_the_rounds_own_ratios() -> None:
    # The ratio of the medians would be 2 / 2.
    seconds = {("h = 50", OURS): [1.0, 2.0, 9.0], ("h = 50", TORCH): [2.0, 8.0, 1.0]}
    ratio = bench.table(seconds)[-1]
    assert ratio[1:6] == [f"{OURS} / {TORCH}", "0.500", "0.250", "9.000", "ratio"]


@pytest.mark.parametrize(("ours", "verdict"), [(2.7, "met"), (2.8, "NOT met")])
def test_a_bound_is_met_up_to_its_value(ours, verdict) -> None:
    place = "part (e), 1 thread"
    assert bench.BOUNDS[place, OURS, TORCH] == 0.27
    table = bench.table({(place, OURS): [ours], (place, TORCH): [10.0]})
    assert table[-1][-2:] == ["<= 0.27", verdict]


def test_what_has_a_bound_is_measured(tmp_path) -> None:
    measured = [case for part in bench.PARTS.values() for case in part(tmp_path)]
    for where, one, other in bench.BOUNDS:
        assert {(where, one), (where, other)} <= set(measured)
