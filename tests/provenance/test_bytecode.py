"""Bytecode never outlives its source, however the source's time stamp looks."""

from __future__ import annotations

import os
import py_compile
import resource
import signal
import subprocess
import sys
from pathlib import Path
from py_compile import PycInvalidationMode

import pytest

from provenance.bytecode import check_by_hash


def imported(folder: Path) -> str:
    """Import a module in a process of its own, as a job does, and return its value."""
    program = "import module; print(module.VALUE)"
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "", "PYTHONPATH": str(folder)}
    return subprocess.run(
        [sys.executable, "-c", program],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()


def save(folder: Path, value: int) -> None:
    """Write the module: always the same size, always the same date."""
    (folder / "module.py").write_text(f"VALUE = {value}\n")
    os.utime(folder / "module.py", (1e9, 1e9))


def test_without_it_python_runs_what_the_source_was_before(tmp_path) -> None:
    save(tmp_path, 1)
    assert imported(tmp_path) == "1"
    save(tmp_path, 2)
    assert imported(tmp_path) == "1"


@pytest.mark.parametrize("imported_before", [True, False])
def test_a_source_with_its_old_size_and_date_is_run_as_it_is_now(tmp_path, imported_before) -> None:
    save(tmp_path, 1)
    if imported_before:
        assert imported(tmp_path) == "1"
    check_by_hash([tmp_path])
    for value in (2, 3):
        save(tmp_path, value)
        assert imported(tmp_path) == str(value)


def test_bytecode_that_is_checked_by_hash_is_left_alone(tmp_path) -> None:
    save(tmp_path, 1)
    check_by_hash([tmp_path])
    [cached] = (tmp_path / "__pycache__").iterdir()
    before = cached.stat()
    check_by_hash([tmp_path])
    assert cached.stat() == before


def test_bytecode_of_an_older_source_is_replaced(tmp_path) -> None:
    save(tmp_path, 1)
    check_by_hash([tmp_path])
    [cached] = (tmp_path / "__pycache__").iterdir()
    before = cached.read_bytes()
    save(tmp_path, 2)
    check_by_hash([tmp_path])
    assert cached.read_bytes() != before


@pytest.mark.parametrize("written_by", ["Python", "us"])
def test_bytecode_that_was_cut_off_is_replaced(tmp_path, written_by) -> None:
    save(tmp_path, 1)
    if written_by == "Python":
        py_compile.compile(
            str(tmp_path / "module.py"), invalidation_mode=PycInvalidationMode.CHECKED_HASH
        )
    else:
        check_by_hash([tmp_path])
    [cached] = (tmp_path / "__pycache__").iterdir()
    whole = cached.read_bytes()
    for length in (0, 4, 16, 17, len(whole) // 2, len(whole) - 33):
        cached.write_bytes(whole[:length])
        check_by_hash([tmp_path])
        assert imported(tmp_path) == "1"


def test_bytecode_with_a_flipped_byte_is_replaced(tmp_path) -> None:
    save(tmp_path, 1)
    check_by_hash([tmp_path])
    [cached] = (tmp_path / "__pycache__").iterdir()
    whole = cached.read_bytes()
    for position in range(len(whole)):
        cached.write_bytes(whole[:position] + bytes([whole[position] ^ 1]) + whole[position + 1 :])
        check_by_hash([tmp_path])
        assert cached.read_bytes() == whole


def test_nothing_is_left_of_bytecode_that_could_not_be_written_whole(tmp_path) -> None:
    save(tmp_path, 1)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    # No file may grow beyond this; like a full disk, it lets the beginning be written.
    resource.setrlimit(resource.RLIMIT_FSIZE, (100, hard))
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        check_by_hash([tmp_path])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
        signal.signal(signal.SIGXFSZ, before)
    assert [*(tmp_path / "__pycache__").iterdir()] == []
    assert imported(tmp_path) == "1"


def test_a_link_to_nowhere_is_passed_over(tmp_path) -> None:
    # Emacs marks a file that is being edited by such a link.
    (tmp_path / ".#module.py").symlink_to("somebody@somewhere.1234")
    save(tmp_path, 1)
    check_by_hash([tmp_path])
    assert len([*(tmp_path / "__pycache__").iterdir()]) == 1


def test_a_source_that_is_not_python_is_left_to_who_imports_it(tmp_path) -> None:
    (tmp_path / "module.py").write_text("def\n")
    check_by_hash([tmp_path])
    assert not list(tmp_path.rglob("*.pyc"))
