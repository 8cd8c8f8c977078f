"""Mirrors that misbehave, against a real server on this machine; no other network is used."""

from __future__ import annotations

import errno
import hashlib
import os
import resource
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest

from provenance import files
from provenance.errors import Failure
from provenance.mirrors import Patience, fetch, read_sums

ROOT = Path(__file__).resolve().parents[2]
CONTENT = {name: (f"the bytes of {name}\n" * 3000).encode() for name in ("images.gz", "labels.gz")}
FILES = {name: hashlib.sha256(content).hexdigest() for name, content in CONTENT.items()}
ONE = {"files": {"images.gz": FILES["images.gz"]}}
#: A machine may be slow: only who says nothing at all is given so little time.
HASTY = Patience(silence=1.0, pause=0.01)
CALM = Patience(pause=0.01)
SILENT = "silent or too slow for 1 s"


class Mirror(BaseHTTPRequestHandler):
    """The first part of the path says how to misbehave."""

    asked: ClassVar[Counter[str]] = Counter()
    over = threading.Event()

    def do_GET(self) -> None:
        _, manner, name = self.path.split("/")
        content = CONTENT.get(name, b"")
        self.asked[manner] += 1
        length = {"Content-Length": len(content)}
        if manner.isdigit() or (manner == "flaky" and self.asked[manner] == 1):
            self.send_error(503 if manner == "flaky" else int(manner), "\x1b[2J Look here")
        elif manner == "garbage":
            self.wfile.write(b"\x1b[31mHTTP\r\n\r\n")
        elif manner == "headers":
            self.wfile.write(b"HTTP/1.1 200 OK\r\n")
            self.drip(b"A", 0.05)
        elif manner == "mute":
            self.over.wait(60)
        elif manner == "html":
            self.answer(b"<!DOCTYPE html><title>Log in</title>")
        elif manner == "wrong":
            self.answer(bytes(len(content)))
        elif manner in ("short", "stall"):
            self.answer(content[:40_000], length)
            self.over.wait(60 if manner == "stall" else 0)
        elif manner == "trickle":
            self.answer(b"", length)
            self.drip(b"x", 0.05)
        elif manner == "endless":
            self.answer(b"")
            self.drip(bytes(1 << 20))
        elif manner == "moved":
            self.answer(b"", {"Location": f"/good/{name}"}, code=302)
            self.drip(bytes(1 << 20))
        elif manner == "around":
            self.answer(b"", {"Location": self.path}, code=302)
        else:
            self.answer(
                content, length | ({"Content-Encoding": "gzip"} if manner == "encoded" else {})
            )

    def answer(self, body: bytes, headers: dict[str, Any] | None = None, code: int = 200) -> None:
        """Send a head and a body."""
        self.send_response_only(code)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def drip(self, drop: bytes, pause: float = 0.0) -> None:
        """Send the same for as long as anybody listens."""
        while not self.over.wait(pause):
            self.wfile.write(drop)

    def log_message(self, *arguments: object) -> None:
        """Keep quiet."""


class Server(ThreadingHTTPServer):
    """Clients that go away are what is tested here, not worth a traceback."""

    def handle_error(self, *arguments: object) -> None:
        """Keep quiet."""


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setenv("NO_PROXY", "*")
    Mirror.asked.clear()
    Mirror.over.clear()
    with Server(("127.0.0.1", 0), Mirror) as running:
        thread = threading.Thread(target=running.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{running.server_port}"
        Mirror.over.set()
        running.shutdown()
        thread.join()


@pytest.fixture
def mirror(tmp_path: Path) -> Path:
    """Make a folder mirror that has everything."""
    folder = tmp_path / "a mirror"
    for name, content in CONTENT.items():
        files.write_bytes(folder / name, content)
    return folder


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def quiet(folder: Path, mirrors: list[str], **options: Any) -> list[str]:
    """Fetch; return the lines that were reported."""
    lines: list[str] = []
    fetch(folder, mirrors, **({"files": FILES, "report": lines.append, "patience": CALM} | options))
    return lines


def failure(folder: Path, mirrors: list[str], **options: Any) -> Failure:
    with pytest.raises(Failure) as caught:
        quiet(folder, mirrors, **options)
    return caught.value


def test_sums_are_read_as_sha256sum_writes_them(tmp_path: Path) -> None:
    path = tmp_path / "sums"
    path.write_text("# two files\n" + "".join(f"{FILES[name]}  {name}\n" for name in FILES))
    assert read_sums(path) == FILES


def test_what_is_no_list_of_sums_is_refused_with_the_remedy(tmp_path) -> None:
    path = tmp_path / "sums"
    with pytest.raises(Failure, match="git checkout"):
        read_sums(path)
    path.write_text("of one word\nalone\n")
    with pytest.raises(Failure, match="No SHA-256 sums"):
        read_sums(path)


def test_the_committed_sums_are_those_of_the_real_files() -> None:
    sums = read_sums(ROOT / "config" / "mnist.sha256")
    assert len(sums) == 4
    folder = ROOT.parent / "shared" / "mnist"
    if not folder.is_dir():
        pytest.skip("MNIST is not on this machine")
    for name, expected in sums.items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == expected


@pytest.mark.row(
    50,
    "A redirect's body is not read; control characters and passwords are never shown; the bytes "
    "are taken as they are sent.",
)
@pytest.mark.parametrize("form", ["{server}/good", "{server}/good/", "{mirror}", "~/a mirror/",
                                  "file://{mirror}", "{server}/flaky", "{server}/moved",
                                  "{server}/encoded"])  # fmt: skip
def test_addresses_and_folders_serve(
    server: str, mirror: Path, cache: Path, monkeypatch: pytest.MonkeyPatch, form: str
) -> None:
    # Moved: a redirect whose own body never ends. Encoded: called an encoding by its server.
    monkeypatch.setenv("HOME", str(mirror.parent))
    address = form.format(
        server=server, mirror=str(mirror).replace(" ", "%20" if "file" in form else " ")
    )
    quiet(cache, [address])
    assert {path.name: path.read_bytes() for path in cache.iterdir()} == CONTENT


@pytest.mark.row(
    9, "The checksum refuses it and says that it is a web page; the next mirror is taken."
)
@pytest.mark.row(
    10, "Few attempts, then the next mirror; if none is left, each one's reason is listed."
)
@pytest.mark.row(11, "Asked again, then passed over; the time for everything together is bounded.")
@pytest.mark.parametrize(
    ("manner", "times", "reason"),
    [
        ("403", 1, "answered 403 Forbidden"),
        ("404", 1, "answered 404 Not Found"),
        ("429", 2, "answered 429 Too Many Requests"),
        ("500", 2, "answered 500 Internal Server Error"),
        ("html", 1, "a web page instead of the file, 36 bytes"),
        ("wrong", 1, "another file (SHA-256 differs), 69000 bytes"),
        ("endless", 1, "expected a file of at most 100000 bytes; got more"),
        ("short", 2, "broke off after 40000 bytes (the server hung up early)"),
        ("garbage", 2, "?[31mHTTP"),
        ("around", 12, "Exceeded 5 redirects."),
    ],
)
def test_a_bad_mirror_is_passed_over_and_asked_again_only_where_that_may_help(
    server: str, mirror: Path, cache: Path, manner: str, times: int, reason: str
) -> None:
    options = ONE | {"most": 100_000}
    lines = quiet(cache, [f"{server}/{manner}", str(mirror)], **options)
    assert lines == [f"images.gz: fetched from {mirror}"]
    assert Mirror.asked[manner] == times
    assert [path.name for path in cache.iterdir()] == ["images.gz"]
    error = failure(cache.with_name("other"), [f"{server}/{manner}"], **options)
    assert f"{server}/{manner}: {reason}" in error.cause
    assert list(cache.with_name("other").iterdir()) == []


@pytest.mark.row(11)
@pytest.mark.parametrize("manner", ["mute", "stall", "trickle", "headers"])
def test_a_server_that_is_silent_or_too_slow_cannot_hold_the_build_up(
    server: str, cache: Path, manner: str
) -> None:
    start = time.monotonic()
    error = failure(cache, [f"{server}/{manner}"], patience=HASTY, **ONE)
    assert SILENT in error.cause
    assert Mirror.asked[manner] == 2
    assert time.monotonic() - start < 30
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


@pytest.mark.row(11)
def test_the_time_for_all_mirrors_together_is_bounded(server: str, cache: Path) -> None:
    mirrors = [f"{server}/mute/".replace("127.0.0.1", f"127.0.0.{n}") for n in range(1, 9)]
    with pytest.raises(Failure, match=r"time is up(.|\n)*not tried: 1 s were over"):
        fetch(cache, mirrors, patience=HASTY._replace(silence=60, total=1.0), **ONE)


def test_a_name_that_is_looked_up_for_ever_does_not_hold_the_build_up(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("socket.getaddrinfo", lambda *_, **__: time.sleep(60))
    assert SILENT in failure(cache, ["http://nowhere.invalid"], patience=HASTY).cause


@pytest.mark.row(50)
def test_a_password_in_an_address_is_used_but_never_said(server: str, cache: Path) -> None:
    secret = server.replace("://", "://me:geheim@")
    lines = quiet(cache, [f"{secret}/404", "http://me:geheim@[x", f"{secret}/good"], **ONE)
    assert lines == [f"images.gz: fetched from {server}/good"]
    error = failure(cache.with_name("2"), [f"{secret}/404", "http://me:geheim@[x"])
    assert f"{server}/404: answered 404" in error.cause
    assert "geheim" not in str(error)


@pytest.mark.row(10)
def test_a_mirror_that_cannot_be_reached_is_not_asked_for_each_file(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[object] = []

    def refuse(address: object, *_: object, **__: object) -> None:
        tried.append(address)
        raise ConnectionRefusedError(errno.ECONNREFUSED, "Connection refused")

    with monkeypatch.context() as patch:
        patch.setattr("urllib3.util.connection.create_connection", refuse)
        error = failure(cache, ["http://127.0.0.1:9"])
    assert error.cause.count("http://127.0.0.1:9: Connection refused") == 1
    assert len(tried) == 2


@pytest.mark.row(10)
def test_when_every_mirror_failed_each_reason_stands_there_with_what_to_do(
    server: str, cache: Path, tmp_path: Path
) -> None:
    files.write_bytes(cache / "images.gz", b"mine")
    mirrors = [str(tmp_path / "nowhere"), f"{server}/404", "ftp://x/y", str(tmp_path)]
    error = failure(cache, mirrors, what="LETTERS", remedy="Draw them")
    assert [path.name for path in cache.iterdir()] == ["images.gz.damaged"]
    reasons = ["no such folder", "answered 404 Not Found", "expected a folder or an address with"]
    for place, reason in zip(mirrors, [*reasons, "no such file in it"], strict=True):
        assert f"{place}: {reason}" in error.cause
    assert f"expected 2 files of LETTERS in {cache}; 2 are missing" in error.cause
    assert error.remedy.startswith(f"Draw them; or put into {cache} the files")
    for name, sha256 in FILES.items():
        assert f"{sha256}  {name}" in error.remedy


def test_files_that_could_be_had_are_kept_when_others_could_not(mirror: Path, cache: Path) -> None:
    (mirror / "labels.gz").unlink()
    error = failure(cache, [str(mirror)])
    assert "1 are missing" in error.cause
    assert "images.gz" not in error.remedy
    assert [path.name for path in cache.iterdir()] == ["images.gz"]


def test_good_files_are_left_untouched_and_need_no_mirror(mirror: Path, cache: Path) -> None:
    quiet(cache, [str(mirror)])
    before = {path.name: path.stat() for path in cache.iterdir()}
    assert quiet(cache, []) == []
    assert {path.name: path.stat() for path in cache.iterdir()} == before


@pytest.mark.row(6)
def test_a_flipped_byte_is_noticed_though_size_and_time_are_the_same(
    mirror: Path, cache: Path
) -> None:
    quiet(cache, [str(mirror)])
    path = cache / "images.gz"
    times = path.stat()
    damaged = bytearray(path.read_bytes())
    damaged[777] ^= 1
    path.write_bytes(damaged)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    lines = quiet(cache, [str(mirror)])
    assert "set aside as images.gz.damaged" in lines[0]
    assert path.read_bytes() == CONTENT["images.gz"]
    assert (cache / "images.gz.damaged").read_bytes() == damaged


def unzipped(path: Path) -> bytes | None:
    """Make a file of what lies beside it as plain text of its content."""
    plain = path.with_suffix(".txt")
    return plain.read_bytes() if plain.exists() else None


@pytest.mark.row(61)
@pytest.mark.parametrize("where", ["cache", "mirror"])
def test_a_file_that_is_there_in_another_form_is_made_again(
    tmp_path: Path, cache: Path, where: str
) -> None:
    folder = cache if where == "cache" else tmp_path / "other"
    files.write_bytes(folder / "images.txt", CONTENT["images.gz"])
    assert quiet(cache, [str(tmp_path / "other")], **ONE, remake=unzipped) == [
        f"images.gz: fetched from {folder}"
    ]
    assert (cache / "images.gz").read_bytes() == CONTENT["images.gz"]


@pytest.mark.row(61)
def test_another_form_of_another_file_is_told(cache: Path) -> None:
    files.write_text(cache / "images.txt", "others")
    error = failure(cache, [], **ONE, remake=unzipped)
    assert f"{cache}: there in another form; packed as it was, SHA-256 differs" in error.cause


def test_what_was_set_aside_before_is_never_overwritten(mirror: Path, cache: Path) -> None:
    cache.mkdir()
    for text in ("first", "second", "third"):
        (cache / "images.gz").write_text(text)
        quiet(cache, [str(mirror)])
    kept = [cache / f"images.gz.damaged{suffix}" for suffix in ("", "-2", "-3")]
    assert [path.read_text() for path in kept] == ["first", "second", "third"]


def test_the_name_of_a_damaged_file_never_vanishes(
    mirror: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Snakemake fails if a file is gone that it has just seen; another build may be looking.
    def write(path: Path, content: bytes) -> None:
        assert path.read_bytes() == path.with_name("images.gz.damaged").read_bytes() == b"damaged"
        files.write_bytes(path, content)

    files.write_bytes(cache / "images.gz", b"damaged")
    monkeypatch.setattr("provenance.mirrors.write_bytes", write)
    quiet(cache, [str(mirror)], **ONE)
    assert (cache / "images.gz").read_bytes() == CONTENT["images.gz"]


def test_a_damaged_file_is_kept_where_there_are_no_hard_links(
    mirror: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "link", lambda *_, **__: os.stat("/nowhere"))
    files.write_bytes(cache / "images.gz", b"mine")
    quiet(cache, [str(mirror)])
    assert (cache / "images.gz").read_bytes() == CONTENT["images.gz"]
    assert (cache / "images.gz.damaged").read_text() == "mine"


@pytest.mark.parametrize("kind", ["folder", "fifo", "dangling link"])
def test_whatever_else_has_the_name_is_set_aside(mirror: Path, cache: Path, kind: str) -> None:
    cache.mkdir()
    path = cache / "images.gz"
    {"folder": path.mkdir, "fifo": lambda: os.mkfifo(path)}.get(
        kind, lambda: path.symlink_to("nothing")
    )()
    quiet(cache, [str(mirror)])
    assert path.read_bytes() == CONTENT["images.gz"]
    assert os.path.lexists(cache / "images.gz.damaged")


def test_a_file_of_a_folder_mirror_is_checked_and_read_no_further_than_it_should_be(
    mirror: Path, cache: Path
) -> None:
    with (mirror / "images.gz").open("wb") as file:
        file.truncate(1 << 40)
    assert "got more" in failure(cache, [str(mirror)], **ONE).cause
    (mirror / "images.gz").write_bytes(bytes(69_000))
    assert "SHA-256 differs" in failure(cache, [str(mirror)], **ONE).cause


def test_fetches_at_the_same_time_into_one_cache_all_succeed(mirror: Path, cache: Path) -> None:
    for _ in range(10):
        cache.mkdir(exist_ok=True)
        (cache / "images.gz").write_text("damaged")
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda _: quiet(cache, [str(mirror)]), range(8)))
        (cache / "images.gz.damaged").unlink()
        assert sorted(path.name for path in cache.iterdir()) == sorted(CONTENT)
        for name in CONTENT:
            (cache / name).unlink()


def test_what_a_killed_fetch_left_half_is_removed(mirror: Path, cache: Path) -> None:
    cache.mkdir(exist_ok=True)
    half, other = cache / ".images.gz.x1.part", cache / ".mine.x1.part"
    half.write_bytes(b"half")
    other.write_bytes(b"not ours")
    quiet(cache, [str(mirror)])
    assert sorted(path.name for path in cache.iterdir()) == [other.name, *sorted(FILES)]


def test_a_folder_that_cannot_be_made_is_named(mirror: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    error = failure(tmp_path / "file" / "cache", [str(mirror)])
    assert str(tmp_path / "file" / "cache") in error.cause
    assert "Not a directory" in error.cause


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_read_only_folder_is_named(mirror: Path, cache: Path) -> None:
    cache.mkdir(mode=0o555)
    assert f"{cache}; got: Permission denied" in failure(cache, [str(mirror)]).cause


def test_a_full_disk_is_named_and_nothing_is_left(mirror: Path, cache: Path) -> None:
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, limits[1]))
    try:
        error = failure(cache, [str(mirror)])
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert f"write into {cache}; got: File too large" in error.cause
    assert list(cache.iterdir()) == []


def test_a_long_download_says_how_far_it_is(
    server: str, cache: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    large = bytes(3 << 20)
    monkeypatch.setitem(CONTENT, "large", large)
    caplog.set_level("INFO", "progress")
    quiet(cache, [f"{server}/good"], files={"large": hashlib.sha256(large).hexdigest()})
    assert caplog.messages == [f"megabyte {n} of 3" for n in (1, 2, 3)]
