"""Bytes that changed on the disk after they were written."""

from __future__ import annotations

import os

import pytest

from tests.project import DIGITS, MIRROR, RESULTS, Project, digest, flip


@pytest.mark.faults
@pytest.mark.row(
    6, "Noticed at the next build, set aside under a name that says so, fetched again."
)
def test_a_flipped_byte_in_the_cache_is_noticed_and_the_file_fetched_again(
    reference: Project, fresh: Project
) -> None:
    fresh.pretend_mnist(reference)
    fresh.builds(DIGITS)
    before = fresh.results()
    names = ["train-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"]
    damaged = {name: flip(fresh / "resources/mnist" / name) for name in names}
    fresh.builds(DIGITS)
    log = (fresh / "logs/fetch_mnist.log").read_text(encoding="utf-8")
    for name in names:
        path = fresh / "resources/mnist" / name
        assert digest(path) == digest(fresh / MIRROR / name)
        assert path.with_name(f"{name}.damaged").read_bytes() == damaged[name]
        assert f"{name}: not MNIST's (SHA-256 differs); set aside as {name}.damaged" in log
    assert fresh.results() == before


@pytest.mark.faults
@pytest.mark.row(
    7, "The next build makes the file again; `make verify` names the first job that differs."
)
@pytest.mark.row(8, "Refused wherever it is cut; nothing is computed from it.")
def test_damaged_files_are_noticed_and_made_again(reference: Project, built: Project) -> None:
    cut = [f"{RESULTS}/train/0.1/weights.npz", f"{RESULTS}/idx/t10k-labels-idx1-ubyte.gz"]
    for path in cut:
        os.truncate(built / path, (built / path).stat().st_size // 2)
    for path in {*built.results()} - {*cut}:
        flip(built / path)
    assert set(built.half_done(reference)) == set(reference.results())
    built.builds()
    assert built.results() == reference.results()
