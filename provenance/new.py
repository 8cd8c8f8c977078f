"""`new`: a report of one's own, which builds at once, with a copy of this library in its folder."""

from __future__ import annotations

import argparse
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from provenance.errors import Failure
from provenance.folder import require_name

LIBRARY = Path(__file__).parent
TEMPLATE = LIBRARY / "template"


def main(arguments: Sequence[str]) -> int:
    """Make the folder; return the exit status."""
    parser = argparse.ArgumentParser(prog="provenance new", description=__doc__)
    parser.add_argument("folder", help="the folder to make")
    options = parser.parse_args(arguments)
    try:
        make(Path(options.folder))
    except Failure as error:
        print(f"new: {error}", file=sys.stderr)
        return 1
    print(f"{options.folder} holds a report. Build it: cd {options.folder} && make report")
    return 0


def make(folder: Path) -> None:
    """Put a report into a new or empty folder, whole or not at all.

    Raises
    ------
    Failure
        If something is there already, the folder cannot be written, or this is a report's copy of
        the library, which has no template.
    """
    require_name(str(folder.absolute()))
    if not TEMPLATE.is_dir():
        raise Failure(
            "This copy of the library belongs to a report and has no template for others.",
            "Use the library that this report was made with.",
        )
    if folder.is_file() or (folder.is_dir() and any(folder.iterdir())):
        raise Failure(
            f"{folder} is there already, and not empty.", "Name a folder that is not there."
        )
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=".new-", dir=folder.parent) as temporary:
            made = Path(temporary, "report")
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(TEMPLATE, made, ignore=ignored)
            (made / "gitignore").rename(made / ".gitignore")
            ignored = shutil.ignore_patterns("__pycache__", TEMPLATE.name)
            shutil.copytree(LIBRARY, made / LIBRARY.name, ignore=ignored)
            made.replace(folder)
    except OSError as error:
        raise Failure(
            f"{folder} cannot be made: {error.strerror}.", "Name a folder where you may write."
        ) from error
