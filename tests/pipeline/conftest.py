"""One tiny build that all these tests copy."""

from __future__ import annotations

import fcntl
import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.pipeline.project import Planner, build, copy_sources


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a finished build, for reading only; pytest's workers share one."""
    place = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        place = place.parent
    with open(place / "built.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (place / "built").exists():
            build(copy_sources(place / "building"))
            (place / "building").rename(place / "built")
    return place / "built"


@pytest.fixture
def project(built: Path, tmp_path: Path) -> Iterator[Path]:
    """Return a finished build that the test may spoil; time stamps are as they were."""
    folder = tmp_path / "project"
    shutil.copytree(built, folder, copy_function=shutil.copy2)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def planned(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[Path], set[str]]]:
    """Return a function that names the jobs which `snakemake` would run in a folder."""
    planner = Planner(tmp_path_factory.mktemp("planner") / "log")
    yield planner.jobs
    planner.close()
