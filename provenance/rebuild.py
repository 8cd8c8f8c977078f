"""`rebuild`: a report built anew from nothing but the sources that it carries.

They are unpacked into a temporary folder and built there, without git; the outcome has to be the
same report, byte for byte. Data that it does not carry is taken from where the configuration looks
for it, as seen from the present folder.
"""

from __future__ import annotations

import argparse
import hashlib
import logging
import re
import sys
from collections.abc import Sequence
from contextlib import chdir
from io import BytesIO
from itertools import zip_longest
from pathlib import Path

from pypdf import PdfReader

from provenance.carried import MANIFEST, unpack
from provenance.errors import Failure
from provenance.files import digest, write_bytes
from provenance.manifest import differing, manifest_of, read_manifest
from provenance.verify import build, compare, elsewhere

#: How the attachment is described: the command that builds the report.
COMMAND = re.compile(r"snakemake ((?:\w[\w.-]*/)*\w[\w.-]*\.pdf)", re.ASCII)

# What pypdf says of a broken file may hold what a terminal obeys.
logging.getLogger("pypdf").addHandler(logging.NullHandler())


def main(arguments: Sequence[str]) -> int:
    """Rebuild a report and compare; return the exit status."""
    parser = argparse.ArgumentParser(prog="rebuild", description=__doc__)
    parser.add_argument("pdf", help="a report that carries its sources")
    parser.add_argument("--yes", action="store_true", help="run what it carries without asking")
    options = parser.parse_args(arguments)
    try:
        return rebuild(options.pdf, sure=options.yes)
    except Failure as error:
        print(f"rebuild: {error}", file=sys.stderr)
        return 1


def rebuild(pdf: str, *, sure: bool) -> int:
    """Build a report from what it carries, if a person agrees, and compare the two."""
    original = _read(pdf)
    packed, report = attached(original)
    name, contents = unpack(packed)
    hashes = {path: hashlib.sha256(content).hexdigest() for path, content in contents.items()}
    del hashes[MANIFEST]
    print(f"{pdf} carries {len(hashes)} source files. Its last page has to state their SHA-256:")
    print(f"    {digest(hashes)}")
    print("They are unpacked into a temporary folder, and with all the rights that you have runs:")
    print(f"    {Path(sys.executable).name} -m snakemake {report}", flush=True)
    if not (sure or _agreed()):
        raise Failure(
            "Nothing was run.",
            "Agree by y or --yes if you trust who made it. To read the sources first: "
            f"pdfdetach -saveall {pdf}",
        )
    with elsewhere(name) as folder, chdir(folder):
        for path, content in contents.items():
            write_bytes(path, content)
        build(report)
        built = _read(report)
        if built == original:
            print("OK: the PDF rebuilds itself, byte for byte")
            return 0
        expected = read_manifest(MANIFEST)
        found, lacking = compare(expected, manifest_of([report]), differing(expected))
    for line in [*(f"{path}: not here, but it was built with that" for path in lacking), *found]:
        print(line)
    print(f"NOT OK: its sources build another PDF; {_where(original, built)}")
    return 1


def _read(pdf: str) -> bytes:
    try:
        return Path(pdf).read_bytes()
    except OSError as error:
        raise Failure(f"{pdf} cannot be read: {error.strerror}.", "Name a report.") from error


def attached(pdf: bytes) -> tuple[bytes, str]:
    """Give the one file that a report carries, and the report that is built from it.

    Raises
    ------
    Failure
        If the PDF carries none or several, or something else; nothing of it has run.
    """
    try:
        files = list(PdfReader(BytesIO(pdf)).attachment_list)
        described = [COMMAND.fullmatch(file.description or "") for file in files]
        if len(files) == 1 and described[0]:
            return files[0].content, described[0][1]
    except Exception as error:  # whatever a hostile PDF makes its reader raise
        raise Failure(f"It cannot be read as a PDF: {error!r}.", "Get the report again.") from error
    raise Failure(
        f"A report carries one file, and says by which command it is built; here are {len(files)}.",
        "Get the report again, or name another one: one that was signed or printed anew by another "
        "program need not carry its sources any longer.",
    )


def _agreed() -> bool:
    """Ask; no answer is no."""
    print("Run it? [y/N] ", end="", flush=True)
    return sys.stdin.readline().strip().lower() in {"y", "yes"}


def _where(*pdfs: bytes) -> str:
    """Say on which pages two PDFs differ."""
    texts = [[page.extract_text() for page in PdfReader(BytesIO(pdf)).pages] for pdf in pdfs]
    pairs = enumerate(zip_longest(*texts), 1)
    numbers = [str(number) for number, (old, new) in pairs if old != new]
    return f"pages: {', '.join(numbers)}" if numbers else "every page has the same text"
