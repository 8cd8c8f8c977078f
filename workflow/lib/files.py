"""Files that appear whole or not at all, and their hashes. Standard library only."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def beside(path: str | Path) -> Iterator[Path]:
    """Hand out a temporary name in the folder of `path`; rename it to `path` on success.

    Parameters
    ----------
    path : str or Path
        The final name. Its folder is made if it is missing.

    Yields
    ------
    Path
        A name beside it to write to. It is gone afterwards, whatever happens.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path
    try:
        prefix = f".{path.name}."
        handle, name = tempfile.mkstemp(prefix=prefix, suffix=".part", dir=path.parent)
        os.close(handle)
        temporary = Path(name)
        yield temporary
        # mkstemp makes private files; a record is as readable as the umask lets other files be.
        umask = os.umask(0)
        os.umask(umask)
        temporary.chmod(0o666 & ~umask)
        temporary.replace(path)
    except OSError as error:
        # The name that a person knows.
        if error.filename in (None, str(temporary)) or temporary == path:
            error.filename = str(path)
        raise
    finally:
        if temporary != path:
            temporary.unlink(missing_ok=True)


def write_bytes(path: str | Path, content: bytes) -> None:
    """Write `content` to `path`, whole or not at all."""
    with beside(path) as temporary:
        temporary.write_bytes(content)


def write_text(path: str | Path, text: str) -> None:
    """Write `text` to `path` as UTF-8 with plain newlines, whole or not at all."""
    write_bytes(path, text.encode())


def sha256(path: str | Path) -> str:
    """Hash a file's content, as 64 hexadecimal digits."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
