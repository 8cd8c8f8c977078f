"""What tests of several modules need: small random networks with data."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import pytest

from nn.activations import relu_activation, sigmoid_activation
from nn.arrays import Activation, FloatArray


class Network(NamedTuple):
    """A batch and a network that fits it, in the order in which the handout's functions take them.

    The arrays are read-only: a function that writes to its caller's arrays raises.
    """

    X: FloatArray
    y: FloatArray
    weight_matrices: list[FloatArray]
    biases: list[FloatArray]
    activations: list[Activation]


def locked(array: FloatArray) -> FloatArray:
    """Make an array read-only."""
    array.setflags(write=False)
    return array


@pytest.fixture
def make_network() -> Callable[..., Network]:
    """Return a function that draws a network of the given widths and n samples for it."""

    def make(layer_dims: Sequence[int], n: int, seed: int = 0) -> Network:
        rng = np.random.default_rng(seed)
        pairs = list(pairwise(layer_dims))
        return Network(
            X=locked(rng.random((n, layer_dims[0]))),
            y=locked(rng.integers(0, 2, n).astype(np.float64)),
            # Weights far larger than the handout's, and biases that are not zero, so that no
            # gradient is small enough to pass unseen; positive ones keep ReLUs alive.
            weight_matrices=[locked(rng.normal(0.0, 0.7, pair)) for pair in pairs],
            biases=[locked(rng.uniform(0.2, 0.8, (1, d_out))) for _, d_out in pairs],
            activations=[relu_activation] * (len(pairs) - 1) + [sigmoid_activation],
        )

    return make
