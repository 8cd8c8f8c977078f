"""Files from mirrors, each checked by its SHA-256.

A mirror is a folder or an address (http, https, file). A file is taken from the first mirror that
has it whole. What is in the folder already is checked and left alone; what is damaged there is set
aside under a name that says so, never overwritten, never deleted. Its own name passes to the good
file in one step: another build that shares the folder always finds something there.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple, TextIO
from urllib.parse import unquote, urljoin, urlsplit

import requests
from tqdm import tqdm

from provenance.errors import Failure
from provenance.files import sha256, write_bytes

CHUNK = 1 << 16
MOST_REDIRECTS = 5


class Patience(NamedTuple):
    """How long to wait for mirrors, in seconds, and how often to ask one for a file."""

    connect: float = 4.0
    silence: float = 6.0
    total: float = 300.0
    attempts: int = 2
    pause: float = 0.5


PATIENCE = Patience()


class MirrorError(Exception):
    """A mirror did not give a file.

    `again` says whether asking once more may help, `dead` whether the mirror never answered, so
    that it need not be asked for other files.
    """

    def __init__(self, reason: str, *, again: bool = False, dead: bool = False) -> None:
        # A server's words reach a terminal: no escape sequences, no pages.
        super().__init__("".join(c if c.isprintable() else "?" for c in reason)[:200])
        self.again = again
        self.dead = dead


def read_sums(path: str | Path) -> dict[str, str]:
    """Read SHA-256 sums by name from a file as `sha256sum` writes it."""
    lines = Path(path).read_text(encoding="utf-8").splitlines()
    pairs = (line.split() for line in lines if line.strip() and not line.startswith("#"))
    return {name: hashed for hashed, name in pairs}


def fetch(
    folder: str | Path,
    mirrors: Sequence[str],
    files: Mapping[str, str],
    *,
    what: str = "files",
    remedy: str = "",
    most: int = 64 << 20,
    patience: Patience = PATIENCE,
    terminal: TextIO | None = None,
    report: Callable[[str], object] = print,
) -> None:
    """Complete a folder from mirrors; leave the good files in it untouched.

    Parameters
    ----------
    folder : str or Path
        Made if it is missing. Several processes may share it.
    mirrors : sequence of str
        Folders and addresses, in the order in which they are tried for each file.
    files : mapping of str to str
        The expected SHA-256 of each file, by name.
    what, remedy : str
        What the files are, and what else helps if they cannot be had, for the message that says so.
    most : int
        No file has more bytes.
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
    folder, asker = Path(folder), _Asker(patience, most, terminal)
    missing, refusals = [], dict[tuple[str, str], list[str]]()
    for name, expected in files.items():
        if _is_good(folder / name, expected):
            continue
        with _locked(folder):
            pass  # finds out before the download that there is no place for the file
        content = None
        for mirror in mirrors:
            try:
                content = asker.ask(mirror, name, expected)
                break
            except MirrorError as refusal:
                refusals.setdefault((mirror, str(refusal)), []).append(name)
        if not _place(folder / name, content, expected, report):
            missing.append(name)
        elif content is not None:
            report(f"{name}: fetched from {_shown(mirror)}")
    if missing:
        raise _exhausted(folder, missing, files, refusals, what, remedy)


def _is_good(path: Path, expected: str) -> bool:
    """Tell whether there is a file with this SHA-256."""
    try:
        return path.is_file() and sha256(path) == expected
    except OSError:
        return False


def _place(
    path: Path, content: bytes | None, expected: str, report: Callable[[str], object]
) -> bool:
    """Put a checked file, if there is one, under its name; tell whether a good one is there now."""
    with _locked(path.parent):
        if _is_good(path, expected):  # another process was faster
            return True
        if os.path.lexists(path):
            aside = _set_aside(path, keep_name=content is not None)
            report(f"{path.name}: not as expected (SHA-256 differs); set aside as {aside}")
        if content is None:
            return False
        for leftover in path.parent.glob(f".{path.name}.*.part"):  # of a killed fetch
            leftover.unlink()
        write_bytes(path, content)
        return True


def _set_aside(path: Path, *, keep_name: bool) -> str:
    """Give a damaged thing the first of NAME.damaged, NAME.damaged-2, ... that nothing has.

    If the good file is at hand, the damaged one keeps its own name as well, until that replaces it.
    """
    aside, number = path.with_name(f"{path.name}.damaged"), 1
    while os.path.lexists(aside):
        number += 1
        aside = path.with_name(f"{path.name}.damaged-{number}")
    try:
        if not keep_name:
            raise NotImplementedError
        os.link(path, aside, follow_symlinks=False)
    except (OSError, NotImplementedError):  # a folder too, or a drive without links
        path.rename(aside)
    return aside.name


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Keep other fetches from writing in this folder; name it if it cannot be written to.

    The lock leaves no file behind.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK | os.X_OK):
            raise PermissionError(13, "Permission denied")
        handle = os.open(folder, os.O_RDONLY)
        try:
            with suppress(OSError):  # a network drive without locks: two fetches there may collide
                fcntl.flock(handle, fcntl.LOCK_EX)
            yield
        finally:
            os.close(handle)
    except OSError as error:
        raise Failure(
            f"expected to write into {folder}; got: {error.strerror or error}.",
            f"Make {folder} a folder that you may write to, on a disk with enough room.",
        ) from error


class _Asker:
    """Asks mirrors for files; remembers which never answered and when time is up."""

    def __init__(self, patience: Patience, most: int, terminal: TextIO | None) -> None:
        self.patience, self.most = patience, most
        self.end = time.monotonic() + patience.total
        self.dead: dict[str, MirrorError] = {}
        quiet = terminal is None or not terminal.isatty()
        self.bar = {"unit": "B", "unit_scale": True, "file": terminal, "disable": quiet}

    def ask(self, mirror: str, name: str, expected: str) -> bytes:
        """Get one file from one mirror, checked, or raise `MirrorError`."""
        if mirror in self.dead:
            raise self.dead[mirror]
        for left in reversed(range(self.patience.attempts)):
            try:
                return _checked(self._content(mirror, name), expected)
            except MirrorError as refusal:
                if not (refusal.again and left):
                    if refusal.dead:
                        self.dead[mirror] = refusal
                    raise
            time.sleep(self.patience.pause)
        raise MirrorError("never asked: 0 attempts are allowed")

    def _content(self, mirror: str, name: str) -> bytes:
        """Get whatever a mirror has under a name."""
        if (local := _local(mirror)) is not None:
            return _read(local, name, self.most)
        if not mirror.startswith(("http://", "https://")):
            raise MirrorError("expected a folder or an address with http, https or file")
        left = self.end - time.monotonic()
        if left <= 0:
            raise MirrorError(f"not tried: {self.patience.total:g} s were over")
        return _within(left, lambda: self._download(f"{mirror.rstrip('/')}/{name}"))

    def _download(self, url: str) -> bytes:
        """Get what an address answers, in time and not too much of it."""
        content, answered = bytearray(), False
        try:
            with requests.Session() as session, _open(session, url, self.patience) as answer:
                answered = True
                announced = int(answer.headers.get("Content-Length") or 0)
                with tqdm(desc=url.rpartition("/")[2], total=announced, **self.bar) as bar:
                    # Raw: some servers call a .gz file an encoding of something else.
                    while chunk := answer.raw.read1(CHUNK):
                        content += chunk
                        bar.update(len(chunk))
                        if max(len(content), announced) > self.most:
                            raise MirrorError(f"expected at most {self.most} bytes; got more")
                        if time.monotonic() > self.end:
                            raise MirrorError("time is up")
                if len(content) < announced:
                    raise ConnectionError("the server hung up early")
        except requests.HTTPError as error:
            code, reason = error.response.status_code, error.response.reason  # type: ignore[union-attr]
            again = code >= 500 or code == 429
            raise MirrorError(f"answered {code} {reason}", again=again) from error
        except MirrorError:
            raise
        except Exception as error:  # of requests, urllib3 and the system
            reason = _why(error, self.patience)
            if content:
                reason = f"broke off after {len(content)} bytes ({reason})"
            raise MirrorError(reason, again=True, dead=not answered) from error
        return bytes(content)


def _open(session: requests.Session, url: str, patience: Patience) -> requests.Response:
    """Ask an address and those that it refers to, whose bodies, perhaps endless, stay unread."""
    for _ in range(1 + MOST_REDIRECTS):
        answer = session.get(
            url,
            stream=True,
            allow_redirects=False,
            timeout=(patience.connect, patience.silence),
            headers={"Accept-Encoding": "identity"},
        )
        if not answer.is_redirect and answer.ok:
            return answer
        answer.close()
        answer.raise_for_status()
        url = urljoin(url, answer.headers["Location"])
    raise MirrorError(f"referred elsewhere more than {MOST_REDIRECTS} times")


def _within(seconds: float, work: Callable[[], bytes]) -> bytes:
    """Do some work, but wait for it no longer than this.

    The limits of sockets bound neither the look-up of a name nor a server that sends a byte of its
    answer's head now and then. The thread is a daemon: if it hangs, it ends with the process.
    """
    outcome: list[bytes | MirrorError] = []

    def run() -> None:
        try:
            outcome.append(work())
        except MirrorError as error:
            outcome.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(seconds)
    if not outcome:
        raise MirrorError("time is up", dead=True)
    if isinstance(outcome[0], MirrorError):
        raise outcome[0]
    return outcome[0]


def _why(error: BaseException, patience: Patience) -> str:
    """Say in a few words why a download failed: what the libraries wrapped, which started it."""
    while error.__cause__ or error.__context__:
        error = error.__cause__ or error.__context__ or error
    if isinstance(error, TimeoutError) or "timed out" in str(error):
        return f"no answer for {patience.silence:g} s"
    if "IncompleteRead" in repr(error):
        return "the server hung up early"
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


def _local(mirror: str) -> Path | None:
    """Give the folder that a mirror stands for, None if it is an address on the network."""
    if mirror.startswith("file://"):
        return Path(unquote(urlsplit(mirror).path))
    return None if "://" in mirror else Path(mirror).expanduser()


def _read(folder: Path, name: str, most: int) -> bytes:
    """Read a file of a folder mirror."""
    try:
        if not folder.is_dir():
            raise MirrorError("no such folder")
        if not (folder / name).is_file():
            raise MirrorError("no such file in it")
        with (folder / name).open("rb") as file:
            return file.read(most + 1)
    except OSError as error:
        raise MirrorError(error.strerror or str(error)) from error


def _checked(content: bytes, expected: str) -> bytes:
    """Let only the file through that was asked for."""
    if hashlib.sha256(content).hexdigest() == expected:
        return content
    page = content[:512].lstrip().lower().startswith((b"<!doctype", b"<html", b"<?xml"))
    what = "a web page instead of the file" if page else "another file (SHA-256 differs)"
    raise MirrorError(f"{what}, {len(content)} bytes")


def _shown(mirror: str) -> str:
    """Name a mirror without the password that its address may hold."""
    parts = urlsplit(mirror)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def _exhausted(
    folder: Path,
    missing: Sequence[str],
    files: Mapping[str, str],
    refusals: Mapping[tuple[str, str], Sequence[str]],
    what: str,
    remedy: str,
) -> Failure:
    """Say what every mirror answered, and what a person can do."""
    reasons = "\n".join(
        f"  {_shown(mirror)}: {reason}"
        + (f" ({', '.join(names)})" if len(missing) > len(names) else "")
        for (mirror, reason), names in refusals.items()
        if set(names) & set(missing)
    )
    hashes = "\n".join(f"  {files[name]}  {name}" for name in missing)
    by_hand = (
        f"ut into {folder} the files with these SHA-256 sums, from wherever you can get them:\n"
        f"{hashes}\nand run the same command again, which then needs no network."
    )
    return Failure(
        f"expected {len(files)} files of {what} in {folder}; {len(missing)} are missing, and no "
        f"mirror gave them:\n{reasons or '  (the configuration names no mirror)'}",
        f"{remedy} Or p{by_hand}" if remedy else f"P{by_hand}",
    )
