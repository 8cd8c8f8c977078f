"""Files from mirrors, each checked by its SHA-256.

A mirror is a folder or an address (http, https, file). A file is taken from the first mirror that
has it whole. What is in the folder already is checked and left alone; what is damaged there is set
aside under a name that says so, never overwritten, never deleted. Its own name passes to the good
file in one step: another build that shares the folder always finds something there.
"""

from __future__ import annotations

import fcntl
import hashlib
import io
import logging
import os
import re
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from http.client import responses
from pathlib import Path
from signal import ITIMER_REAL, SIGALRM, setitimer, signal
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

import requests

from provenance.errors import Failure
from provenance.files import sha256, write_bytes

progress = logging.getLogger("progress")


class Patience(NamedTuple):
    """Limits in seconds: without 16 KiB more, for everything together, between two attempts."""

    silence: float = 6.0
    total: float = 300.0
    pause: float = 0.5
    attempts: int = 2


class MirrorError(Exception):
    """A mirror did not give a file. `again`: to ask again may help; `dead`: it never answered."""

    def __init__(self, reason: str, *, again: bool = False, dead: bool = False) -> None:
        super().__init__(reason)
        self.again = again
        self.dead = dead


def read_sums(path: str | Path) -> dict[str, str]:
    """Read SHA-256 sums by name from a file as `sha256sum` writes it; # begins a comment."""
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
        pairs = (line.split() for line in lines if line.strip() and not line.startswith("#"))
        return {name: hashed for hashed, name in pairs}
    except (OSError, ValueError) as error:
        raise Failure(f"No SHA-256 sums: {error}.", f"Put back {path} (git checkout).") from error


def fetch(
    folder: str | Path,
    mirrors: Sequence[str],
    files: Mapping[str, str],
    *,
    what: str = "the data",
    remedy: str = "",
    most: int = 64 << 20,
    remake: Callable[[Path], bytes | None] = lambda path: None,
    patience: Patience | None = None,
    report: Callable[[str], object] = print,
) -> None:
    """Complete a folder from mirrors; leave the good files in it untouched.

    Parameters
    ----------
    folder : str or Path
        Made if it is missing. Several processes may share it.
    mirrors : sequence of str
        Folders and addresses, in the order in which they are tried. Addresses can be asked from
        the main thread only: an alarm ends what takes too long.
    files : mapping of str to str
        The SHA-256 of each file, by name.
    what, remedy : str
        For the messages: what the files are; what else helps where they cannot be had.
    most : int
        No file has more bytes.
    remake : callable
        Makes a file of what is in a folder instead of it, the same in another form, if it can.
    patience : Patience, optional
        Limits of what comes over the network.
    report : callable
        Called with one line for each file that was set aside or fetched.

    Raises
    ------
    Failure
        If a file could be had from no mirror, with each mirror's reason; or if the folder cannot
        be written to.
    """
    folder, asker = Path(folder), _Asker(patience or Patience(), most, remake)
    missing = [name for name in files if not _is_good(folder / name, files[name])]
    if missing:  # find out before the download, not after it, that there is no place for them
        with _locked(folder):
            tempfile.TemporaryFile(dir=folder).close()
    refusals: dict[tuple[str, str], list[str]] = {}
    for mirror in (str(folder), *mirrors):
        for name in missing:
            try:
                content = asker.ask(mirror, name, files[name])
            except MirrorError as refusal:
                names = refusals.setdefault((_shown(mirror), _shown(str(refusal))), [])
                names += missing if refusal.dead else [name]
                if refusal.dead:
                    break
            else:
                _place(folder / name, content, files[name], what, report)
                report(f"{name}: fetched from {_shown(mirror)}")
        missing = [name for name in missing if not _is_good(folder / name, files[name])]
    for name in missing:
        _place(folder / name, None, files[name], what, report)
    if missing:
        reasons = "\n".join(
            f"  {mirror}: {reason}"
            + (f" ({', '.join(names)})" if len(names) < len(missing) else "")
            for (mirror, reason), names in refusals.items()
            if {*names} & {*missing}
        )
        hashes = "\n".join(f"  {files[name]}  {name}" for name in missing)
        raise Failure(
            f"expected {len(files)} files of {what} in {folder}; {len(missing)} are missing, and "
            f"no mirror gave them:\n{reasons or '  (the config names no mirror)'}",
            f"{f'{remedy}; or put' if remedy else 'Put'} into {folder} the files with these "
            f"SHA-256 sums, from wherever you can get them:\n{hashes}\n"
            "and run the same command again, which then needs no network.",
        )


def _is_good(path: Path, expected: str) -> bool:
    """Tell whether there is a file with this SHA-256."""
    with suppress(OSError):
        return path.is_file() and sha256(path) == expected
    return False


def _place(
    path: Path, content: bytes | None, expected: str, what: str, report: Callable[[str], object]
) -> None:
    """Set what is damaged aside, as NAME.damaged, NAME.damaged-2, ...; put the good file there."""
    with _locked(path.parent):
        if _is_good(path, expected):  # another process was faster
            return
        if os.path.lexists(path):
            aside, number = path.with_name(f"{path.name}.damaged"), 1
            while os.path.lexists(aside):
                number += 1
                aside = path.with_name(f"{path.name}.damaged-{number}")
            try:
                if content is None:
                    raise NotImplementedError
                os.link(path, aside, follow_symlinks=False)  # the good file will replace the other
            except (OSError, NotImplementedError):  # a folder too, or a drive without links
                path.rename(aside)
            report(f"{path.name}: not {what}'s (SHA-256 differs); set aside as {aside.name}")
        if content is not None:
            for leftover in path.parent.glob(f".{path.name}.*.part"):  # of a killed fetch
                leftover.unlink()
            write_bytes(path, content)


@contextmanager
def _locked(folder: Path) -> Iterator[None]:
    """Keep other fetches from writing in this folder; name it if it cannot be written to."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
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


def _shown(text: str) -> str:
    """Make a mirror or its words fit for a terminal: no password, nothing that steers it."""
    plain = "".join(c if c.isprintable() else "?" for c in text)
    return re.sub("://.*@", "://", plain)[:200]


@dataclass
class _Asker:
    """Asks mirrors for files, as long as there is time."""

    patience: Patience
    most: int
    remake: Callable[[Path], bytes | None]

    def __post_init__(self) -> None:
        self.end = time.monotonic() + self.patience.total
        # An alarm does not interrupt the look-up of a name; its own limits are 5 seconds and more.
        os.environ.setdefault("RES_OPTIONS", "timeout:2 attempts:2")

    def ask(self, mirror: str, name: str, expected: str) -> bytes:
        """Get one file from one mirror, checked; ask again where that may help."""
        for left in reversed(range(self.patience.attempts)):
            try:
                if mirror.startswith(("http://", "https://")):
                    if time.monotonic() > self.end:
                        raise MirrorError(f"not tried: {self.patience.total:g} s were over")
                    content = self._download(f"{mirror.rstrip('/')}/{name}", name)
                else:
                    content = self._read(mirror, name, expected)
                break
            except MirrorError as refusal:
                if not (refusal.again and left) or time.monotonic() > self.end:
                    raise
            time.sleep(self.patience.pause)
        if len(content) > self.most:
            raise MirrorError(f"expected a file of at most {self.most} bytes; got more")
        if hashlib.sha256(content).hexdigest() != expected:
            page = content[:512].lstrip().lower().startswith((b"<!doctype", b"<html", b"<?xml"))
            came = "a web page instead of the file" if page else "another file (SHA-256 differs)"
            raise MirrorError(f"{came}, {len(content)} bytes")
        return content

    def _read(self, mirror: str, name: str, expected: str) -> bytes:
        """Read a file of a folder, but not all of one that is too long; or make it again there."""
        local = unquote(urlsplit(mirror).path) if mirror.startswith("file://") else mirror
        if "://" in local:
            raise MirrorError("expected a folder or an address with http, https or file")
        path = Path(local).expanduser() / name
        try:
            content = None
            if path.is_file():
                with path.open("rb") as file:
                    content = file.read(self.most + 1)
            if content is None or hashlib.sha256(content).hexdigest() != expected:
                if (made := self.remake(path)) is not None:
                    if hashlib.sha256(made).hexdigest() == expected:
                        return made
                    raise MirrorError("there in another form; packed as it was, SHA-256 differs")
                if content is None:
                    kind = "file in it" if path.parent.is_dir() else "folder"
                    raise MirrorError(f"no such {kind}")
            return content
        except OSError as error:
            raise MirrorError(error.strerror or str(error)) from error

    def _download(self, url: str, name: str) -> bytes:
        """Get what an address answers, but not all of what is too long."""
        content, answered, again = bytearray(), False, True
        silent = f"silent or too slow for {self.patience.silence:g} s"

        def ring(*_: object) -> None:
            raise MirrorError("time is up" if time.monotonic() > self.end else silent)

        def put_off_alarm() -> None:
            left = self.end - time.monotonic()
            setitimer(ITIMER_REAL, max(min(self.patience.silence, left), 1e-3), 1.0)

        def look(answer: requests.Response, **_: object) -> None:
            nonlocal answered
            answered = True
            if answer.is_redirect:  # `requests` would read its body to the end, if that has one
                answer.close()
                answer.raw = io.BytesIO()

        # Limits of sockets would not do: a server may send a byte of a head now and then.
        before = signal(SIGALRM, ring)
        put_off_alarm()
        try:
            with requests.Session() as session:
                session.max_redirects = 5
                session.headers["Accept-Encoding"] = "identity"
                session.hooks["response"] = [look]
                # The host has 4 seconds at each of its network addresses.
                answer = session.get(url, stream=True, timeout=(4, None))
                if (code := answer.status_code) != 200:
                    again = code >= 500 or code == 429
                    raise MirrorError(f"answered {code} {responses.get(code, '')}".strip())
                length = int(answer.headers.get("Content-Length", 0))
                # As it is sent: some servers call a .gz file the encoding of another.
                while chunk := answer.raw.read(1 << 14, decode_content=False):
                    put_off_alarm()
                    content += chunk
                    if length and len(content) % (1 << 20) < len(chunk):
                        progress.info("megabyte %d of %d", len(content) >> 20, length >> 20)
                    if len(content) > self.most:
                        break
            return bytes(content)
        except Exception as error:  # of requests, urllib3, http.client or the system
            reason = _cause(error)
        finally:
            setitimer(ITIMER_REAL, 0)
            signal(SIGALRM, before)
        if content:
            reason = f"broke off after {len(content)} bytes ({reason})"
        raise MirrorError(reason, again=again, dead=not answered)


def _cause(error: BaseException) -> str:
    """Say in a few words what started an error, which libraries have wrapped."""
    while error.__cause__ or error.__context__:
        error = error.__cause__ or error.__context__ or error
    if "IncompleteRead" in repr(error):
        return "the server hung up early"
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
