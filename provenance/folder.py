"""The project's folder, put in order before a build begins: names, dates, rights, leftovers.

Snakemake's locks are files, and files outlive a process that is killed. So each Snakemake that
builds here (a cluster's jobs do not) also has a file that is named by its host and process, and
holds a lock of the kernel's on it, which ends with the process, however that ends. Where nobody
else is there, Snakemake's locks and files that are half written belong to nobody. Some network
drives do not show a lock to other hosts; so another host's process counts as alive.
"""

from __future__ import annotations

import atexit
import fcntl
import os
import shutil
import socket
import sys
import sysconfig
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import suppress
from importlib.machinery import PathFinder, all_suffixes
from pathlib import Path

from provenance.errors import Failure
from provenance.files import read_json, sha256
from provenance.receipts import INCOMPLETE, LOCKS, METADATA, RECEIPTS, altered_files

BUILDS = Path(".snakemake/builds")

#: Bytes for temporary files; what TeX reads and writes is less.
ROOM = 8 << 20

#: Open until the process ends.
_held: list[int] = []


def require_name(folder: str) -> None:
    """Refuse braces, which Snakemake takes for wildcards, and what separates paths on a path."""
    if found := [character for character in f"{{}}{os.pathsep}" if character in folder]:
        raise Failure(
            f"A report cannot be built in a folder with {found[0]!r} in its path: {folder}.",
            "Rename that folder, or copy the project to another one.",
        )


def require_home(folder: str) -> None:
    """Refuse to build elsewhere than in the project's own folder: code and results would differ."""
    if Path(folder).resolve() != Path.cwd():
        raise Failure(
            f"The Snakefile of {folder} was asked to build in {Path.cwd()}.",
            f"Build in its own folder: cd {folder}",
        )


def require_no_shadows(folder: str | Path) -> None:
    """Refuse modules in the project's folder that jobs would import in place of others."""
    packages = [sysconfig.get_path("purelib"), sysconfig.get_path("platlib")]
    for place in sorted(Path(folder).iterdir()):
        is_module = place.name.endswith((*all_suffixes(),)) or (place / "__init__.py").is_file()
        name = place.name.partition(".")[0]
        # A report's own copy of this library counts, not one that is installed.
        if (
            is_module
            and name != __package__
            and (
                name in {*sys.stdlib_module_names, "sitecustomize", "usercustomize"}
                or PathFinder.find_spec(name, packages)
            )
        ):
            raise Failure(
                f"{place.name} in the project's folder would be imported in place of the module "
                f"{name!r}.",
                "Rename it, or move it out of this folder.",
            )


def require_writable(places: Iterable[str]) -> None:
    """Refuse to begin where a folder to write into, or one in it, is not ours to write into."""
    for place in places:
        if os.path.lexists(place) and not os.path.isdir(place):
            raise Failure(
                f"{place} should be a folder.", "Remove it and run the same command again."
            )
        for folder in [folder for folder, _, _ in os.walk(place)] or ["."]:
            if not os.access(folder, os.W_OK | os.X_OK):
                raise Failure(
                    f"Cannot write into the folder {Path(folder).absolute()}.",
                    "Make it writable for you, or copy the project to a place that is.",
                )


def require_room() -> None:
    """Refuse to begin where temporary files have no room: Snakemake's own and TeX's."""
    place = tempfile.gettempdir()
    if shutil.disk_usage(place).free < ROOM:
        raise Failure(
            f"The disk of the folder for temporary files, {place}, is full.",
            "Free some space there, or name another folder in TMPDIR.",
        )


def remove_damaged() -> None:
    """Remove from the registers what nobody could have written there; Snakemake would not read it.

    What they said is found out again, from the files themselves.
    """
    for register in (METADATA, INCOMPLETE, LOCKS, RECEIPTS):
        if not register.is_dir():
            register.unlink(missing_ok=True)
        for path in [*register.rglob("*")]:
            if path.is_dir() and not path.name.startswith("@"):  # of a name that was too long
                shutil.rmtree(path)
            elif path.is_file() and register in (METADATA, INCOMPLETE) and not _is_record(path):
                path.unlink()


def _is_record(path: Path) -> bool:
    """Tell whether a file is a JSON object, as the entries of Snakemake's registers are."""
    try:
        return isinstance(read_json(path), dict)
    except ValueError:
        return False


def keep_changed(documents: Iterable[str]) -> None:
    """Copy a document that somebody has changed (signed, say) before it is built anew."""
    for path in altered_files([*documents]):
        copy = Path(f"{path}.changed-{sha256(path)[:8]}")
        if not copy.exists():
            shutil.copy2(path, copy)
            print(f"{path} is not what its job wrote; it is kept as {copy.name}.", file=sys.stderr)


def date_now(root: str | Path) -> None:
    """Give files that are dated in the future the present date, because Snakemake refuses them."""
    now = time.time()
    for path in _walk(root):
        with suppress(OSError):  # somebody else's: Snakemake will name it
            if path.stat().st_mtime > now:
                os.utime(path)


def remove_bytecode(root: str | Path) -> None:
    """Remove bytecode that another Python left: it may be of a source as it was."""
    for path in _walk(root):
        if path.name == "__pycache__" and path.is_dir():
            shutil.rmtree(path, ignore_errors=True)


def _walk(root: str | Path) -> Iterator[Path]:
    """Yield the project's folders and files, without what is hidden and environments in it."""
    for folder, names, files in os.walk(root):
        inner = [name for name in names if not name.startswith(".")]
        names[:] = [name for name in inner if not Path(folder, name, "pyvenv.cfg").exists()]
        yield from (Path(folder, name) for name in (*names, *files))


def clear_after_the_dead(places: Iterable[str | Path]) -> None:
    """Remove locks and half-written files if nobody is there who needs them; from now on, we are.

    Where the folder cannot be written to or files cannot be locked, nothing is done.
    """
    with suppress(OSError):
        host = socket.gethostname()
        others = list(_others(host, _announce(f"{host}-{os.getpid()}")))
        leftovers = [*LOCKS.glob("*.lock"), *_half_written(places)]
        if not others:
            for leftover in leftovers:
                leftover.unlink(missing_ok=True)
        for other in others if leftovers else []:
            there, _, process = other.name.rpartition("-")
            if there != host:
                words = Failure(
                    f"A build of the host {there} (process {process}) is under way in this folder, "
                    f"or was killed; from {host} that cannot be told, so its files are left alone.",
                    f"If there is no such process on {there}, remove {other} and run the same "
                    "command again.",
                )
                atexit.register(print, f"\n{words}", file=sys.stderr)


def _announce(name: str) -> Path:
    """Leave a file that shows that this process is there; it is locked before it is seen."""
    BUILDS.mkdir(parents=True, exist_ok=True)
    hidden, entry = BUILDS / f".{name}", BUILDS / name
    handle = os.open(hidden, os.O_RDWR | os.O_CREAT, 0o666)
    _held.append(handle)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        hidden.rename(entry)
    except OSError:
        hidden.unlink(missing_ok=True)
        raise
    atexit.register(entry.unlink, missing_ok=True)
    return entry


def _others(host: str, ours: Path) -> Iterator[Path]:
    """Yield the files of other processes that may be alive; remove those of this host's dead."""
    for entry in set(BUILDS.glob("[!.]*")) - {ours}:
        if entry.name.rpartition("-")[0] != host:
            yield entry
            continue
        with suppress(FileNotFoundError), entry.open("r+b") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                entry.unlink()
            except BlockingIOError:
                yield entry


def _half_written(places: Iterable[str | Path]) -> Iterator[Path]:
    """Yield what killed jobs left under the temporary names that `files.beside` gives."""
    for place in map(Path, [*places, RECEIPTS, INCOMPLETE]):
        if place.is_dir():
            yield from [*place.rglob(".*.part")]
        else:
            yield from [*place.parent.glob(f".{place.name}.*.part")]
