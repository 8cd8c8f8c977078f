"""Mirrors that misbehave, and machines without any network."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.faults.matrix import row
from tests.faults.project import Project, digest
from tests.faults.test_damage import DIGITS, pretend_mnist
from tests.provenance import test_mirrors as test_sources
from tests.provenance.test_mirrors import CALM, CONTENT, HASTY, Mirror, failure, quiet

# A server on this machine that misbehaves in the manner that the address names.
server = test_sources.server


@pytest.fixture
def mirror(tmp_path: Path) -> Path:
    """Make a folder mirror that has everything."""
    folder = tmp_path / "mirror"
    folder.mkdir()
    for name, content in CONTENT.items():
        (folder / name).write_bytes(content)
    return folder


def passed_over(server: str, mirror: Path, cache: Path, manner: str, times: int) -> str:
    """Fetch from a bad mirror and a good one, then from the bad one alone; return its reason."""
    patience = HASTY if manner in ("mute", "stall") else CALM
    quiet(cache, [f"{server}/{manner}", str(mirror)], patience=patience)
    assert {path.name: path.read_bytes() for path in cache.iterdir()} == CONTENT
    Mirror.asked.clear()
    options = test_sources.ONE | {"patience": patience}
    error = failure(cache.with_name("empty"), [f"{server}/{manner}"], **options)
    assert Mirror.asked[manner] == times
    assert [*cache.with_name("empty").iterdir()] == []
    return error.cause


@row(9, "The checksum refuses it and says that it is a web page; the next mirror is taken.")
def test_a_web_page_is_not_taken_for_the_file(server: str, mirror: Path, tmp_path: Path) -> None:
    said = passed_over(server, mirror, tmp_path / "cache", "html", times=1)
    assert "a web page instead of the file" in said


@row(10, "Few attempts, then the next mirror; if none is left, each one's reason is listed.")
@pytest.mark.parametrize(("manner", "times"), [("403", 1), ("404", 1), ("500", 2)])
def test_a_mirror_that_refuses_is_passed_over(
    server: str, mirror: Path, tmp_path: Path, manner: str, times: int
) -> None:
    assert f"answered {manner}" in passed_over(server, mirror, tmp_path / "cache", manner, times)


@row(10)
def test_a_refused_connection_is_passed_over_and_all_reasons_are_listed(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    test_sources.test_a_mirror_that_cannot_be_reached_is_not_asked_for_each_file(
        tmp_path / "1", monkeypatch
    )
    test_sources.test_when_every_mirror_failed_each_reason_stands_there_with_what_to_do(
        server, tmp_path / "2", tmp_path
    )


@row(11, "Asked again, then passed over; the time for everything together is bounded.")
@pytest.mark.parametrize("manner", ["short", "stall", "mute"])
def test_a_mirror_that_breaks_off_or_stalls_is_asked_twice_and_passed_over(
    server: str, mirror: Path, tmp_path: Path, manner: str
) -> None:
    start = time.monotonic()
    passed_over(server, mirror, tmp_path / "cache", manner, times=2)
    assert time.monotonic() - start < 50


@row(11)
def test_a_server_that_trickles_does_not_hold_the_build_up(server: str, tmp_path: Path) -> None:
    test_sources.test_a_server_that_is_silent_or_too_slow_cannot_hold_the_build_up(
        server, tmp_path / "cache", "trickle"
    )


# Each Python runs this first: it notes every attempt to reach anything.
WATCH = """
import os, sys
def note(event, arguments):
    if event in ("socket.connect", "socket.getaddrinfo", "socket.sendto"):
        attempts = os.open("attempts", os.O_CREAT | os.O_WRONLY | os.O_APPEND)
        os.write(attempts, repr(arguments).encode())
sys.addaudithook(note)
"""
OFFLINE = ("unshare", "--net")
FAR = ["https://ossci-datasets.s3.amazonaws.com/mnist/", "http://192.0.2.1/mnist"]


@pytest.fixture
def offline() -> tuple[str, ...]:
    """Give what starts a command in a network namespace of its own, in which there is nobody."""
    command = (*OFFLINE, sys.executable, "-c", "pass")
    if not shutil.which("unshare") or subprocess.run(command, check=False).returncode != 0:
        pytest.skip("this user may not make a network namespace")
    return OFFLINE


@pytest.mark.faults
@row(12, "Builds, and no job tries to reach anything.")
def test_with_a_warm_cache_no_job_looks_for_a_network(
    reference: Project, fresh: Project, offline: tuple[str, ...]
) -> None:
    pretend_mnist(reference, fresh)
    assert fresh.build("resources/mnist/t10k-labels-idx1-ubyte.gz").status == 0
    shutil.rmtree(fresh / "a mirror")
    fresh.configure(dataset="synthetic", mirrors=FAR)
    fresh.hook(WATCH)
    ended = fresh.build("all", DIGITS, prefix=offline)
    assert ended.status == 0, ended.said
    assert not (fresh / "attempts").exists(), (fresh / "attempts").read_text(encoding="utf-8")
    assert (fresh / DIGITS).read_bytes() == (
        reference / "results/synthetic/digits.npz"
    ).read_bytes()


@pytest.mark.faults
@row(
    13,
    "Each mirror's reason, the files with their hashes, where to put them, and the command "
    "that needs no network.",
)
def test_without_network_and_cache_the_way_out_is_told(
    reference: Project, fresh: Project, offline: tuple[str, ...]
) -> None:
    pretend_mnist(reference, fresh)
    fresh.configure(mirrors=FAR)
    fresh.hook(WATCH)
    start = time.monotonic()
    ended = fresh.build(DIGITS, prefix=offline)
    assert time.monotonic() - start < 60
    assert ended.status != 0
    said = ended.last_words(16)
    assert "fetch_mnist failed: expected 4 files of MNIST in resources/mnist" in said
    for mirror in FAR:
        assert f"\n  {mirror}: " in said
    for path in sorted((fresh / "a mirror").iterdir()):
        assert f"{digest(path)}  {path.name}" in said
    assert "snakemake --cores 2 report/hw2-synthetic.pdf" in said
    assert "run the same command again, which then needs no network" in ended.last_words(1)
    assert (fresh / "attempts").exists(), "the watch of the other test sees such attempts"
