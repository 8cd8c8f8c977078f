"""Bytes that changed on the disk after they were written."""

from __future__ import annotations

import os
import re
import shutil
from pathlib import Path

import pytest

from tests.faults.matrix import row
from tests.faults.project import Project, digest
from tests.nn import test_digits
from tests.provenance import test_mirrors as test_sources
from tests.provenance import test_records
from provenance.manifest import STAGES, describe_files, extend
from provenance.records import read_npz, write_npz
from provenance.sums import describe_record

MIRROR = "a mirror"


def flip(path: Path, place: int | None = None) -> bytes:
    """Change one bit of a file and keep its time; return what it is now."""
    times = path.stat()
    content = bytearray(path.read_bytes())
    content[len(content) // 2 if place is None else place] ^= 1
    path.write_bytes(content)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    return bytes(content)


@pytest.fixture
def mnist(reference: Project, fresh: Project) -> Project:
    """A project whose MNIST is small enough for tests: drawn digits, served by a folder."""
    pretend_mnist(reference, fresh)
    return fresh


def pretend_mnist(reference: Project, project: Project) -> None:
    """Tell a project that the reference's drawn digits are MNIST, and where they can be had."""
    shutil.copytree(reference / "results/synthetic/idx", project / MIRROR)
    sums = [f"{digest(path)}  {path.name}\n" for path in sorted((project / MIRROR).iterdir())]
    (project / "config/mnist.sha256").write_text("".join(sums), encoding="utf-8")
    project.configure(dataset="mnist", mirrors=[MIRROR])


DIGITS = "results/digits.npz"


@pytest.mark.faults
@row(6, "Noticed at the next build, set aside under a name that says so, fetched again.")
@pytest.mark.parametrize("name", ["train-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"])
def test_a_flipped_byte_in_the_cache_is_noticed_and_the_file_fetched_again(
    mnist: Project, name: str
) -> None:
    assert mnist.build(DIGITS).status == 0
    before = mnist.results()
    path = mnist / "resources/mnist" / name
    damaged = flip(path)
    ended = mnist.build(DIGITS)
    assert ended.status == 0, ended.said
    assert digest(path) == digest(mnist / MIRROR / name)
    assert path.with_name(f"{name}.damaged").read_bytes() == damaged
    assert mnist.results() == before
    log = (mnist / "logs/fetch_mnist.log").read_text(encoding="utf-8")
    assert f"{name}: not MNIST's (SHA-256 differs); set aside as {name}.damaged" in log


@row(6)
def test_a_flipped_byte_in_any_cache_is_noticed(tmp_path: Path) -> None:
    mirror, cache = tmp_path / "mirror", tmp_path / "cache"
    mirror.mkdir()
    for name, content in test_sources.CONTENT.items():
        (mirror / name).write_bytes(content)
    test_sources.test_a_flipped_byte_is_noticed_though_size_and_time_are_the_same(mirror, cache)


RECORDS = [
    "results/synthetic/digits.npz",
    "results/synthetic/train/0.1/series.csv",
    "results/synthetic/train/10.0/weights.npz",
    "results/synthetic/mistakes.json",
    "results/synthetic/claims.json",
    "results/synthetic/figures/losses.pdf",
    "results/synthetic/arrays.json",
    "results/synthetic/chain.json",
    "results/synthetic/tex/hw2.tex",
    "results/tex/appendix.tex",
    "report/hw2-synthetic.pdf",
    "results/synthetic/manifest.json",
]


@pytest.mark.faults
@row(
    7,
    "The next build makes the file again; the manifest's chain, which `make verify` compares, "
    "names the first stage that differs.",
)
def test_flipped_bytes_in_records_figures_and_the_pdf_are_noticed_and_made_again(
    reference: Project, built: Project
) -> None:
    for path in RECORDS:
        flip(built / path)
    ended = built.build()
    assert ended.status == 0, ended.said
    assert built.results() == reference.results()


@pytest.mark.faults
@row(7)
@pytest.mark.parametrize("stage", STAGES[2:])
def test_the_chain_names_the_first_stage_that_differs(
    built: Project, monkeypatch: pytest.MonkeyPatch, stage: str
) -> None:
    before = built.manifest()
    path = built / next(iter(before[stage]["files"]))
    # In a record a digit is changed, so that it can still be read.
    if path.suffix in (".json", ".csv"):
        text = path.read_text(encoding="utf-8")
        path.write_text(re.sub(r"\d(?=\D*$)", lambda d: str(9 - int(d[0])), text), encoding="utf-8")
    elif path.suffix == ".npz":
        arrays = read_npz(path)
        name = min(arrays)
        arrays[name] = 1 - arrays[name]
        write_npz(path, **arrays)
    else:
        flip(path)
    monkeypatch.chdir(built.folder)
    now = extend(
        {}, {name: describe_files(before[name]["files"], describe_record) for name in STAGES}
    )
    differ = [name for name in STAGES if now[name]["chain"] != before[name]["chain"]]
    assert differ == list(STAGES[STAGES.index(stage) :])


@row(8, "Refused wherever it is cut; nothing is computed from it.")
def test_a_cut_gz_is_refused(tmp_path: Path) -> None:
    for array in (test_digits.IMAGES[:1], test_digits.LABELS):
        test_digits.test_a_file_that_is_cut_anywhere_is_refused(tmp_path, array)


@row(8)
@pytest.mark.parametrize("kept", [0, 10, 100, -1])
def test_a_cut_npz_is_refused(tmp_path: Path, kept: int) -> None:
    test_records.test_a_cut_npz_is_noticed(tmp_path, kept)


@pytest.mark.faults
@row(8)
def test_cut_files_are_made_again(reference: Project, built: Project) -> None:
    for path in ("results/synthetic/digits.npz", "results/synthetic/idx/t10k-labels-idx1-ubyte.gz"):
        os.truncate(built / path, (built / path).stat().st_size // 2)
    ended = built.build()
    assert ended.status == 0, ended.said
    assert built.results() == reference.results()
