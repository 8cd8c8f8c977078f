"""Bytecode that belongs to the source as it is now.

Python takes a cached `.pyc` for up to date if the source's size and time stamp, in whole seconds,
are those noted in it. A file that was saved twice in a second, or put back with its old date, then
runs as it was before, while its hash says that it ran as it is. So the project's modules get
bytecode that notes the source's hash instead, which Python compares at each import.
"""

from __future__ import annotations

import importlib.util
import os
import py_compile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

#: The flags of bytecode that is checked by the source's hash (PEP 552).
CHECKED_HASH = (0b11).to_bytes(4, "little")


def check_by_hash(folders: Iterable[str | Path]) -> None:
    """Replace bytecode that is checked by time.

    Parameters
    ----------
    folders : iterable of str or Path
        Where the modules are, folders in them included. What is not valid Python is left as it
        is: whoever imports it will see.
    """
    for folder in folders:
        for source in Path(folder).rglob("*.py"):
            cached = Path(importlib.util.cache_from_source(str(source)))
            if not _is_checked_by_hash(cached):
                with suppress(OSError):
                    cached.unlink(missing_ok=True)
                with suppress(OSError, py_compile.PyCompileError):
                    py_compile.compile(
                        os.fspath(source),
                        doraise=True,
                        invalidation_mode=py_compile.PycInvalidationMode.CHECKED_HASH,
                    )


def _is_checked_by_hash(cached: Path) -> bool:
    """Read the flags of a file of bytecode, which follow its magic number."""
    try:
        with cached.open("rb") as file:
            return file.read(8)[4:] == CHECKED_HASH
    except OSError:
        return False
