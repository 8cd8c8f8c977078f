"""Mirrors that misbehave, against a real server on this machine; no other network is used."""

from __future__ import annotations

import errno
import hashlib
import io
import os
import resource
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest

from provenance import mirrors as mirrors_module
from provenance import records
from provenance.errors import Failure
from provenance.files import sha256
from provenance.mirrors import Patience, fetch, read_sums

CONTENT = {name: (f"the bytes of {name}\n" * 3000).encode() for name in ("images.gz", "labels.gz")}
FILES = {name: hashlib.sha256(content).hexdigest() for name, content in CONTENT.items()}
ONE = {"files": {"images.gz": FILES["images.gz"]}}
ALL = {"files": FILES}
QUICK = Patience(connect=3.0, silence=2.0, total=20.0, attempts=2, pause=0.01)
LITTLE = {"patience": QUICK, "most": 100_000, "what": "letters", "remedy": "Or draw them."}


class Mirror(BaseHTTPRequestHandler):
    """The first part of the path says how to misbehave."""

    asked: ClassVar[Counter[str]] = Counter()
    over = threading.Event()

    def do_GET(self) -> None:
        _, manner, name = self.path.split("/")
        content = CONTENT.get(name, b"")
        self.asked[manner] += 1
        if manner.isdigit():
            self.send_error(int(manner))
        elif manner == "flaky" and self.asked[manner] == 1:
            self.send_error(503)
        elif manner == "html":
            self.answer(b"<!DOCTYPE html><title>Log in</title>")
        elif manner == "wrong":
            self.answer(bytes(len(content)))
        elif manner == "large":
            self.answer(content * 50)
        elif manner == "endless":
            self.answer(content * 50, announced=None)
        elif manner == "short":
            self.answer(content[:40_000], announced=len(content))
        elif manner == "cut":
            self.answer(content[:40_000], announced=None)
        elif manner == "mute":
            self.over.wait(5)
        elif manner == "stall":
            self.answer(content[:40_000], announced=len(content))
            self.over.wait(5)
        elif manner == "escape":
            self.send_response(418, "\x1b[31mred")
            self.end_headers()
        elif manner in ("moved", "circle", "endless-redirect"):
            target = {"moved": "good", "circle": "circle"}.get(manner, "404")
            self.send_response(302)
            self.send_header("Location", f"/{target}/{name}")
            self.end_headers()
            while manner == "endless-redirect" and not self.over.wait(0.01):
                self.wfile.write(content)
        elif manner == "encoded":
            self.send_response(200)
            self.send_header("Content-Encoding", "gzip")
            self.end_headers()
            self.wfile.write(content)
        elif manner == "slow-head":
            while not self.over.wait(0.1):
                self.wfile.write(b"H")
        elif manner == "trickle":
            self.answer(b"", announced=len(content))
            for byte in content:
                if self.over.wait(0.05):
                    break
                self.wfile.write(bytes([byte]))
        else:
            self.answer(content)

    def answer(self, body: bytes, announced: int | None = -1) -> None:
        """Send a body, by default with its true length."""
        self.send_response(200)
        if announced is not None:
            self.send_header("Content-Length", str(len(body) if announced < 0 else announced))
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

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
        records.write_bytes(folder / name, content)
    return folder


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


def quiet(folder: Path, mirrors: list[str], **options: Any) -> list[str]:
    """Fetch with little patience; return the lines that were reported."""
    lines: list[str] = []
    fetch(folder, mirrors, report=lines.append, **(LITTLE | ALL | options))
    return lines


def whole(folder: Path) -> bool:
    """Tell whether a folder holds all that it should."""
    return all((folder / name).read_bytes() == content for name, content in CONTENT.items())


def failure(folder: Path, mirrors: list[str], **options: Any) -> Failure:
    with pytest.raises(Failure) as caught:
        quiet(folder, mirrors, **options)
    return caught.value


ROOT = Path(__file__).parents[2]


def test_the_real_files_have_the_sums_that_are_committed() -> None:
    sums = read_sums(ROOT / "config/mnist.sha256")
    assert len(sums) == 4
    folder = ROOT.parent / "shared" / "mnist"
    if not folder.is_dir():
        pytest.skip("MNIST is not on this machine")
    assert {name: sha256(folder / name) for name in sums} == sums


@pytest.mark.parametrize("slash", ["", "/"])
def test_an_address_serves_with_and_without_a_final_slash(
    server: str, cache: Path, slash: str
) -> None:
    quiet(cache, [f"{server}/good{slash}"])
    assert {path.name: path.read_bytes() for path in cache.iterdir()} == CONTENT


@pytest.mark.parametrize("form", [str, lambda path: f"{path}/", Path.as_uri], ids=range(3))
def test_a_folder_serves_as_a_path_and_as_an_address(
    mirror: Path, cache: Path, form: Callable[[Path], str]
) -> None:
    quiet(cache, [form(mirror)])
    assert whole(cache)


@pytest.mark.parametrize(
    ("manner", "reason"),
    [
        ("403", "answered 403 Forbidden"),
        ("404", "answered 404 Not Found"),
        ("500", "answered 500 Internal Server Error"),
        ("html", "a web page instead of the file, 36 bytes"),
        ("wrong", "another file (SHA-256 differs), 69000 bytes"),
        ("large", "expected at most 100000 bytes; got more"),
        ("endless", "expected at most 100000 bytes; got more"),
        ("short", "broke off after 40000 bytes (the server hung up early)"),
        ("cut", "another file (SHA-256 differs), 40000 bytes"),
        ("mute", "no answer for 2 s"),
        ("stall", "broke off after"),
    ],
)
def test_a_bad_mirror_is_passed_over_and_its_reason_is_kept(
    server: str, mirror: Path, cache: Path, manner: str, reason: str
) -> None:
    lines = quiet(cache, [f"{server}/{manner}", str(mirror)], **ONE)
    assert lines == [f"images.gz: fetched from {mirror}"]
    assert [path.name for path in cache.iterdir()] == ["images.gz"]
    error = failure(cache.with_name("other"), [f"{server}/{manner}"], **ONE)
    assert f"{server}/{manner}: {reason}" in error.cause
    assert list(cache.with_name("other").iterdir()) == []


@pytest.mark.parametrize(
    ("manner", "times"),
    [("403", 1), ("404", 1), ("html", 1), ("wrong", 1), ("500", 2), ("429", 2), ("short", 2),
     ("cut", 1), ("mute", 2), ("stall", 2)],
)  # fmt: skip
def test_a_mirror_is_asked_again_where_that_can_help_and_no_more_than_agreed(
    server: str, cache: Path, manner: str, times: int
) -> None:
    failure(cache, [f"{server}/{manner}"], **ONE)
    assert Mirror.asked[manner] == times


def test_a_mirror_that_stumbles_once_serves_at_the_second_attempt(server: str, cache: Path) -> None:
    assert quiet(cache, [f"{server}/flaky"], **ONE)
    assert Mirror.asked["flaky"] == 2


@pytest.mark.parametrize("manner", ["trickle", "slow-head"])
def test_a_server_that_sends_a_byte_now_and_then_cannot_hold_the_build_up(
    server: str, mirror: Path, cache: Path, manner: str
) -> None:
    short = {"patience": QUICK._replace(total=1.0)}
    assert "time is up" in failure(cache, [f"{server}/{manner}"], **ONE, **short).cause
    assert quiet(cache, [f"{server}/{manner}", str(mirror)], **ONE, **short)


def test_the_time_for_all_mirrors_together_is_bounded(server: str, cache: Path) -> None:
    mirrors = [f"{server}/mute/".replace("127.0.0.1", f"127.0.0.{n}") for n in range(1, 9)]
    short = {"patience": QUICK._replace(total=1.0)}
    assert "not tried: 1 s were over" in failure(cache, mirrors, **ONE, **short).cause
    assert Mirror.asked["mute"] < len(mirrors)


@pytest.mark.parametrize("manner", ["endless-redirect", "circle"])
def test_where_a_mirror_refers_elsewhere_nothing_is_read(
    server: str, cache: Path, manner: str
) -> None:
    reason = {"circle": "more than 5 times", "endless-redirect": "404"}[manner]
    assert reason in failure(cache, [f"{server}/{manner}"], **ONE).cause


def test_a_mirror_may_refer_elsewhere_and_call_a_gz_an_encoding(server: str, cache: Path) -> None:
    assert quiet(cache, [f"{server}/moved"], **ONE)
    assert quiet(cache.with_name("2"), [f"{server}/encoded"], **ONE)


def test_a_servers_words_and_a_password_do_not_reach_the_screen(server: str, cache: Path) -> None:
    error = failure(cache, [f"{server.replace('//', '//me:secret@')}/escape"], **ONE)
    assert "answered 418 ?[31mred" in error.cause
    assert "secret" not in str(error)


def test_a_mirror_that_cannot_be_reached_is_not_asked_for_each_file(cache: Path) -> None:
    with Server(("127.0.0.1", 0), Mirror) as closed:
        address = f"http://127.0.0.1:{closed.server_port}"
    error = failure(cache, [address])
    assert error.cause.count("Connection refused") == 1
    asker = mirrors_module._Asker(QUICK, 1, None)
    for _ in range(2):
        with pytest.raises(mirrors_module.MirrorError, match="refused"):
            asker.ask(address, "images.gz", "")
    assert list(asker.dead) == [address]


def test_when_every_mirror_failed_each_reason_stands_there_with_what_to_do(
    server: str, cache: Path, tmp_path: Path
) -> None:
    mirrors = [str(tmp_path / "nowhere"), f"{server}/404", "ftp://x/y", str(tmp_path)]
    error = failure(cache, mirrors)
    reasons = ["no such folder", "answered 404 Not Found", "expected a folder or an address with"]
    for place, reason in zip(mirrors, [*reasons, "no such file in it"], strict=True):
        assert f"{place}: {reason}" in error.cause
    for name, hashed in FILES.items():
        assert f"{hashed}  {name}" in error.remedy
    assert str(cache) in error.remedy
    assert error.remedy.startswith("Or draw them. Or put into")
    assert "expected 2 files of letters" in error.cause


def test_without_any_mirror_the_files_are_named(cache: Path) -> None:
    error = failure(cache, [])
    assert "names no mirror" in error.cause


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


def test_what_was_set_aside_before_is_never_overwritten(mirror: Path, cache: Path) -> None:
    cache.mkdir()
    for text in ("first", "second", "third"):
        (cache / "images.gz").write_text(text)
        quiet(cache, [str(mirror)])
    kept = [cache / f"images.gz.damaged{suffix}" for suffix in ("", "-2", "-3")]
    assert [path.read_text() for path in kept] == ["first", "second", "third"]


def test_a_damaged_file_does_not_keep_its_name_when_no_mirror_answers(cache: Path) -> None:
    cache.mkdir()
    (cache / "images.gz").write_text("mine")
    failure(cache, [], **ONE)
    assert [path.name for path in cache.iterdir()] == ["images.gz.damaged"]


def test_the_name_of_a_damaged_file_never_vanishes(mirror: Path, cache: Path) -> None:
    # Snakemake fails if a file is gone that it has just seen; another build may be looking.
    cache.mkdir()
    path = cache / "images.gz"
    seen: Counter[bool] = Counter()
    over = threading.Event()

    def look() -> None:
        while not over.is_set():
            seen[os.path.lexists(path)] += 1

    path.write_text("damaged")
    watch = threading.Thread(target=look, daemon=True)
    watch.start()
    for _ in range(20):
        quiet(cache, [str(mirror)])
        assert path.read_bytes() == CONTENT["images.gz"]
        records.write_bytes(path, b"damaged")
    over.set()
    watch.join()
    assert seen[True] > 100
    assert seen[False] == 0
    assert (cache / "images.gz.damaged-20").read_bytes() == b"damaged"


def test_a_damaged_file_is_kept_where_there_are_no_hard_links(
    mirror: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(os, "link", refuse)
    cache.mkdir()
    (cache / "images.gz").write_text("mine")
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
    assert whole(cache)
    assert os.path.lexists(cache / "images.gz.damaged")


def test_a_file_of_a_folder_mirror_is_checked_and_read_no_further_than_it_should_be(
    mirror: Path, cache: Path
) -> None:
    with (mirror / "images.gz").open("wb") as file:
        file.truncate(1 << 40)
    assert (
        "another file (SHA-256 differs), 100001 bytes" in failure(cache, [str(mirror)], **ONE).cause
    )


def test_fetches_at_the_same_time_into_one_cache_all_succeed(mirror: Path, cache: Path) -> None:
    for _ in range(10):
        cache.mkdir(exist_ok=True)
        (cache / "images.gz").write_text("damaged")
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda _: quiet(cache, [str(mirror)]), range(8)))
        assert whole(cache)
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


class Terminal(io.StringIO):
    """A stream that says that a person looks at it."""

    def isatty(self) -> bool:
        return True


def test_a_progress_bar_is_drawn_on_a_terminal_only(server: str, tmp_path: Path) -> None:
    screen, log = Terminal(), io.StringIO()
    quiet(tmp_path / "1", [f"{server}/good"], terminal=screen)
    quiet(tmp_path / "2", [f"{server}/good"], terminal=log)
    assert "images.gz: 100%" in screen.getvalue()
    assert log.getvalue() == ""
