"""Disks that are full and folders that cannot be written to."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.project import DIGITS, Project, copy_sources

# Root may write everywhere, unless it gives that right away.
ORDINARY = ("setpriv", "--inh-caps=-all", "--bounding-set=-all") if os.geteuid() == 0 else ()

Mount = Callable[[Path, int], None]


def mounted(folder: Path, kilobytes: int, *more: str) -> bool:
    """Mount a small disk on a folder."""
    options = ",".join([f"size={kilobytes}k", *more])
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Mount]:
    """Return a function that mounts a small disk, or gives it another size."""
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("only root may mount a disk")
    folders = []

    def mount(folder: Path, kilobytes: int) -> None:
        again = folder in folders
        folder.mkdir(exist_ok=True)
        if not mounted(folder, kilobytes, *(["remount"] if again else [])):
            pytest.skip("this machine does not let its root mount a disk")
        if not again:
            folders.append(folder)

    yield mount
    for folder in folders:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


@pytest.mark.faults
@pytest.mark.row(
    4, "Said in the last words; nothing half is left; with more space the same command goes on."
)
def test_a_full_disk_is_said_and_cleaned_up(
    reference: Project, fresh: Project, small_disk: Mount
) -> None:
    results = fresh / "results"
    for kilobytes in (64, 400):
        small_disk(results, kilobytes)
        ended = fresh.fails()
        assert "No space left while writing results/" in ended.last_words(6), ended.last_words()
        assert "Free some space" in ended.last_words(2)
        assert fresh.half_done(reference) == []
        assert [*results.rglob("*.part")] == []
    small_disk(results, 100_000)
    fresh.builds()
    assert fresh.results() == reference.results()


# What is cut off first differs: Snakemake's log, its notes, those of the project.
@pytest.mark.faults
@pytest.mark.row(4)
@pytest.mark.parametrize("free", [20, 100, 260])
def test_a_disk_too_full_for_snakemake_itself_is_said(
    reference: Project, tmp_path: Path, small_disk: Mount, free: int
) -> None:
    folder = tmp_path / "disk"
    small_disk(folder, 100_000)
    project = copy_sources(reference.folder, folder / "project")
    used = sum(file.stat().st_size // 4096 + 1 for file in folder.rglob("*")) * 4
    small_disk(folder, used + free)
    ended = project.fails()
    # Whoever met it first says it.
    assert "No space left " in ended.last_words(2)
    assert "-> Free some space" in ended.last_words(1)
    small_disk(folder, 100_000)
    project.builds("-n")


@pytest.mark.faults
@pytest.mark.row(5, "The folder is named, and what to do.")
@pytest.mark.parametrize("name", [".", "results/synthetic/figures", "report", "logs", ".snakemake"])
def test_a_folder_that_cannot_be_written_to_is_named(fresh: Project, name: str) -> None:
    folder = fresh / name
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o555)
    ended = fresh.fails(prefix=ORDINARY)
    folder.chmod(0o755)
    assert f"Cannot write into the folder {folder.resolve()}.\n" in ended.last_words(2)
    assert "Make it writable for you" in ended.last_words(1)


@pytest.mark.faults
@pytest.mark.row(5)
def test_a_cache_that_cannot_be_written_to_is_named_unless_it_is_complete(
    reference: Project, fresh: Project
) -> None:
    fresh.pretend_mnist(reference)
    cache = fresh / "resources/mnist"
    cache.mkdir(parents=True)
    (cache / "mine").write_text("mine", encoding="utf-8")
    cache.chmod(0o555)
    ended = fresh.fails(DIGITS, prefix=ORDINARY)
    assert "expected to write into resources/mnist; got: Permission denied" in ended.last_words()
    assert "Make resources/mnist a folder that you may write to" in ended.last_words(1)
    cache.chmod(0o755)
    assert (cache / "mine").read_text(encoding="utf-8") == "mine"
    fresh.builds("resources/mnist/t10k-labels-idx1-ubyte.gz")
    cache.chmod(0o555)
    fresh.builds(DIGITS, prefix=ORDINARY)
    cache.chmod(0o755)
