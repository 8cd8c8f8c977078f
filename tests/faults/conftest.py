"""What the tests of the fault matrix share, and the outcome of each row at the end of a run."""

from __future__ import annotations

import signal
from collections import defaultdict
from pathlib import Path

import pytest

from tests.faults.matrix import FAULTS
from tests.faults.project import Project, copy_built, finished
from tests.pipeline.project import copy_sources


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A folder that all processes of this run share."""
    base = tmp_path_factory.getbasetemp()
    return base if worker_id == "master" else base.parent


@pytest.fixture(scope="session")
def reference(shared_folder: Path) -> Project:
    """A tiny project, built without disturbance. Not to be changed: copy it."""
    return finished(shared_folder / "reference")


@pytest.fixture
def built(reference: Project, tmp_path: Path) -> Project:
    """A copy of the finished tiny project."""
    return copy_built(reference, tmp_path / "project")


@pytest.fixture
def fresh(tmp_path: Path) -> Project:
    """A tiny project in which nothing was built."""
    return Project(copy_sources(tmp_path / "project"))


def pytest_configure(config: pytest.Config) -> None:
    """Make the mark known; let builds be stopped by Ctrl-C although this run cannot be.

    What a shell starts in the background is deaf to Ctrl-C, and so are its children.
    """
    config.addinivalue_line("markers", "row(number, promise): a test of a row of the fault matrix")
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> object:
    """Note the rows of a test in its report, which also comes from another process."""
    report = yield
    report.user_properties += [("row", mark.args[0]) for mark in item.iter_markers("row")]
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the outcome of each row."""
    outcomes: dict[int, list[str]] = defaultdict(list)
    for outcome in ("passed", "failed", "error", "skipped"):
        for report in terminalreporter.stats.get(outcome, []):
            for name, number in getattr(report, "user_properties", []):
                if name == "row" and (report.when == "call" or outcome != "passed"):
                    outcomes[number].append(outcome)
    if outcomes:
        terminalreporter.section("rows of the fault matrix")
        for number, fault in FAULTS.items():
            terminalreporter.line(f"{number:2}  {_sum_up(outcomes[number]):24}  {fault}")


def _sum_up(outcomes: list[str]) -> str:
    words = [f"{outcomes.count(o)} {o}" for o in ("failed", "error", "skipped") if o in outcomes]
    passed = outcomes.count("passed")
    return ", ".join([*([f"{passed} passed"] if passed else []), *words]) or "not run"
