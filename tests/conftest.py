"""What tests of several modules need: random networks, tiny builds, the outcome of each fault."""

from __future__ import annotations

import os
import shutil
import signal
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from nn.activations import relu_activation, sigmoid_activation
from nn.arrays import Activation, FloatArray
from tests.faults.table import FAULTS, NUMBERS
from tests.project import Planner, Project, copy_built, copy_sources, finished


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


@pytest.fixture(scope="session")
def reference(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Return a finished tiny build, for reading only; pytest's workers share one."""
    place = tmp_path_factory.getbasetemp()
    return finished((place.parent if "PYTEST_XDIST_WORKER" in os.environ else place) / "reference")


@pytest.fixture
def built(reference: Project, tmp_path: Path) -> Iterator[Project]:
    """Return a copy of the finished tiny build that the test may spoil."""
    yield copy_built(reference, tmp_path / "project")
    shutil.rmtree(tmp_path, ignore_errors=True)


@pytest.fixture
def fresh(reference: Project, tmp_path: Path) -> Iterator[Project]:
    """Return a copy of the tiny project in which nothing was built."""
    yield copy_sources(reference.folder, tmp_path / "project")
    shutil.rmtree(tmp_path, ignore_errors=True)


@pytest.fixture(scope="session")
def planned(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Planner]:
    """Return a function that names the jobs which `snakemake` would run in a project."""
    planner = Planner(tmp_path_factory.mktemp("planner") / "log")
    yield planner
    planner.close()


def pytest_configure() -> None:
    """Let builds be stopped by Ctrl-C although this run cannot be.

    What a shell starts in the background is deaf to Ctrl-C, and so are its children.
    """
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[None]:
    """Note the faults that a test shows in its report, which also comes from another process."""
    report = yield
    report.user_properties += [("row", mark.args[0]) for mark in item.iter_markers("row")]
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the outcome of each row of docs/faults.md."""
    outcomes: dict[int, Counter[str]] = defaultdict(Counter)
    for outcome in ("passed", "failed", "error", "skipped"):
        for report in terminalreporter.stats.get(outcome, []):
            for name, number in getattr(report, "user_properties", []):
                if name == "row" and (report.when == "call" or outcome != "passed"):
                    outcomes[number][outcome] += 1
    if outcomes:
        terminalreporter.section("rows of docs/faults.md")
        for number, fault in FAULTS.items():
            counts = ", ".join(f"{n} {outcome}" for outcome, n in outcomes[number].items())
            line = f"{NUMBERS.get(number, number):12}  {counts or 'not run':24}  {fault}"
            terminalreporter.line(line)
