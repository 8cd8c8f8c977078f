"""Mini-batches: every sample once an epoch, in new company each time."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from nn.batches import mini_batches


@settings(max_examples=40, deadline=None)
@given(n=st.integers(1, 60), share=st.floats(0, 1), seed=st.integers(0, 5))
def test_mini_batches_partition_the_samples(n, share, seed) -> None:
    batch_size = 1 + int(share * (n - 1))
    batches = list(mini_batches(n, batch_size, np.random.default_rng(seed)))
    assert sorted(np.concatenate(batches)) == list(range(n))
    assert all(len(batch) == batch_size for batch in batches[:-1])
    assert len(batches[-1]) == (n % batch_size or batch_size)


def test_the_data_is_reshuffled_for_each_epoch() -> None:
    rng = np.random.default_rng(0)
    first, second = (np.concatenate(list(mini_batches(100, 10, rng))) for _ in range(2))
    assert (first != second).any()
    assert (first != np.arange(100)).any()


def test_samples_change_their_company_not_only_their_turn() -> None:
    rng = np.random.default_rng(0)
    first, second = ({frozenset(b) for b in mini_batches(20, 5, rng)} for _ in range(2))
    assert not first & second
