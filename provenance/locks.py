"""What a killed build left behind is taken away; what a running one needs is not.

Snakemake's locks are files, and files outlive a process that is killed. So each Snakemake that
reads the Snakefile also holds a lock of the kernel's, shared with all others in this folder; it
ends with its process, however that ends. While nobody else holds it, no build is running here,
and Snakemake's locks and files that are half written belong to nobody.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from provenance.imports import MEMORY
from provenance.seals import INCOMPLETE, SEALS

LOCKS = Path(".snakemake/locks")
ALIVE = Path(".snakemake/alive")

#: Open until the process ends.
_held: list[int] = []


def clear_after_the_dead(places: Iterable[str | Path]) -> None:
    """Remove locks and half-written files if nobody is there who needs them; from now on, we are.

    Where the folder cannot be written to or files cannot be locked, nothing is done.

    Parameters
    ----------
    places : iterable of str or Path
        Folders of computed files, and single computed files.
    """
    with suppress(OSError):
        ALIVE.parent.mkdir(exist_ok=True)
        handle = os.open(ALIVE, os.O_RDWR | os.O_CREAT, 0o666)
        _held.append(handle)
        with suppress(BlockingIOError):
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            for lock in LOCKS.glob("*.lock"):
                lock.unlink(missing_ok=True)
            for leftover in _leftovers([*places, SEALS, INCOMPLETE, MEMORY]):
                leftover.unlink(missing_ok=True)
        fcntl.flock(handle, fcntl.LOCK_SH)


def _leftovers(places: Iterable[str | Path]) -> Iterator[Path]:
    """Yield what killed jobs left under the temporary names that `files.beside` gives."""
    for place in map(Path, places):
        if place.is_dir():
            yield from [*place.rglob(".*.part")]
        else:
            yield from [*place.parent.glob(f".{place.name}.*.part")]
