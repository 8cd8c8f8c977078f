"""What every script does around its work: a log, and a failure that a person can read.

Scripts import this module before all others of the project. From then on until their work begins
Python does not search for garbage: while Matplotlib is loaded it would find none, but look for it
so often that it takes a tenth of a figure's time.
"""

from __future__ import annotations

import atexit
import ctypes
import errno
import gc
import os
import signal
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from pathlib import Path
from typing import Any

from provenance.errors import MARK, Failure
from provenance.files import sha256
from provenance.seals import seal, sealed_hash

AGAIN = "Run the same command again; it makes again what depends on that."
STOPPED = Failure(
    "It was stopped by Ctrl-C.", "The same command goes on from where this build was."
)

# From <linux/prctl.h>.
PR_SET_PDEATHSIG = 1

gc.disable()


@contextmanager
def logged(snakemake: Any) -> Iterator[None]:
    """Send what the block prints, and why it failed, to the rule's log; seal what it wrote.

    Parameters
    ----------
    snakemake : snakemake.script.Snakemake
        The job. The last words of a failed job's log are the cause and the remedy; the
        Snakefile shows them again when the build ends.

    Raises
    ------
    SystemExit
        With status 1 if the block failed.
    """
    end_with_snakemake()
    search_only_for_own_garbage()
    path = snakemake.log[0]
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    with open(path, "w", encoding="utf-8") as log, redirect_stdout(log), redirect_stderr(log):
        try:
            read = {path: _hash_of_input(path) for path in snakemake.input}
            _require_older_than_us([path for path in read if path.endswith(".py")])
            yield
            for path, hashed in read.items():
                if sha256(path) != hashed:
                    raise Failure(f"{path} was changed while it was used.", AGAIN)
            seal(snakemake.output, read)
        except Exception as error:
            if not isinstance(error, Failure):
                traceback.print_exc(file=log)
            print(f"{MARK}{explain(error, path)}", file=log)
            sys.exit(1)
        except KeyboardInterrupt:
            print(f"{MARK}{STOPPED}", file=log)
            raise


def _hash_of_input(path: str) -> str:
    """Hash an input; refuse a record that is not what its job wrote."""
    if not Path(path).is_file():
        raise Failure(f"{path} is not a file.", "Remove it and run the same command again.")
    hashed = sha256(path)
    if sealed_hash(path) not in (None, hashed):
        raise Failure(f"{path} is not what its job wrote.", AGAIN)
    return hashed


def _require_older_than_us(sources: list[str]) -> None:
    """Refuse source files that were saved after this process began to import them, or may have.

    Where the system does not tell when a process began (that is, elsewhere than on Linux), nothing
    is refused.
    """
    with suppress(OSError, ValueError, AttributeError):
        ticks = int(Path("/proc/self/stat").read_text().rpartition(")")[2].split()[19])
        age = time.clock_gettime(time.CLOCK_BOOTTIME) - ticks / os.sysconf("SC_CLK_TCK")
        began = time.time() - age
        for path in sources:
            # The time of the last change of any kind; unlike mtime it cannot be set.
            if os.stat(path).st_ctime > began:
                raise Failure(f"{path} was saved while this job began.", AGAIN)


def end_with_snakemake() -> None:
    """Ask Linux to kill this process when Snakemake dies, so that no orphan goes on writing."""
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def search_only_for_own_garbage() -> None:
    """Let Python search for garbage again, but not among what has been loaded by now.

    Nor at the very end, where it takes another sixth of a second with Matplotlib. The system takes
    the memory back anyway, and every file has been closed by then.
    """
    gc.freeze()
    gc.enable()
    atexit.register(gc.freeze)


def explain(error: Exception, log: str) -> Failure:
    """Give an exception a cause and a remedy.

    Parameters
    ----------
    error : Exception
        What a job raised.
    log : str
        Where the traceback is.

    Returns
    -------
    Failure
        `error` itself if it is one.
    """
    if isinstance(error, Failure):
        return error
    where = f"The traceback is in {log}."
    if isinstance(error, MemoryError):
        return Failure(
            f"Out of memory: {error or 'an array did not fit'}.",
            f"Close other programs, or run fewer jobs at once with --cores 1. {where}",
        )
    if isinstance(error, FloatingPointError):
        return Failure(
            str(error), "Remove that step size from training.step_sizes in config/config.yaml."
        )
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return Failure(
            f"No space left while writing {error.filename or 'a file'}.",
            "Free some space on that disk and run the same command again.",
        )
    if isinstance(error, OSError) and error.errno in (errno.EACCES, errno.EROFS, errno.EPERM):
        folder = Path(error.filename).parent if error.filename else "the project's folder"
        return Failure(
            f"Cannot write {error.filename}: {error.strerror}.",
            f"Make {folder} writable for you (or copy the project to a folder that is).",
        )
    return Failure(
        f"{type(error).__name__}: {error}",
        f"{where} If you changed the code, look there; if not, it is a bug of this project.",
    )
