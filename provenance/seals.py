"""Seals: what each job wrote, by hash, so that a file which is no longer that is built again.

Snakemake rebuilds what depends on a changed file. But a record edited by hand, two files swapped
or a byte flipped on the disk would be taken for what a job computed, and the report would repeat
it. So each job leaves a seal, the SHA-256 of every file that it wrote; and when the Snakefile is
read, files that differ from their seal, or have none, are marked in Snakemake's own register of
incomplete files. Snakemake then builds exactly these again.

A seal also holds the SHA-256 of each input as the job began. Snakemake compares the content of
an input only if it is newer than the output; an older version that was put back with its old date
(`mv`, `cp -p`, an unpacked archive) would pass unseen. So an output is marked too if an input is
not newer and is not what the job read.

Nor does Snakemake mind when a record in the middle is gone and the PDF at the end is still there.
But a record may be gone because a job that was to change it got killed. So if a sealed file is
gone, what is made from all records is marked, and brings the missing ones back; and so is what
the same job wrote, for a file that nothing else reads (a figure's second format).
"""

from __future__ import annotations

import os
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

from provenance.files import sha256, write_text

SEALS = Path(".snakemake/seals")
INCOMPLETE = Path(".snakemake/incomplete")
METADATA = Path(".snakemake/metadata")
LOCKS = Path(".snakemake/locks")

#: What was missing when the Snakefile was read; `make why` names it.
noticed_missing: list[str] = []


def seal(outputs: Iterable[str], read: Mapping[str, str] = MappingProxyType({})) -> None:
    """Note what a job wrote, and what it read.

    Parameters
    ----------
    outputs : iterable of str
        The job's outputs, relative to the project's folder.
    read : mapping of str to str
        The SHA-256 of each input when the job began, by path.
    """
    outputs = [*outputs]
    inputs = "".join(f"{hashed}  {path}\n" for path, hashed in read.items())
    for output in outputs:
        others = "".join(f"+{other}\n" for other in outputs if other != output)
        write_text(_register(SEALS, output), f"{sha256(output)}  {output}\n{inputs}{others}")


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
    if any(LOCKS.glob("*.lock")):
        return []
    places = [*places]
    marked = [*altered_files(places, known)]
    if gone := [*missing_files(places)]:
        noticed_missing.extend(gone)
        beside = (other for path in gone for other in _made_with(path))
        marked += [path for path in [*beside, *summaries] if os.path.exists(path)]
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
        that has no seal or was made from an input that is another one now.
    """
    hashed = cache(sha256)
    for path, expected in known.items():
        if os.path.isfile(path) and sha256(path) != expected:
            yield path
    for path in _files(places):
        register = _register(SEALS, path)
        if not _matches(register, path) and not _matches(register, path):
            # Looked at twice: another build may have been between the file and its seal.
            yield path
        elif not _register(METADATA, path).exists() or _was_made_from_others(path, hashed):
            # Without Snakemake's own notes it would not see that the code has changed.
            yield path


def unsealed_files(places: Iterable[str | Path]) -> Iterator[str]:
    """Find files in these places whose content is not what a job wrote."""
    for path in _files(places):
        if not _matches(_register(SEALS, path), path):
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


def is_sealed(path: str) -> bool:
    """Tell whether a file is what a job wrote."""
    return _matches(_register(SEALS, path), path)


def sealed_hash(path: str) -> str | None:
    """Read the SHA-256 of what a job wrote; None for a file that no job wrote."""
    register = _register(SEALS, path)
    return register.read_text(encoding="utf-8").partition(" ")[0] if register.exists() else None


def _made_with(path: str) -> Iterator[str]:
    """Yield what the job wrote that wrote a sealed file, without the file itself."""
    for line in _register(SEALS, path).read_text(encoding="utf-8").splitlines()[1:]:
        if line.startswith("+"):
            yield line[1:]


def _files(places: Iterable[str | Path]) -> Iterator[str]:
    """Yield the files in folders and the files themselves, sorted, hidden ones left out."""
    for place in map(Path, places):
        # Through links too: what is behind them is read like all else.
        walked = os.walk(place, followlinks=True)
        found = [Path(folder, name) for folder, _, names in walked for name in names]
        for path in sorted(found if place.is_dir() else [place]):
            if path.is_file() and not path.name.startswith("."):
                yield path.as_posix()


def _matches(register: Path, path: str) -> bool:
    """Tell whether a file has a seal and is what it says."""
    try:
        return register.read_text(encoding="utf-8").startswith(f"{sha256(path)}  {path}\n")
    except FileNotFoundError:
        return False


def _was_made_from_others(path: str, hashed: Callable[[str], str]) -> bool:
    """Tell whether an input that is no newer than a file is not what the file was made from."""
    made = os.path.getmtime(path)
    for line in _register(SEALS, path).read_text(encoding="utf-8").splitlines()[1:]:
        expected, _, source = line.partition("  ")  # no source in the lines of `_made_with`
        older = os.path.isfile(source) and os.path.getmtime(source) <= made
        if older and hashed(source) != expected:
            return True
    return False


def _register(folder: Path, path: str) -> Path:
    """Name a file's entry in a register, as Snakemake does for its own."""
    return folder / urlsafe_b64encode(path.encode()).decode()
