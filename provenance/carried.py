"""A document's sources, packed into one file that it carries, and unpacked with care.

The file is a zip of stored members, the same bytes for the same content everywhere; the document
compresses it. What comes out of somebody else's document is read as data: a file that is not as
`pack` would have written it is refused, and nothing is written.
"""

from __future__ import annotations

import io
import re
import stat
import zipfile
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path, PurePosixPath

from provenance.errors import Failure
from provenance.files import beside

#: Beside the sources: what became of them, job by job, up to the document's text.
MANIFEST = "manifest.json"
# So much has no report; and no name that another system would read in another way.
MOST_BYTES, MOST_FILES = 32 << 20, 2000
NAME = re.compile(r"(?=.{1,200}\Z)(\w[\w.-]*/)+\w[\w.-]*", re.ASCII)
# Beside a report's sources: what is computed or downloaded, and what no build reads.
BESIDE = {"docs", "logs", "resources", "results", "tests", MANIFEST}


def own_files() -> list[str]:
    """List the project's own files: neither hidden nor computed, and read or needed by a build."""
    ends = (".expected.json", ".pyc")
    return sorted(
        path.as_posix()
        for place in Path().iterdir()
        if place.name[0] != "." and place.name not in BESIDE
        for path in ([place] if place.is_file() else place.rglob("*"))
        if path.is_file()
        and path.name[0] != "."
        and not path.name.endswith(ends)
        and not path.match("report/report.*")
    )


def pack(path: str | Path, folder: str, contents: Mapping[str, bytes]) -> None:
    """Pack a document's sources into one file, whole or not at all.

    Parameters
    ----------
    path : str or Path
        Where to.
    folder : str
        The name of the folder in which they lie once they are unpacked.
    contents : mapping of str to bytes
        What each file holds, by name.

    Raises
    ------
    Failure
        If `unpack` would refuse them: names that are none, too many files, too many bytes.
    """
    with beside(path) as temporary:
        with zipfile.ZipFile(temporary, "w") as archive:
            for name in sorted(contents):
                member = zipfile.ZipInfo(f"{folder}/{name}")  # dated 1980
                member.create_system, member.external_attr = 3, (stat.S_IFREG | 0o644) << 16
                archive.writestr(member, contents[name])
            members = archive.infolist()
        try:
            _require_harmless(members, temporary.stat().st_size)
        except Failure as refused:
            remedy = (
                "Rename what is named, in plain letters without spaces; what is large belongs into "
                "resources/, which no report carries."
            )
            raise Failure(refused.cause, remedy) from refused


def unpack(packed: bytes) -> tuple[str, dict[str, bytes]]:
    """Give the folder and, by their names in it, the files that `pack` has put into one.

    Raises
    ------
    Failure
        If `pack` has not made it: if a name leads elsewhere, stands there twice or is a link's; if
        there are too many files, or they are larger than the whole.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(packed)) as archive:
            _require_harmless(archive.infolist(), len(packed))
            found = {member.filename: archive.read(member) for member in archive.infolist()}
    except Failure:
        raise
    except Exception as error:  # whatever a hostile zip makes its reader raise
        raise _refused(f"they are no zip file: {error!r}") from error
    folder = min(found).split("/")[0]
    contents = {name.removeprefix(f"{folder}/"): content for name, content in found.items()}
    if MANIFEST not in contents:
        raise _refused(f"there is no {MANIFEST} among them")
    return folder, contents


def _require_harmless(members: Sequence[zipfile.ZipInfo], size: int) -> None:
    """Refuse what `pack` would not write, before anything is read."""
    if not 0 < len(members) <= MOST_FILES or size > MOST_BYTES:
        raise _refused(f"they are {len(members)} files of {size} bytes")
    for member in members:
        if not NAME.fullmatch(member.filename):
            raise _refused(f"a file is named {member.filename[:100]!r}")
        if not stat.S_ISREG(member.external_attr >> 16):
            raise _refused(f"{member.filename} is no plain file")
        if member.compress_type != zipfile.ZIP_STORED:
            raise _refused(f"{member.filename} is compressed")
    # Stored side by side they cannot be larger than the whole.
    if sum(member.file_size for member in members) > size:
        raise _refused("unpacked they would be larger than packed")
    # Some systems take names that differ in case for one.
    names = [PurePosixPath(member.filename.lower()) for member in members]
    folders = {folder for name in names for folder in name.parents}
    twice = [str(name) for name, n in Counter(names).items() if n > 1 or name in folders]
    if twice or len({name.parts[0] for name in names}) > 1:
        raise _refused(f"{twice[0]} is there twice" if twice else "they are of several folders")


def _refused(why: str) -> Failure:
    return Failure(
        f"The packed sources are not as a report carries them: {why}.",
        "Nothing was unpacked or run. Get the report again from where it was published.",
    )
