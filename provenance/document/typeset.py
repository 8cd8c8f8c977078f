r"""From LaTeX to PDF: in a folder of its own, with a fixed environment, and no loose ends.

The passes are run here rather than by latexmk: its start alone costs as much as a pass, and all
that it decides is when the auxiliary files have come to rest. The same sources then always go
through the same passes, so that the PDF's bytes do not depend on what was built before.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path, PurePosixPath

from provenance.errors import Failure
from provenance.files import write_bytes

if sys.platform == "linux":
    import resource

PDFLATEX = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "-file-line-error"]
# Passes until the page numbers in the table of contents have come to rest; two in practice.
MOST_PASSES = 6
OVERFULL_PT = 2.0
SMALLEST_FREE_BYTES = 1 << 16
INSTALL = (
    "On Debian or Ubuntu: apt-get install texlive-latex-base texlive-latex-recommended lmodern; "
    "elsewhere install TeX Live or tectonic."
)
# What TeX sees of the world. Dates are those of 1980 (no date is printed); only files of the
# job's folder and of TeX itself are read; log lines are not broken, so that they can be searched.
ENVIRONMENT = {
    "SOURCE_DATE_EPOCH": "315532800",
    "FORCE_SOURCE_DATE": "1",
    "TZ": "UTC",
    "LC_ALL": "C",
    "openin_any": "p",
    "openout_any": "p",
    "shell_escape": "f",
    **dict.fromkeys(("MKTEXPK", "MKTEXTFM", "MKTEXMF"), "0"),
    "max_print_line": "10000",
    "error_line": "200",
    "half_error_line": "100",
}


def engine() -> str | None:
    """Name the TeX engine that is on PATH: pdflatex, else tectonic, else None."""
    return next((name for name in ("pdflatex", "tectonic") if shutil.which(name)), None)


def typeset(
    source: Path, inputs: Mapping[str, Path], output: Path, *, timeout: float = 120.0
) -> str:
    r"""Typeset a LaTeX document.

    Parameters
    ----------
    source : Path
        The main file.
    inputs : mapping of str to Path
        The other files that the document reads, by the name under which it reads them
        (`\input{appendix.tex}`, `\includegraphics{losses.pdf}`). It finds no others.
    output : Path
        The PDF. It appears only if the document has no error and no loose end.
    timeout : float
        Seconds for all passes together.

    Returns
    -------
    str
        The table of contents, as LaTeX wrote it for its last pass.

    Raises
    ------
    Failure
        If there is no TeX engine; if TeX stops with an error or is not done in time; if the
        document has an undefined reference, a label twice, a character without a glyph or a
        line more than 2 pt too wide.
    """
    found = engine()
    if found is None:
        raise Failure("No TeX engine is on PATH: neither pdflatex nor tectonic.", INSTALL)
    with tempfile.TemporaryDirectory(prefix="typeset-") as name:
        folder = Path(name)
        _lay_out(folder, {source.name: source, **inputs})
        passes = _pdflatex if found == "pdflatex" else _tectonic
        try:
            passes(folder, source.name, time.monotonic() + timeout)
        except subprocess.TimeoutExpired:
            raise Failure(
                f"{source}: TeX was not done after {timeout:g} seconds.",
                "Look for an endless loop in the templates (a macro that calls itself), "
                "or raise the time limit on a slow machine.",
            ) from None
        if loose := _loose_ends(_text(folder / f"{source.stem}.log")):
            raise Failure(
                f"{source} was typeset, but not well:" + "".join(f"\n    {end}" for end in loose),
                "Correct the templates in report/ (the lines are those of the file named first).",
            )
        write_bytes(output, (folder / f"{source.stem}.pdf").read_bytes())
        return _text(folder / f"{source.stem}.toc")


def _lay_out(folder: Path, files: Mapping[str, Path]) -> None:
    """Copy all files into the job's folder, under plain names."""
    for name, path in files.items():
        parts = PurePosixPath(name).parts
        if not re.fullmatch(r"[A-Za-z0-9_./-]+", name) or name[0] == "/" or ".." in parts:
            raise ValueError(f"an input's name must be plain and relative; got {name!r}")
        if not path.is_file():
            raise Failure(
                f"The report's input {path} does not exist.",
                "Let Snakemake make it: snakemake --cores 4",
            )
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, folder / name)


def _pdflatex(folder: Path, name: str, end: float) -> None:
    """Run pdflatex until the auxiliary files stay as they are."""
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
    # What a user has in personal TeX trees has no influence, and nothing is written there.
    homes = ("HOME", "TEXMFHOME", "TEXMFVAR", "TEXMFCONFIG", "VARTEXFONTS", "TMPDIR")
    environment = kept | ENVIRONMENT | dict.fromkeys(homes, str(folder / "home"))
    (folder / "home").mkdir()
    # The first pass is never the last: it need not write a PDF.
    _run([*PDFLATEX, "-draftmode", name], folder, environment, end)
    for _ in range(MOST_PASSES - 1):
        before = _auxiliary(folder)
        _run([*PDFLATEX, name], folder, environment, end)
        if _auxiliary(folder) == before:
            return
    raise Failure(
        f"{name}: the page numbers still change after {MOST_PASSES} passes.",
        "Look for a reference whose own width moves what it refers to.",
    )


def _tectonic(folder: Path, name: str, end: float) -> None:
    """Run tectonic, which counts the passes itself and fetches the packages that it lacks."""
    command = ["tectonic", "-X", "compile", "--untrusted", "--keep-logs"]
    _run([*command, "--keep-intermediates", name], folder, {**os.environ, **ENVIRONMENT}, end)


def _auxiliary(folder: Path) -> dict[str, bytes]:
    """Read what one pass leaves for the next."""
    suffixes = (".aux", ".toc", ".out", ".lof", ".lot")
    return {path.name: path.read_bytes() for path in folder.iterdir() if path.suffix in suffixes}


def _run(command: list[str], folder: Path, environment: Mapping[str, str], end: float) -> None:
    """Run a command of a TeX engine until a time, with limits.

    It stays in this process's group, so that whoever kills the build kills it too; it starts no
    programs itself. Should it outlive us, its processor time is limited.
    """
    left = max(0.0, end - time.monotonic())
    said, log = folder / "said.txt", (folder / command[-1]).with_suffix(".log")
    with said.open("wb") as stdout:
        status = subprocess.run(
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=subprocess.STDOUT,
            timeout=left,
            preexec_fn=partial(_limit, int(left) + 1),
        ).returncode
    if status != 0:
        if shutil.disk_usage(folder).free < SMALLEST_FREE_BYTES:  # TeX blames other things
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(folder))
        raise _failure(_text(log if ERROR.search(_text(log)) else said), status)


def _limit(seconds: int) -> None:
    """Limit this process's memory, file size and, later than who waits for it, processor time."""
    if sys.platform == "linux":
        sizes = {resource.RLIMIT_AS: 4 << 30, resource.RLIMIT_FSIZE: 200 << 20}
        for limit, value in {**sizes, resource.RLIMIT_CPU: seconds + 2}.items():
            hard = resource.getrlimit(limit)[1]
            resource.setrlimit(limit, (value if hard < 0 else min(value, hard), hard))


def _text(path: Path) -> str:
    """Read what TeX wrote, in whatever encoding; nothing if it wrote nothing."""
    return path.read_bytes().decode("utf-8", "replace") if path.exists() else ""


ERROR = re.compile(
    r"^(?:! |!(?=pdfTeX)|(?:\./|(?=/))(?P<file>[^:\n]+):(?P<line>\d+): )(?P<message>.*)$", re.M
)


def _failure(log: str, status: int) -> Failure:
    """Explain why TeX stopped: its error, where it stands, and what helps."""
    error = ERROR.search(log)
    if error is None:
        said = "\n    ".join(log.strip().splitlines()[-8:]) or "(it said nothing)"
        return Failure(f"TeX stopped with status {status}:\n    {said}", INSTALL)
    message = error["message"]
    place = f" ({error['file']}, line {error['line']})" if error["file"] else ""
    # The line of the document up to the error, and what follows it.
    context = re.search(r"^(l\.\d+.*)\n(.*)", log[error.end() :], re.MULTILINE)
    shown = [line[:200].rstrip() for line in context.groups()] if context else []
    cause = "\n    ".join([f"TeX stopped: ! {message}{place}", *filter(None, shown)])
    return Failure(cause, _remedy(message))


def _remedy(message: str) -> str:
    """Say what to do about an error message of TeX."""
    missing = re.search(r"File `([^']+)' not found", message)
    if missing and missing[1].endswith((".sty", ".cls", ".def", ".fd", ".clo")):
        return f"The TeX installation lacks {missing[1]}. {INSTALL}"
    if re.search(r"Metric \(TFM\)|font .* not found|cannot open|mktexpk", message, re.IGNORECASE):
        return f"The TeX installation lacks a font, or the map of its fonts. {INSTALL}"
    if missing or "Cannot determine size" in message:
        unnamed = "A report reads only the files that its rule names as input"
        return f"{unnamed}: name the file there, or correct the template."
    return "Correct the template in report/ that this line comes from."


LOOSE_ENDS = (
    r"^(?:LaTeX|Package \w+) Warning: ((?:Hyper reference|Reference|Citation) .* undefined.*)$",
    r"^LaTeX Warning: (Label .* multiply defined.*)$",
    r"(Missing character: There is no .* in font .*)$",
    r"^pdfTeX warning \(dest\): (name\S* has been referenced but does not exist)",
)
OVERFULL = re.compile(r"^(Overfull \\[hv]box \(([\d.]+)pt too (?:wide|high)\).*)\n+(.*)", re.M)


def _loose_ends(log: str, most: int = 10) -> list[str]:
    """List what a log complains about and a reader would see."""
    found = [match[1] for pattern in LOOSE_ENDS for match in re.finditer(pattern, log, re.M)]
    for message, points, line in OVERFULL.findall(log):
        if float(points) > OVERFULL_PT:
            text = re.sub(r"\\\S+ |\[\]", "", line).strip()[:100]
            found.append(f"{message}: {text}" if text else message)
    found = list(dict.fromkeys(found))
    return found[:most] + ([f"and {len(found) - most} more"] if len(found) > most else [])
