"""Machines without any network."""

from __future__ import annotations

import shutil
import subprocess
import sys

import pytest

from tests.project import DIGITS, MIRROR, RESULTS, Project, digest

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
FAR = ["https://mirror.invalid/mnist/", "http://192.0.2.1/mnist"]


@pytest.fixture
def offline() -> tuple[str, ...]:
    """Give what starts a command in a network namespace of its own, in which there is nobody."""
    command = (*OFFLINE, sys.executable, "-c", "pass")
    if not shutil.which("unshare") or subprocess.run(command, check=False).returncode != 0:
        pytest.skip("this user may not make a network namespace")
    return OFFLINE


@pytest.mark.faults
@pytest.mark.row(12, "Builds, and no job tries to reach anything.")
def test_with_a_warm_cache_no_job_looks_for_a_network(
    reference: Project, fresh: Project, offline: tuple[str, ...]
) -> None:
    fresh.pretend_mnist(reference)
    fresh.builds("resources/mnist/t10k-labels-idx1-ubyte.gz")
    shutil.rmtree(fresh / MIRROR)
    fresh.configure(dataset="synthetic", mirrors=FAR)
    fresh.hook(WATCH)
    fresh.builds("all", DIGITS, prefix=offline)
    assert not (fresh / "attempts").exists(), (fresh / "attempts").read_text(encoding="utf-8")
    assert (fresh / DIGITS).read_bytes() == (reference / RESULTS / "digits.npz").read_bytes()


@pytest.mark.faults
@pytest.mark.row(
    13,
    "Each mirror's reason, the files with their hashes, where to put them, and the command "
    "that needs no network.",
)
def test_without_network_and_cache_the_way_out_is_told(
    reference: Project, fresh: Project, offline: tuple[str, ...]
) -> None:
    fresh.pretend_mnist(reference)
    fresh.configure(mirrors=FAR)
    fresh.hook(WATCH)
    ended = fresh.fails(DIGITS, prefix=offline)
    said = ended.last_words(16)
    assert "fetch_mnist failed: expected 4 files of MNIST in resources/mnist" in said
    for mirror in FAR:
        assert f"\n  {mirror}: " in said
    for path in sorted((fresh / MIRROR).iterdir()):
        assert path.name in said and digest(path) in said
    assert "snakemake --cores 2 report/hw2-synthetic.pdf" in said
    assert "run the same command again, which then needs no network" in ended.last_words(1)
    assert (fresh / "attempts").exists(), "the watch of the other test sees such attempts"
