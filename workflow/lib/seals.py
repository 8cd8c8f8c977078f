"""Seals: what each job wrote, by hash, so that a file which is no longer that is built again.

Snakemake rebuilds what depends on a changed file. But a record edited by hand, two files swapped
or a byte flipped on the disk would be taken for what a job computed, and the report would repeat
it. So each job leaves a seal, the SHA-256 of every file that it wrote; and when the Snakefile is
read, files that differ from their seal, or have none, are marked in Snakemake's own register of
incomplete files. Snakemake then builds exactly these again.

Nor does Snakemake mind when a record in the middle is gone and the PDF at the end is still there.
But a record may be gone because a job that was to change it got killed. So if a sealed file is
gone, what is made from all records is marked, and brings the missing ones back.
"""

from __future__ import annotations

import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from workflow.lib.files import sha256, write_text

SEALS = Path(".snakemake/seals")
INCOMPLETE = Path(".snakemake/incomplete")
LOCKS = Path(".snakemake/locks")


def seal(outputs: Iterable[str]) -> None:
    """Note what a job wrote.

    Parameters
    ----------
    outputs : iterable of str
        The job's outputs, relative to the project's folder.
    """
    for output in outputs:
        write_text(_register(SEALS, output), f"{sha256(output)}  {output}\n")


def guard(
    places: Iterable[str | Path], known: Mapping[str, str], summaries: Iterable[str]
) -> list[str]:
    """Mark what has to be built again because it is not what a job left.

    Nothing is marked while a build is under way in this folder; it may be between a file and its
    seal.

    Parameters
    ----------
    places : iterable of str or Path
        Folders of computed files, and single computed files.
    known : mapping of str to str
        The SHA-256 that downloaded files must have, by path.
    summaries : iterable of str
        The files that are made from all others.

    Returns
    -------
    list of str
        What was marked.
    """
    if LOCKS.is_dir() and any(LOCKS.iterdir()):
        return []
    places = [*places]
    marked = [*altered_files(places, known)]
    if gone := [*missing_files(places)]:
        marked += [path for path in summaries if os.path.exists(path)]
    for path in marked:
        write_text(_register(INCOMPLETE, path), '{"external_jobid": null}')
    for path in gone:
        # The marks remember from here on.
        _register(SEALS, path).unlink(missing_ok=True)
    return marked


def altered_files(places: Iterable[str | Path], known: Mapping[str, str]) -> Iterator[str]:
    """Find files that are not what a job wrote.

    Parameters
    ----------
    places : iterable of str or Path
        Folders of computed files, and single computed files.
    known : mapping of str to str
        The SHA-256 that downloaded files must have, by path.

    Yields
    ------
    str
        Each existing file whose content differs from its seal or from its known hash, and each
        that has no seal.
    """
    for path, expected in known.items():
        if os.path.isfile(path) and sha256(path) != expected:
            yield path
    for path in _files(places):
        register = _register(SEALS, path)
        if not _matches(register, path) and not _matches(register, path):
            # Looked at twice: another build may have been between the file and its seal.
            yield path


def missing_files(places: Iterable[str | Path]) -> Iterator[str]:
    """Find files that a job wrote and sealed, and that are gone.

    Parameters
    ----------
    places : iterable of str or Path
        Folders of computed files, and single computed files.

    Yields
    ------
    str
        Each sealed path in one of these places where there is no file.
    """
    roots = [Path(place) for place in places]
    for register in sorted(SEALS.glob("*")):
        path = Path(urlsafe_b64decode(register.name).decode())
        if any(path.is_relative_to(root) for root in roots) and not path.exists():
            yield path.as_posix()


def _files(places: Iterable[str | Path]) -> Iterator[str]:
    """Yield the files in folders and the files themselves, sorted, hidden ones left out."""
    for place in map(Path, places):
        found = place.rglob("*") if place.is_dir() else [place]
        for path in sorted(found):
            if path.is_file() and not path.name.startswith("."):
                yield path.as_posix()


def _matches(register: Path, path: str) -> bool:
    """Tell whether a file has a seal and is what it says."""
    try:
        return register.read_text(encoding="utf-8") == f"{sha256(path)}  {path}\n"
    except FileNotFoundError:
        return False


def _register(folder: Path, path: str) -> Path:
    """Name a file's entry in a register, as Snakemake does for its own."""
    return folder / urlsafe_b64encode(path.encode()).decode()
