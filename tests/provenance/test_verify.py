"""What `make verify` says of a difference."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from provenance import records
from provenance import seals
from provenance import verify
from provenance.manifest import describe_files
from provenance.manifest import extend as extend_described
from provenance.sums import describe_record

STAGES = {
    "pins": ["requirements.txt"],
    "sources": ["Snakefile"],
    "data": ["results/digits.npz"],
    "weights": ["results/train/0.1/weights.npz"],
    "series": ["results/train/0.1/series.csv"],
    "facts": ["results/train/0.1/summary.json"],
    "figures": ["results/figures/losses.pdf"],
    "tex": ["results/tex/hw2.tex"],
    "pdf": ["report/hw2.pdf"],
}
COMPUTED = [
    (stage, paths[0]) for stage, paths in STAGES.items() if stage not in ("pins", "sources")
]
X = np.linspace(0.1, 1.0, 100)


def extend(manifest, stages):
    """Add files to a manifest, stage by stage."""
    return extend_described(
        manifest, {stage: describe_files(f, describe_record) for stage, f in stages.items()}
    )


@pytest.fixture
def build(tmp_path, monkeypatch):
    """Work in a folder with a finished build and its committed manifest."""
    monkeypatch.chdir(tmp_path)
    for path in ("requirements.txt", "Snakefile", "results/tex/hw2.tex"):
        records.write_text(path, f"{path}\n")
    for path in ("results/digits.npz", "results/train/0.1/weights.npz"):
        records.write_npz(path, X=X)
    records.write_csv("results/train/0.1/series.csv", {"loss": X})
    records.write_json("results/train/0.1/summary.json", {"loss": 0.5})
    for path in ("results/figures/losses.pdf", "results/figures/losses.svg", "report/hw2.pdf"):
        records.write_text(path, "drawn\n")
    manifest = extend({}, STAGES)
    records.write_json(verify.BUILT, manifest)
    records.write_json(verify.EXPECTED, manifest)
    seals.seal([str(path) for path in Path("results").rglob("*.*") if path.is_file()])
    seals.seal([verify.PDF])
    return manifest


def flip(path: str) -> None:
    """Flip one bit in the middle of a file."""
    content = bytearray(Path(path).read_bytes())
    content[len(content) // 2] ^= 1
    Path(path).write_bytes(content)


def test_a_build_as_expected_passes(build, capsys) -> None:
    assert not verify.check_here()
    assert "every file is as expected" in capsys.readouterr().out


@pytest.mark.parametrize(("stage", "path"), COMPUTED)
def test_a_flipped_bit_is_reported_with_its_stage_and_file(build, stage, path) -> None:
    flip(path)
    [line] = verify.compare_files(build)
    assert line.startswith(f"{stage}: {path}: ")


@pytest.mark.parametrize(
    ("stage", "path"),
    [("figures", "results/figures/losses.svg"), ("manifest", "results/manifest.json")],
)
def test_a_flipped_bit_in_a_file_that_no_stage_counts_is_reported_too(build, stage, path) -> None:
    flip(path)
    assert list(verify.compare_files(build)) == [f"{stage}: {path}: not what its job wrote"]


def test_a_missing_file_is_reported_and_a_missing_download_is_not(build) -> None:
    build["data"]["files"]["resources/mnist/x.gz"] = {"sha256": ""}
    Path("results/digits.npz").unlink()
    assert list(verify.compare_files(build)) == ["data: results/digits.npz: missing"]


def test_the_first_difference_comes_first(build) -> None:
    for path in ("report/hw2.pdf", "results/train/0.1/series.csv"):
        flip(path)
    stages = [line.partition(":")[0] for line in verify.compare_files(build)]
    assert stages == ["series", "pdf"]


def test_results_of_other_sources_are_not_compared(build, capsys) -> None:
    records.write_text("Snakefile", "edited")
    flip("report/hw2.pdf")
    assert not verify.check_here()
    assert "Snakefile" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("factor", "kind"),
    [
        (1, "bytes only"),
        (1 + 3e-13, "numbers within 1e-12"),
        (1 + 3e-10, "numbers within 1e-09"),
        (1 + 3e-7, "numbers within 1e-06"),
        (1.01, "numbers, whose sums differ by 0.0"),
    ],
)
def test_the_size_of_a_difference_is_told(tmp_path, factor, kind) -> None:
    old, new = str(tmp_path / "old.npz"), str(tmp_path / "new.npz")
    records.write_npz(old, X=X)
    np.savez(new, X=X * factor)  # another container, and so other bytes
    assert verify.how_different(describe_record(old), describe_record(new)).startswith(kind)


def test_more_numbers_are_other_numbers() -> None:
    one, other = ({"sha256": str(n), "sums": {"X": [n, 1.0, 1.0, 0.0]}} for n in (1.0, 2.0))
    assert verify.how_different(one, other) == "other numbers"
    assert verify.largest_gap(one["sums"], other["sums"]) == float("inf")


def test_printed_digits_are_told_from_hashes() -> None:
    old = {"sha256": "1", "words": "a"}
    assert verify.how_different(old, {"sha256": "2", "words": "a"}) == "hashes only"
    assert verify.how_different(old, {"sha256": "2", "words": "b"}) == "printed digits or words"


def test_equal_manifests_have_no_difference(build) -> None:
    assert list(verify.compare(build, build)) == []


def test_manifests_are_compared_stage_by_stage(build) -> None:
    records.write_npz("results/digits.npz", X=X * (1 + 3e-10))
    flip("results/figures/losses.pdf")
    assert list(verify.compare(build, extend({}, STAGES))) == [
        "data: numbers within 1e-09: results/digits.npz",
        "figures: bytes: results/figures/losses.pdf",
    ]


def test_what_cannot_be_compared_is_left_out(build) -> None:
    flip("results/tex/hw2.tex")
    assert list(verify.compare(build, extend({}, STAGES), ["results/tex/"])) == []


@pytest.fixture
def repository(build, tmp_path, monkeypatch):
    """Commit that folder, with a build that copies what is there instead of computing it."""
    records.write_text("config/config.yaml", "mirrors: []\ntoy: {folders: [resources/toy]}\n")
    records.write_text(".gitignore", "/results/\n*.pdf\n.snakemake\n")
    who = ("-c", "user.name=t", "-c", "user.email=t@localhost", "-c", "commit.gpgsign=false")
    verify.git("init", "--quiet")
    verify.git("add", "--all")
    verify.git(*who, "commit", "--quiet", "--message", "all")
    monkeypatch.setattr(verify, "toy_is_another", lambda *_: [])
    folders = []

    def copy(clone: Path) -> None:
        folders.append(clone)
        shutil.copytree("results", clone / "results")

    monkeypatch.setattr(verify, "build", copy)
    return folders


def test_a_commit_that_builds_as_expected_is_ok(repository, build, capsys) -> None:
    assert verify.main([]) == 0
    assert f"OK: every byte is as expected; the chain ends in {build['pdf']['chain']}" in (
        capsys.readouterr().out
    )


def test_nothing_is_left_in_the_temporary_folder(repository) -> None:
    verify.main([])
    [clone] = repository
    assert not clone.exists()
    assert not clone.is_relative_to(Path.cwd())


def test_a_commit_that_builds_otherwise_is_not_ok(repository, capsys) -> None:
    records.write_csv("results/train/0.1/series.csv", {"loss": X * 1.5})
    records.write_json(verify.BUILT, extend({}, STAGES))
    assert verify.main([]) == 1
    said = capsys.readouterr().out.splitlines()[-1]
    assert said.startswith("NOT OK")
    assert "first in the stage series: " in said


def test_a_flipped_bit_here_is_not_ok(repository, capsys) -> None:
    flip("report/hw2.pdf")
    assert verify.main([]) == 1
    assert "Here: pdf: report/hw2.pdf: bytes" in capsys.readouterr().out


def test_without_a_committed_manifest_the_remedy_is_told(repository, capsys) -> None:
    verify.git("rm", "--quiet", "--cached", verify.EXPECTED)
    verify.git("-c", "user.name=t", "-c", "user.email=t@localhost", "commit", "-qm", "none")
    assert verify.main([]) == 1
    assert "make manifest" in capsys.readouterr().err


def test_outside_of_git_the_cause_is_told(build, capsys, monkeypatch) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(Path.cwd().parent))
    assert verify.main([]) == 1
    assert "cannot be cloned" in capsys.readouterr().err


def test_an_update_takes_what_is_built_and_shows_the_difference(build, capsys) -> None:
    records.write_json("results/toy/toy.json", {"source": "course"})
    records.write_npz("results/train/0.1/weights.npz", X=X * 2)
    records.write_json(verify.BUILT, extend({}, STAGES))
    seals.seal(["results/toy/toy.json", "results/train/0.1/weights.npz", verify.BUILT])
    assert verify.main(["--update"]) == 0
    assert (
        "weights: numbers, whose sums differ by 0.7: results/train/0.1/weights.npz"
        in capsys.readouterr().out
    )
    assert records.read_json(verify.EXPECTED) == extend({}, STAGES)


def test_an_update_refuses_results_that_are_not_of_this_build(build, capsys) -> None:
    flip("results/tex/hw2.tex")
    assert verify.main(["--update"]) == 1
    assert "make report" in capsys.readouterr().err
    assert records.read_json(verify.EXPECTED) == build
