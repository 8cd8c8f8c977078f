r"""From LaTeX to PDF: in a folder of its own, with a fixed environment, and no loose ends.

The passes are run here rather than by latexmk: its start alone costs as much as a pass, and all
that it decides is when the auxiliary files have come to rest. The same sources then always go
through the same passes, so that the PDF's bytes do not depend on what was built before.

What was built before may only save time. The first pass finds out what stands where, and the
second needs to know it. So a second pass may begin beside the first, from what the first pass of
the last build had found; it counts if this first pass then finds the very same, and is thrown
away if not.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from provenance.errors import Failure
from provenance.files import read_json, write_bytes, write_json

if sys.platform == "linux":
    import resource

# What the first pass of each report found.
FIRST_PASSES = Path(".snakemake/first_passes")
JOB = "report"
# Passes until the page numbers in the table of contents have come to rest; two in practice.
MOST_PASSES = 6
AUXILIARY = [f"{JOB}.{suffix}" for suffix in ("aux", "toc", "out", "lof", "lot")]
# The first pass's folder, in that of the others.
FIRST = "first"
# What the engine printed.
SAID = "said.txt"
# Any byte is one character, and back.
ONE_TO_ONE = "latin-1"
OVERFULL_PT = 2.0
MEMORY_BYTES = 4 << 30
FILE_BYTES = 200 << 20
PACKAGES = "latexmk texlive-latex-base texlive-latex-recommended lmodern"
INSTALL = (
    f"On Debian or Ubuntu: apt-get install {PACKAGES}; elsewhere install TeX Live or tectonic."
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
    "MKTEXPK": "0",
    "MKTEXTFM": "0",
    "MKTEXMF": "0",
    "max_print_line": "10000",
    "error_line": "200",
    "half_error_line": "100",
}


def engine() -> str | None:
    """Name the TeX engine that is on PATH: pdflatex, else tectonic, else None."""
    return next((name for name in ("pdflatex", "tectonic") if shutil.which(name)), None)


def typeset(
    source: Path,
    inputs: Mapping[str, Path],
    output: Path,
    *,
    memory: Path | None = None,
    timeout: float = 120.0,
) -> None:
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
    memory : Path, optional
        Where to remember what the first pass found. If it is given, the next second pass begins
        beside the first, on another core. The PDF is the same with and without.
    timeout : float
        Seconds for all passes together.

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
        _lay_out(folder, source, inputs)
        if found == "pdflatex":
            _lay_out(folder / FIRST, source, inputs)
            log = _pdflatex(folder, str(source), timeout, memory)
        else:
            log = _tectonic(folder, str(source), timeout)
        _refuse_loose_ends(log, str(source))
        write_bytes(output, (folder / f"{JOB}.pdf").read_bytes())


def _lay_out(folder: Path, source: Path, inputs: Mapping[str, Path]) -> None:
    """Copy all files into the job's folder, under plain names."""
    for name, path in {f"{JOB}.tex": source, **inputs}.items():
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


def _pdflatex(folder: Path, source: str, timeout: float, memory: Path | None) -> str:
    """Run pdflatex until the auxiliary files stay as they are; return the last pass's log."""
    home = folder / "home"
    home.mkdir()
    environment = {
        **{name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ},
        **ENVIRONMENT,
        # What a user has in personal TeX trees has no influence, and nothing is written there.
        **dict.fromkeys(
            ("HOME", "TEXMFHOME", "TEXMFVAR", "TEXMFCONFIG", "VARTEXFONTS", "TMPDIR"), str(home)
        ),
    }
    command = [
        *("pdflatex", "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape"),
        *("-file-line-error", f"-jobname={JOB}", f"{JOB}.tex"),
    ]
    # The first pass is never the last; without its PDF it takes four fifths of the time.
    draft = [*command[:1], "-draftmode", *command[1:]]
    tex = _Engine(environment, source, timeout)
    log = None
    with ExitStack() as stack:
        if guess := _recall(memory):
            _write_auxiliary(folder, guess)
            ahead = stack.enter_context(tex.started(command, folder))
        tex.run(draft, folder / FIRST)
        before = _auxiliary(folder / FIRST)
        if guess and guess == before:
            log = tex.log_of(ahead, folder)
    if log is None:
        _write_auxiliary(folder, before)
        log = tex.run(command, folder)
        _remember(memory, before)
    passes = 2
    while (after := _auxiliary(folder)) != before:
        if passes == MOST_PASSES:
            raise Failure(
                f"{source}: the page numbers still change after {MOST_PASSES} passes.",
                "Look for a reference whose own width moves what it refers to.",
            )
        log = tex.run(command, folder)
        before, passes = after, passes + 1
    return log


def _tectonic(folder: Path, source: str, timeout: float) -> str:
    """Run tectonic, which counts the passes itself and fetches the packages that it lacks."""
    command = ["tectonic", "-X", "compile", "--untrusted", "--keep-logs", f"{JOB}.tex"]
    return _Engine({**os.environ, **ENVIRONMENT}, source, timeout).run(command, folder)


def _auxiliary(folder: Path) -> dict[str, bytes]:
    """Read what one pass leaves for the next."""
    paths = [folder / name for name in AUXILIARY]
    return {path.name: path.read_bytes() for path in paths if path.exists()}


def _write_auxiliary(folder: Path, contents: Mapping[str, bytes]) -> None:
    """Leave this and nothing else for the next pass."""
    for name in AUXILIARY:
        (folder / name).unlink(missing_ok=True)
    for name, content in contents.items():
        (folder / name).write_bytes(content)


def _recall(memory: Path | None) -> dict[str, bytes]:
    """Read what the first pass of the last build found; nothing if that is not known."""
    with suppress(OSError, ValueError, AttributeError, TypeError):
        texts = read_json(memory) if memory else {}
        return {name: texts[name].encode(ONE_TO_ONE) for name in AUXILIARY if name in texts}
    return {}


def _remember(memory: Path | None, contents: Mapping[str, bytes]) -> None:
    """Keep for the next build what the first pass found, if there is room."""
    if memory:
        texts = {name: content.decode(ONE_TO_ONE) for name, content in contents.items()}
        with suppress(OSError):
            write_json(memory, texts)


@dataclass(frozen=True)
class _Engine:
    """Runs commands of a TeX engine.

    They stay in this process's group, so that whoever kills the build kills them too; they start
    no programs themselves. Should they outlive us, their processor time is limited.
    """

    environment: Mapping[str, str]
    source: str
    timeout: float
    start: float = field(default_factory=time.monotonic)

    def run(self, command: list[str], folder: Path) -> str:
        """Run a command; return TeX's log."""
        with self.started(command, folder) as process:
            return self.log_of(process, folder)

    @contextmanager
    def started(self, command: list[str], folder: Path) -> Iterator[subprocess.Popen[bytes]]:
        """Start a command, and do not leave it behind."""
        with (folder / SAID).open("wb") as stdout:
            process = subprocess.Popen(
                command,
                cwd=folder,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=stdout,
                stderr=subprocess.STDOUT,
            )
        try:
            _limit(process.pid, self.timeout)
            yield process
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()

    def log_of(self, process: subprocess.Popen[bytes], folder: Path) -> str:
        """Wait for a command; return TeX's log."""
        left = self.start + self.timeout - time.monotonic()
        try:
            status = process.wait(timeout=max(0.0, left))
        except subprocess.TimeoutExpired:
            raise Failure(
                f"{self.source}: TeX was not done after {self.timeout:g} seconds."
                + _where_it_was(_text(folder / f"{JOB}.log")),
                "Look for an endless loop in the templates (a macro that calls itself), "
                "or raise the time limit on a slow machine.",
            ) from None
        log = _text(folder / f"{JOB}.log")
        if status != 0:
            raise _failure(log if _first_error(log) else _text(folder / SAID), self.source, status)
        return log


def _limit(pid: int, seconds: float) -> None:
    """Limit memory, file size and processor time, where the system can do so for a child."""
    if sys.platform == "linux":
        for limit, value in (
            (resource.RLIMIT_AS, MEMORY_BYTES),
            (resource.RLIMIT_FSIZE, FILE_BYTES),
            (resource.RLIMIT_CPU, int(seconds) + 1),
        ):
            try:
                _, hard = resource.prlimit(pid, limit)
                value = value if hard == resource.RLIM_INFINITY else min(value, hard)
                resource.prlimit(pid, limit, (value, value))
            except ProcessLookupError:
                return  # it is done already


def _text(path: Path) -> str:
    """Read what TeX wrote, in whatever encoding; nothing if it wrote nothing."""
    return path.read_bytes().decode("utf-8", "replace") if path.exists() else ""


ERROR = re.compile(r"^(?:! |\./(?P<file>[^:\n]+):(?P<line>\d+): )(?P<message>.*)$", re.MULTILINE)


def _first_error(log: str) -> re.Match[str] | None:
    """Find the first error in a log."""
    return ERROR.search(log)


def _where_it_was(log: str) -> str:
    """Name the last page that was finished."""
    pages = re.findall(r"\[(\d+)", log)
    return f" The last page that it finished is {pages[-1]}." if pages else ""


def _failure(log: str, source: str, status: int) -> Failure:
    """Explain why TeX stopped: its error, where it stands, and what helps."""
    error = _first_error(log)
    if error is None:
        shown = "\n    ".join(log.strip().splitlines()[-8:]) or "(it said nothing)"
        return Failure(f"TeX stopped with status {status}:\n    {shown}", INSTALL)
    message = error["message"]
    file = source if error["file"] in (None, f"{JOB}.tex") else error["file"]
    place = f" ({file}, line {error['line']})" if error["line"] else f" ({file})"
    context = _context(log[error.end() :])
    return Failure("\n    ".join([f"TeX stopped: ! {message}{place}", *context]), _remedy(message))


CHATTER = re.compile(
    r"for explanation\.$|immediate help|^ \.\.\.|^or enter new name|^Enter file name|"
    r"Emergency stop|^<read \*>|^\s*\^\^M\s*$"
)


def _context(log: str) -> list[str]:
    """Give the lines after an error up to `l.NN` and the one below it, which shows the place."""
    lines = log.splitlines()[1:30]
    place = next((n for n, line in enumerate(lines) if re.match(r"l\.\d+", line)), None)
    if place is None:
        return []
    shown = lines[max(0, place - 6) : place + 2]
    return [line[:200].rstrip() for line in shown if line.strip() and not CHATTER.search(line)]


def _remedy(message: str) -> str:
    """Say what to do about an error message of TeX."""
    missing = re.search(r"File `([^']+)' not found", message)
    if missing and missing[1].endswith((".sty", ".cls", ".def", ".fd", ".clo")):
        return f"The TeX installation lacks {missing[1]}. {INSTALL}"
    if re.search(r"Metric \(TFM\)|font .* not found|mktexpk", message, re.IGNORECASE):
        return f"The TeX installation lacks a font. {INSTALL}"
    if missing or "Cannot determine size" in message:
        return (
            "A report reads only the files that its rule names as input: "
            "name the file there, or correct the template."
        )
    return "Correct the template in report/ that this line comes from."


LOOSE_ENDS = (
    re.compile(r"^(?:LaTeX|Package \w+) Warning: ((?:Reference|Citation) .* undefined.*)$", re.M),
    re.compile(r"^LaTeX Warning: (Label .* multiply defined.*)$", re.M),
    re.compile(r"(Missing character: There is no .* in font .*)$", re.M),
    re.compile(r"^pdfTeX warning \(dest\): (name\S* has been referenced but does not exist)", re.M),
)
OVERFULL = re.compile(r"^(Overfull \\[hv]box \(([\d.]+)pt too (?:wide|high)\).*)$", re.M)


def _loose_ends(log: str) -> Iterator[str]:
    """List what a log complains about and a reader would see."""
    for pattern in LOOSE_ENDS:
        yield from (match[1] for match in pattern.finditer(log))
    yield from (
        _with_text(match, log) for match in OVERFULL.finditer(log) if float(match[2]) > OVERFULL_PT
    )


def _refuse_loose_ends(log: str, source: str) -> None:
    """Refuse a document that was typeset, but not well."""
    shown = list(dict.fromkeys(_loose_ends(log)))
    if shown:
        more = [f"and {len(shown) - 10} more"] if len(shown) > 10 else []
        raise Failure(
            f"{source} was typeset, but not well:\n    " + "\n    ".join(shown[:10] + more),
            "Correct the templates in report/ (the lines are those of the file named first).",
        )


def _with_text(overfull: re.Match[str], log: str) -> str:
    """Add to an overfull box the text that TeX shows of it."""
    below = log[overfull.end() :].lstrip("\n").split("\n", 1)[0]
    text = re.sub(r"\\\S+ |\[\]", "", below).strip()[:100]
    return f"{overfull[1]}: {text}" if text else overfull[1]
