"""`arxiv`: what TeX read for a document, in one archive that anybody's pdflatex can compile.

Its files lie side by side, as the document names them; its bytes are the same everywhere.
"""

from __future__ import annotations

import argparse
import gzip
import io
import sys
import tarfile
from collections.abc import Sequence
from pathlib import Path

from provenance.errors import Failure
from provenance.files import write_bytes
from provenance.receipts import read_all
from provenance.verify import built_here


def main(arguments: Sequence[str]) -> int:
    """Write the archive; return the exit status."""
    parser = argparse.ArgumentParser(prog="arxiv", description=__doc__)
    parser.add_argument("report", help="the document, as the Snakefile names it")
    parser.add_argument("archive", help="the file to write, a .tar.gz")
    options = parser.parse_args(arguments)
    try:
        built_here(options.report)
        files = sources_of(options.report)
    except Failure as error:
        print(f"arxiv: {error}", file=sys.stderr)
        return 1
    write_bytes(options.archive, packed(files))
    print(f"{options.archive}: {len(files)} files; compile it with `pdflatex {files[0].name}`")
    return 0


def sources_of(report: str) -> list[Path]:
    """List what TeX read for a document, its main file first; the code of its job is not among it.

    It is read from the receipt: the job's inputs that have a part in it, of which `tex` is one.
    """
    parts = read_all()[report].params["input"]
    main_file = Path(parts["tex"])
    others = [[part] if isinstance(part, str) else part for part in parts.values()]
    paths = sorted({Path(path) for part in others for path in part} - {main_file})
    return [main_file, *paths]


def packed(files: Sequence[Path]) -> bytes:
    """Pack files under their bare names; no time, no user and no order of a disk counts."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for path in files:
            content = path.read_bytes()
            member = tarfile.TarInfo(path.name)  # of 1970, nobody's
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return gzip.compress(buffer.getvalue(), mtime=0)
