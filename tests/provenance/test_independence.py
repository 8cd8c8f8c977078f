"""The machine is a library: it knows nothing of this report."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
WORDS = ("mnist", "digit", "hw2", "step_size", "toy", "dataset")
# Beside the library what a report of one's own may copy as it is.
COPIED = ("setup/[!p]*.sh", "setup/lock.py", "profiles/**/*.yaml")
FILES = sorted(
    path
    for pattern in ("provenance/**/*", *COPIED)
    for path in ROOT.glob(pattern)
    if path.suffix != ".pyc" and path.is_file()
)


def test_every_room_imports_only_what_it_may() -> None:
    linter = Path(sys.executable).with_name("lint-imports")
    ran = subprocess.run(
        [sys.executable, linter, "--no-cache", "--no-logo"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "0 broken" in ran.stdout


@pytest.mark.parametrize(
    "path",
    FILES,
    ids=lambda path: path.relative_to(ROOT).as_posix(),
)
def test_no_word_of_this_report_stands_in_what_others_use(path: Path) -> None:
    lines = enumerate(path.read_text("utf-8").lower().splitlines(), 1)
    assert [(number, line) for number, line in lines if any(word in line for word in WORDS)] == []
