"""Bytecode that belongs to the source as it is now, and is whole.

Python takes a cached `.pyc` for up to date if the source's size and time stamp, in whole seconds,
are those noted in it. A file that was saved twice in a second, or put back with its old date, then
runs as it was before, while its hash says that it ran as it is. So the project's modules get
bytecode that notes the source's hash instead, which Python compares at each import.

Nor does Python 3.11 notice when a full disk takes only the beginning of what it writes; every
later run would end with an EOFError, however much space there is by then. So here bytecode is
written whole or not at all, and ends with a hash of itself. Python does not read that far; this
module does.
"""

from __future__ import annotations

import hashlib
import importlib.util
import marshal
import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from provenance.files import write_bytes

#: The flags of bytecode that is checked by the source's hash (PEP 552).
CHECKED_HASH = (0b11).to_bytes(4, "little")
DIGEST_BYTES = hashlib.sha256().digest_size


def check_by_hash(folders: Iterable[str | Path]) -> None:
    """Replace bytecode that is checked by time, that is not whole or not of the source as it is.

    Parameters
    ----------
    folders : iterable of str or Path
        Where the modules are, folders in them included. What is not valid Python, or cannot be
        read, is left to whoever imports it.
    """
    for folder in folders:
        for source in Path(folder).rglob("*.py"):
            with suppress(OSError, SyntaxError, ValueError):
                _renew(source)


def _renew(source: Path) -> None:
    """Write a module's bytecode, unless there is such bytecode already."""
    content = source.read_bytes()
    header = importlib.util.MAGIC_NUMBER + CHECKED_HASH + importlib.util.source_hash(content)
    cached = Path(importlib.util.cache_from_source(str(source)))
    if not _is_whole(cached, header):
        cached.unlink(missing_ok=True)
        code = compile(content, os.fspath(source), "exec", dont_inherit=True)
        written = header + marshal.dumps(code)
        write_bytes(cached, written + _digest(written))


def _is_whole(cached: Path, header: bytes) -> bool:
    """Tell whether a file of bytecode begins with a header and ends with its own hash."""
    try:
        content = cached.read_bytes()
    except OSError:
        return False
    written, digest = content[:-DIGEST_BYTES], content[-DIGEST_BYTES:]
    return written.startswith(header) and digest == _digest(written)


def _digest(content: bytes) -> bytes:
    """Hash what stands before the hash."""
    return hashlib.sha256(content).digest()
