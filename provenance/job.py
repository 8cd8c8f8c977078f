"""What every script does around its work: a log, a receipt, and a failure a person can read."""

from __future__ import annotations

import ctypes
import errno
import logging
import os
import signal
import sys
import sysconfig
import traceback
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout, suppress
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, TextIO

from provenance import receipts
from provenance.errors import MARK, Failure
from provenance.files import digest, sha256
from provenance.receipts import AGAIN, Receipt

STOPPED = Failure(
    "It was stopped by Ctrl-C.", "The same command goes on from where this build was."
)

# From <linux/prctl.h>.
PR_SET_PDEATHSIG = 1

#: Each file that this process opened, and whether it read what was there before.
_opened: dict[str, bool] = {}
#: What else the project's own code did that an input cannot stand for.
_done: list[str] = []
NEW = os.O_WRONLY | os.O_TRUNC | os.O_EXCL

PROGRAMS = {"subprocess.Popen", "os.system", "os.exec", "os.fork", "os.posix_spawn", "os.spawn"}
LISTINGS = {"os.listdir", "os.scandir"}


def note_use(event: str, arguments: tuple[Any, ...]) -> None:
    """Note down a file when it is first opened, whoever asks Python to do so, and what hides reads.

    That is a program, which may read anything, and a list of a folder, in which a new file would go
    unnoticed. Environment variables, the clock and what is only asked about a file (whether it is
    there, its date) cannot be seen.
    """
    if event == "open" and not isinstance(arguments[0], int):
        path = os.path.abspath(os.fsdecode(arguments[0]))
        _opened.setdefault(path, not arguments[2] & NEW and os.path.isfile(path))
    elif event in PROGRAMS and _is_ours():
        _done.append(f"ran a program ({event})")
    elif event == "sqlite3.connect" and _is_ours():
        _done.append(f"opened the database {arguments[0]}")
    elif event in LISTINGS and not isinstance(arguments[0], int) and _is_ours():
        folder = os.path.relpath(os.fsdecode(arguments[0] or "."))
        if not folder.startswith(_not_ours()):
            _done.append(f"listed the folder {folder}")


def _is_ours() -> bool:
    """Tell whether the project's code, not a library or an import, asks for what is noted."""
    frame: FrameType | None = sys._getframe(2)
    while frame is not None:
        path = frame.f_code.co_filename
        if "importlib" in path or "-packages" in path:
            return False
        if not path.startswith((STANDARD, "<frozen")):
            return True
        frame = frame.f_back
    return False


def _not_ours() -> tuple[str, ...]:
    """List where in the project's folder, or from it, others keep what is theirs."""
    prefixes = {os.path.relpath(prefix) for prefix in (sys.prefix, os.path.realpath(sys.prefix))}
    return "..", ".snakemake/", *(f"{prefix}/" for prefix in prefixes)


STANDARD = sysconfig.get_path("stdlib")
# What a module has read that was there already cannot be seen any more.
_early = [
    path
    for name, module in list(sys.modules.items())
    if name.partition(".")[0] not in ("provenance", "__main__", "__mp_main__")
    and not (path := os.path.relpath(module.__dict__.get("__file__") or STANDARD)).startswith(
        _not_ours()
    )
]

# Scripts import this module before all others of the project.
sys.addaudithook(note_use)


def told_in_the_log(
    kind: type[BaseException], error: BaseException, trace: TracebackType | None
) -> None:
    """Write down why a script failed outside of `job`, which is while it was importing."""
    traceback.print_exception(error)
    script = getattr(sys.modules["__main__"], "snakemake", None)
    if script is not None and isinstance(error, Exception):
        where = [f"{frame.filename}, line {frame.lineno}" for frame in traceback.extract_tb(trace)]
        words = Failure(
            f"{kind.__name__} while the script was importing: {error} ({where[-1]}).",
            "Correct that line.",
        )
        with open(script.log[0], "w", encoding="utf-8") as log:
            traceback.print_exception(error, file=log)
            print(f"{MARK}{words}", file=log)


sys.excepthook = told_in_the_log


@contextmanager
def job(snakemake: Any, *, may_run_programs: bool = False) -> Iterator[None]:
    """Send what the block prints, and why it failed, to the rule's log; leave a receipt.

    What is logged under the name `progress` goes there at once; a line like "epoch 3 of 5" says to
    whoever looks into the log how far the job is.

    Parameters
    ----------
    snakemake : snakemake.script.Snakemake
        The job. The last words of a failed job's log are the cause and the remedy; they are shown
        again when the build ends.
    may_run_programs : bool
        Whether it may run programs, of which nobody sees what they read.

    Raises
    ------
    SystemExit
        With status 1 if the block failed.
    """
    end_with_snakemake()
    path = snakemake.log[0]
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    with _log(path) as log, redirect_stdout(log), redirect_stderr(log):
        try:
            read = _inputs(snakemake)
            yield
            _require_inputs_as_they_were(read)
            if "code" in dict(snakemake.input.items()):
                _require_declared(read)
                _require_seen(may_run_programs)
            if snakemake.output:
                receipts.write(_receipt(snakemake, read))
        except Exception as error:
            if not isinstance(error, Failure):
                traceback.print_exc(file=log)
            print(f"{MARK}{explain(error, path)}", file=log)
            sys.exit(1)
        except KeyboardInterrupt:
            print(f"{MARK}{STOPPED}", file=log)
            raise


@contextmanager
def _log(path: str) -> Iterator[TextIO]:
    """Open a job's log, into which goes what is logged under the name `progress`, too."""
    progress = logging.getLogger("progress")
    progress.setLevel(logging.INFO)
    with open(path, "w", encoding="utf-8") as log:
        progress.addHandler(handler := logging.StreamHandler(log))
        try:
            yield log
        finally:
            progress.removeHandler(handler)


def _inputs(snakemake: Any) -> dict[str, str]:
    """Hash all inputs; refuse a record that is not what its job wrote, and code saved since."""
    made, read = receipts.read_all(), {}
    for path in snakemake.input:
        if not Path(path).is_file():
            raise Failure(f"{path} is not a file.", "Remove it and run the same command again.")
        read[path] = sha256(path)
        if path in made and made[path].outputs[path] != read[path]:
            raise Failure(f"{path} is not what its job wrote.", AGAIN)
    # What ran is what was there when the Snakefile was read, or this notices.
    code = snakemake.input.get("code", [])
    if code and digest({path: read[path] for path in code}) != snakemake.params.code:
        raise Failure("Code of this job was saved while the build was running.", AGAIN)
    return read


def _require_inputs_as_they_were(read: dict[str, str]) -> None:
    """Refuse to vouch for a result whose inputs changed meanwhile."""
    for path, hashed in read.items():
        if receipts.hash_of(path) != hashed:
            raise Failure(f"{path} was changed while it was used.", AGAIN)


def _require_declared(read: dict[str, str]) -> None:
    """Refuse files of the project that were used and are no inputs: an edit would rerun nothing."""
    modules = [getattr(module, "__file__", None) for module in list(sys.modules.values())]
    used = {*(path for path, reads in _opened.items() if reads), *filter(None, modules)}
    declared = {os.path.realpath(path) for path in read}
    root, others, libraries = os.path.realpath("."), _not_ours(), (f"{sys.prefix}/", STANDARD)
    for path in sorted(path for path in used if not path.startswith(libraries)):
        real = os.path.realpath(path)
        # A link may lead into the project or out of it.
        ways = (os.path.relpath(path), os.path.relpath(real, root))
        ours = [way for way in ways if not way.startswith(others)]
        if ours and real not in declared and "__pycache__/" not in path:
            raise Failure(
                f"The job used {ours[0]}, which is none of its inputs: an edit would go unnoticed.",
                "If it is a module, import it by an import statement; else name it as the rule's "
                "input, or move it out of this folder.",
            )


def _require_seen(may_run_programs: bool) -> None:
    """Refuse what may have read files of the project that nobody saw."""
    if _early:
        raise Failure(
            f"{_early[0]} was imported before what it reads could be seen.",
            "Import provenance.job before all else of the project.",
        )
    for done in _done:
        if not (may_run_programs and done.startswith("ran a program")):
            raise Failure(
                f"The job {done}: what that read would go unnoticed when it changes.",
                "Name the files as the rule's inputs and open them in Python; only a job that says "
                "so, job(snakemake, may_run_programs=True), may run programs.",
            )


def _receipt(snakemake: Any, read: dict[str, str]) -> Receipt:
    """Put down what the job did."""
    outputs = {path: sha256(path) for path in snakemake.output}
    wildcards = dict(snakemake.wildcards.items())
    params = receipts.told(snakemake.params, snakemake.input, snakemake.output)
    return Receipt(snakemake.rule, wildcards, params, read, outputs)


def end_with_snakemake() -> None:
    """Ask Linux to kill this process when Snakemake dies, so that no orphan goes on writing."""
    if sys.platform == "linux":
        with suppress(OSError, AttributeError):
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def explain(error: Exception, log: str) -> Failure:
    """Give an exception of a job a cause and a remedy; the traceback is in `log`."""
    if isinstance(error, Failure):
        return error
    where = f"The traceback is in {log}."
    if isinstance(error, MemoryError):
        return Failure(
            f"Out of memory: {error or 'an array did not fit'}.",
            f"Close other programs, or run fewer jobs at once with --cores 1. {where}",
        )
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        return Failure(
            f"No space left while writing {error.filename2 or error.filename or 'a file'}.",
            "Free some space on that disk and run the same command again.",
        )
    if isinstance(error, OSError) and error.errno == errno.EFBIG:
        return Failure(
            f"{error.filename or 'A file'} would be larger than files may be here.",
            "Lift that limit (ulimit -f unlimited, or the disk's own) and run the same command "
            "again.",
        )
    if isinstance(error, OSError) and error.errno in (errno.EACCES, errno.EROFS, errno.EPERM):
        folder = Path(error.filename).parent if error.filename else "the project's folder"
        return Failure(
            f"Cannot read or write {error.filename}: {error.strerror}.",
            f"Make it and {folder} readable and writable for you (or copy the project elsewhere).",
        )
    return Failure(
        f"{type(error).__name__}: {error}",
        f"{where} If you changed the code, look there; if not, it is a bug of this project.",
    )
