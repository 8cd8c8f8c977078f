"""The lock that a killed build left behind is taken away; that of a running one is not.

Snakemake's locks are files, and files outlive a process that is killed. So each Snakemake that
reads the Snakefile also holds a lock of the kernel's, shared with all others in this folder; it
ends with its process, however that ends. While nobody else holds it, no build is running here.
"""

from __future__ import annotations

import fcntl
import os
from contextlib import suppress
from pathlib import Path

LOCKS = Path(".snakemake/locks")
ALIVE = Path(".snakemake/alive")

#: Open until the process ends.
_held: list[int] = []


def clear_stale_locks() -> None:
    """Remove Snakemake's locks if nobody is there who could hold them; say from now on: I am.

    Where the folder cannot be written to or files cannot be locked, nothing is done.
    """
    with suppress(OSError):
        ALIVE.parent.mkdir(exist_ok=True)
        handle = os.open(ALIVE, os.O_RDWR | os.O_CREAT, 0o666)
        _held.append(handle)
        with suppress(BlockingIOError):
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            for lock in LOCKS.glob("*.lock"):
                lock.unlink(missing_ok=True)
        fcntl.flock(handle, fcntl.LOCK_SH)
