"""Where MNIST comes from: mirrors in their order, each file checked by its SHA-256.

A mirror is a folder or an address (http, https, file). A file is taken from the first mirror
that has it whole. What is in the cache already is checked and left alone; what is damaged there
is set aside under a name that says so, never overwritten, never deleted. Its own name passes to
the good file in one step: another build that shares the cache always finds something there.
"""

from __future__ import annotations

import fcntl
import hashlib
import http.client
import os
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, NamedTuple, TextIO
from urllib.parse import unquote, urlsplit

import pooch
from tqdm import tqdm

from provenance import records
from provenance.errors import Failure
from homework.mnist_files import FILES, SIZES

def read_sums(path):
    return {l.split()[1]: l.split()[0] for l in open(path) if l.strip() and l[0] != "#"}


State = Literal["good", "missing", "damaged"]


class Patience(NamedTuple):
    """How long to wait for mirrors. The defaults give up on two dead mirrors in 25 seconds.

    Attributes
    ----------
    connect : float
        Seconds for a connection to one address.
    silence : float
        Seconds without a byte, from the look-up of the mirror's name on.
    total : float
        Seconds for everything together that comes over the network.
    attempts : int
        How often a mirror is asked for one file, where asking again may help.
    pause : float
        Seconds between two attempts.
    """

    connect: float = 4.0
    silence: float = 6.0
    total: float = 300.0
    attempts: int = 2
    pause: float = 0.5


PATIENCE = Patience()


class MirrorError(Exception):
    """A mirror did not give a file.

    Parameters
    ----------
    reason : str
        Why, for a person.
    again : bool
        Whether asking once more may help.
    dead : bool
        Whether the mirror as a whole cannot be reached, so that other files need not be tried.
    """

    def __init__(self, reason: str, *, again: bool = False, dead: bool = False) -> None:
        super().__init__(reason)
        self.reason = reason
        self.again = again
        self.dead = dead


def state(
    folder: str | Path, *, files: Mapping[str, str] = FILES, sizes: Mapping[str, int] = SIZES
) -> dict[str, State]:
    """Compare what is in a folder with what should be there.

    Parameters
    ----------
    folder : str or Path
        The cache.
    files, sizes : mapping
        The expected SHA-256 and the expected number of bytes of each file, by name.

    Returns
    -------
    dict
        For each name "good", "missing" or "damaged" (whatever else has that name).
    """
    return {name: _state(Path(folder) / name, files[name], sizes[name]) for name in files}


def _state(path: Path, sha256: str, size: int) -> State:
    """Judge one file by its content."""
    try:
        if not os.path.lexists(path):
            return "missing"
        if path.is_file() and path.stat().st_size == size:
            return "good" if pooch.file_hash(str(path)) == sha256 else "damaged"
    except FileNotFoundError:  # another process has just set it aside
        return "missing"
    except OSError:  # unreadable
        return "damaged"
    return "damaged"


def fetch(
    folder: str | Path,
    mirrors: Sequence[str],
    *,
    files: Mapping[str, str] = FILES,
    sizes: Mapping[str, int] = SIZES,
    patience: Patience = PATIENCE,
    terminal: TextIO | None = None,
    report: Callable[[str], object] = print,
) -> None:
    """Complete a folder from mirrors; leave the good files in it untouched.

    Parameters
    ----------
    folder : str or Path
        The cache. It is made if it is missing. Several processes may share it.
    mirrors : sequence of str
        Folders and addresses, in the order in which they are tried for each file.
    files, sizes : mapping
        The expected SHA-256 and the expected number of bytes of each file, by name.
    patience : Patience
        Time limits.
    terminal : text stream, optional
        Where to draw a progress bar. Nothing is drawn if it is not a terminal.
    report : callable
        Called with one line for each file that was set aside or fetched.

    Raises
    ------
    Failure
        If a file could be had from no mirror, with each mirror's reason; or if the folder cannot
        be written to.
    """
    folder = Path(folder)
    found = state(folder, files=files, sizes=sizes)
    wanted = [name for name in found if found[name] != "good"]
    if wanted:
        _require_writable(folder)
    refusals: dict[str, dict[str, list[str]]] = {mirror: {} for mirror in mirrors}
    asker = _Asker(patience, terminal)
    for name in wanted:
        for mirror in mirrors:
            try:
                content = asker.ask(mirror, name, files[name], sizes[name])
            except MirrorError as refusal:
                refusals[mirror].setdefault(refusal.reason, []).append(name)
                continue
            _place(folder / name, content, files[name], report)
            report(f"{name}: fetched from {mirror}")
            break
    if absent := set_aside(folder, files=files, sizes=sizes, report=report):
        raise _exhausted(folder, absent, refusals, files, sizes)


def set_aside(
    folder: str | Path,
    *,
    files: Mapping[str, str] = FILES,
    sizes: Mapping[str, int] = SIZES,
    report: Callable[[str], object] = print,
) -> list[str]:
    """Give whatever damaged things are in a folder other names: NAME.damaged, NAME.damaged-2, ...

    Parameters
    ----------
    folder : str or Path
        The cache.
    files, sizes : mapping
        The expected SHA-256 and the expected number of bytes of each file, by name.
    report : callable
        Called with one line for each file that was set aside.

    Returns
    -------
    list of str
        The names that are missing now.

    Raises
    ------
    Failure
        If the folder cannot be written to.
    """
    absent = []
    for name, found in state(folder, files=files, sizes=sizes).items():
        path = Path(folder) / name
        if found == "damaged":
            with _locked(path.parent):
                found = _state(path, files[name], sizes[name])
                if found == "damaged":
                    _set_aside(path, Path.rename, report)
        if found != "good":
            absent.append(name)
    return absent


def _require_writable(folder: Path) -> None:
    """Find out before the download, not after it, that there is no place for the files."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        tempfile.TemporaryFile(dir=folder).close()
    except OSError as error:
        raise _unwritable(folder, error) from error


def _place(path: Path, content: bytes, sha256: str, report: Callable[[str], object]) -> None:
    """Put a checked file under its name, unless another process has done so meanwhile."""
    with _locked(path.parent):
        found = _state(path, sha256, len(content))
        if found == "good":
            return
        if found == "damaged":
            _set_aside(path, _name_also, report)
        for leftover in path.parent.glob(f".{path.name}.*.part"):  # of a killed fetch
            leftover.unlink()
        records.write_bytes(path, content)


def _set_aside(
    path: Path, give: Callable[[Path, Path], object], report: Callable[[str], object]
) -> None:
    """Give a damaged thing the first of NAME.damaged, NAME.damaged-2, ... that nothing has."""
    aside, number = path.with_name(f"{path.name}.damaged"), 1
    while os.path.lexists(aside):
        number += 1
        aside = path.with_name(f"{path.name}.damaged-{number}")
    give(path, aside)
    report(f"{path.name}: not MNIST's (SHA-256 differs); set aside as {aside.name}")


def _name_also(path: Path, other: Path) -> None:
    """Give a thing a second name, or in place of its own where it can have but one."""
    try:
        os.link(path, other, follow_symlinks=False)
    except (OSError, NotImplementedError):  # a folder, or a drive without links
        path.rename(other)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Keep other fetches from writing in this folder; name it if it cannot be written to.

    The lock leaves no file behind.
    """
    try:
        handle = os.open(folder, os.O_RDONLY)
        try:
            with suppress(OSError):  # a network drive without locks: two fetches there may collide
                fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)
    except OSError as error:
        raise _unwritable(folder, error) from error


@dataclass
class _Asker:
    """Asks mirrors for files and remembers which mirrors are dead and when time is up."""

    patience: Patience
    terminal: TextIO | None
    dead: dict[str, str] = field(default_factory=dict)
    start: float = field(default_factory=time.monotonic)

    def ask(self, mirror: str, name: str, sha256: str, size: int) -> bytes:
        """Get one file from one mirror, checked, or raise `MirrorError`."""
        local = _local(mirror)
        if local is not None:
            return _checked(_read(local, name, size), sha256, size)
        for attempt in range(1, self.patience.attempts + 1):
            try:
                return _checked(self._download(mirror, name, size), sha256, size)
            except MirrorError as refusal:
                if not refusal.again or attempt == self.patience.attempts:
                    if refusal.dead:
                        self.dead[mirror] = refusal.reason
                    raise
            time.sleep(self.patience.pause)
        raise MirrorError("never asked: 0 attempts are allowed")

    def _download(self, mirror: str, name: str, size: int) -> bytes:
        """Get whatever an address answers, at most `size` bytes and a few."""
        left = self.start + self.patience.total - time.monotonic()
        if mirror in self.dead:
            raise MirrorError(self.dead[mirror])
        if left <= 0:
            raise MirrorError(f"not tried: {self.patience.total:g} s were over")
        if not mirror.startswith(("http://", "https://")):
            raise MirrorError("expected a folder or an address with http, https or file")
        shown = self.terminal is not None and self.terminal.isatty()
        bar = tqdm(
            desc=name, total=size, unit="B", unit_scale=True, file=self.terminal, disable=not shown
        )
        with bar:
            sink = _Sink(size, bar)
            bar.leave = False  # a failed attempt leaves no trace on the screen
            _run(sink, f"{mirror.rstrip('/')}/{name}", self.patience, left)
            bar.leave = True
        return bytes(sink.content)


class _Sink:
    """What a download is written to: it counts, and it stops a download that is unwanted."""

    def __init__(self, size: int, bar: tqdm[None]) -> None:
        self.content = bytearray()
        self.size = size
        self.bar = bar
        self.last = time.monotonic()  # when the last bytes came
        self.wanted = True
        self.responses: list[Any] = []

    def take(self, response: Any, **_: object) -> None:
        """Look at an answer before its body is read; `requests` calls this."""
        self.responses.append(response)
        announced = response.headers.get("Content-Length", "")
        if response.ok and announced.isdigit() and int(announced) > self.size:
            raise MirrorError(f"expected a file of {self.size} bytes; got one of {announced}")

    def write(self, chunk: bytes) -> int:
        """Take a chunk."""
        if not self.wanted:
            raise MirrorError("nobody waits for it any longer")
        self.last = time.monotonic()
        self.content += chunk
        if len(self.content) > self.size:
            raise MirrorError(f"expected a file of {self.size} bytes; got more")
        self.bar.update(len(chunk))
        return len(chunk)

    def flush(self) -> None:
        """Do nothing; `pooch` flushes after each chunk."""

    def close(self) -> None:
        """Hang up; `pooch` leaves that open when a download fails."""
        for response in self.responses:
            response.close()


def _run(sink: _Sink, url: str, patience: Patience, left: float) -> None:
    """Download in a thread of its own and stop waiting when it is silent or time is up.

    The limits of sockets bound neither the look-up of a name nor a server that sends a byte now
    and then. The thread is a daemon: if it hangs, it ends with the process.
    """
    errors: list[BaseException] = []

    def work() -> None:
        try:
            pooch.HTTPDownloader(
                chunk_size=1 << 14,
                timeout=(patience.connect, patience.silence),
                headers={"Accept-Encoding": "identity"},
                hooks={"response": sink.take},
            )(url, sink, None)
        except BaseException as error:  # handed to the thread that waits
            errors.append(error)
        finally:
            sink.close()

    thread = threading.Thread(target=work, daemon=True)
    end = time.monotonic() + left
    thread.start()
    while thread.is_alive():
        now = time.monotonic()
        silent = now - sink.last > patience.silence
        if silent or now > end:
            sink.wanted = False
            reason = f"no answer for {patience.silence:g} s" if silent else "time is up"
            raise _interrupted(sink, reason)
        thread.join(0.02)
    if errors:
        raise _refusal(errors[0], sink, patience) from errors[0]


def _refusal(error: BaseException, sink: _Sink, patience: Patience) -> MirrorError:
    """Say in a few words why a download failed."""
    if isinstance(error, MirrorError):
        return error
    response = getattr(error, "response", None)
    if response is not None:
        code = response.status_code
        phrase = http.client.responses.get(code, "")
        return MirrorError(f"answered {code} {phrase}".strip(), again=code >= 500 or code == 429)
    cause = _root(error)
    if isinstance(cause, TimeoutError) or "timed out" in str(cause):
        return _interrupted(sink, f"no answer for {patience.silence:g} s")
    if isinstance(cause, http.client.IncompleteRead) or "IncompleteRead" in repr(cause):
        return _interrupted(sink, "the server hung up early")
    return _interrupted(sink, getattr(cause, "strerror", None) or str(cause) or repr(cause))


def _root(error: BaseException) -> BaseException:
    """Find what the libraries wrapped: the error that started it."""
    while error.__cause__ or error.__context__:
        error = error.__cause__ or error.__context__ or error
    return error


def _interrupted(sink: _Sink, reason: str) -> MirrorError:
    """Describe a transfer that broke off: worth another attempt, dead if it never answered."""
    count = len(sink.content)
    if count:
        reason = f"broke off after {count} of {sink.size} bytes ({reason})"
    return MirrorError(reason, again=True, dead=not sink.responses)


def _local(mirror: str) -> Path | None:
    """Give the folder that a mirror stands for, None if it is an address on the network."""
    if mirror.startswith("file://"):
        return Path(unquote(urlsplit(mirror).path))
    return None if "://" in mirror else Path(mirror).expanduser()


def _read(folder: Path, name: str, size: int) -> bytes:
    """Read a file of a folder mirror, at most one byte more than it should have."""
    path = folder / name
    try:
        if not folder.is_dir():
            raise MirrorError("no such folder")
        if not path.is_file():
            raise MirrorError("no such file in it")
        with path.open("rb") as file:
            return file.read(size + 1)
    except OSError as error:
        raise MirrorError(error.strerror or str(error)) from error


def _checked(content: bytes, sha256: str, size: int) -> bytes:
    """Let only the file through that was asked for."""
    if len(content) > size:
        raise MirrorError(f"expected a file of {size} bytes; got more")
    if hashlib.sha256(content).hexdigest() == sha256:
        return content
    page = content[:512].lstrip().lower().startswith((b"<!doctype", b"<html", b"<?xml"))
    what = "a web page instead of the file" if page else "another file (SHA-256 differs)"
    short = len(content) < size
    raise MirrorError(f"{what}, {len(content)} of {size} bytes", again=short and not page)


def _unwritable(folder: Path, error: OSError) -> Failure:
    """Name the folder that could not be written to."""
    return Failure(
        f"expected to write into {folder}; got: {error.strerror or error}.",
        f"Make {folder} a folder that you may write to, on a disk with room for 12 MB.",
    )


def _exhausted(
    folder: Path,
    absent: Sequence[str],
    refusals: Mapping[str, Mapping[str, Sequence[str]]],
    files: Mapping[str, str],
    sizes: Mapping[str, int],
) -> Failure:
    """Say what every mirror answered, and what a person can do."""
    reasons = "\n".join(
        f"  {mirror}: {reason}" + (f" ({', '.join(names)})" if len(absent) > len(names) else "")
        for mirror, answers in refusals.items()
        for reason, names in answers.items()
        if set(names) & set(absent)
    )
    hashes = "\n".join(f"  {files[name]}  {name} ({sizes[name]} bytes)" for name in absent)
    return Failure(
        f"expected {len(files)} files of MNIST in {folder}; {len(absent)} are missing, and no "
        f"mirror gave them:\n{reasons or '  (the config names no mirror)'}",
        "Build the report on digits that the pipeline draws itself: "
        "`snakemake --cores 2 report/hw2-synthetic.pdf` (`make report` does so by itself); "
        f"or put into {folder} the files with these SHA-256 sums, from wherever you can get them:\n"
        f"{hashes}\n"
        "and run the same command again, which then needs no network.",
    )
