"""What `make verify` says of a difference."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
import pytest

from provenance import files, records, verify
from provenance.files import write_json
from provenance.manifest import Manifest, differing, manifest_of, read_manifest
from provenance.verify import compare

X = np.linspace(0.1, 1.0, 100)
PDF, EXPECTED = "report/report.pdf", "config/manifest.json"
DATA, SNAKEFILE = "resources/sets/x.gz", "Snakefile"
DIGITS, SERIES, FACTS, TEX = (f"results/{n}" for n in ("x.npz", "s.csv", "facts.json", "r.tex"))


@pytest.fixture
def build(leave):
    """Return a function that makes all files and leaves their receipts."""

    def build(data=1, digits=1, series=1, constant=0.5, tex="words", code="rules", lacking=()):
        files.write_text(DATA, f"{data}")
        files.write_text(SNAKEFILE, code)
        records.write_npz(DIGITS, X=X * data * digits)
        records.write_csv(SERIES, {"loss": X * data * digits * series})
        files.write_json(FACTS, {"constant": constant})
        files.write_text(TEX, f"{tex} {data} {digits} {series}")
        files.write_text(PDF, f"{tex} {data} {digits} {series}")
        leave("select", [path for path in (DATA, SNAKEFILE) if path not in lacking], [DIGITS])
        leave("fit", [DIGITS], [SERIES])
        leave("check", [SNAKEFILE], [FACTS])
        leave("render", [SERIES, FACTS], [TEX])
        leave("typeset", [TEX], [PDF])
        return manifest_of([PDF], sums=True)

    return build


@pytest.fixture
def built(build) -> Manifest:
    """Work in a folder with a finished build and its committed manifest."""
    manifest = build()
    write_json(EXPECTED, manifest._asdict())
    return manifest


def main(*options: str) -> int:
    """Run the command."""
    return verify.main([PDF, EXPECTED, *options])


def found(expected: Manifest, built: Manifest) -> tuple[list[str], list[str]]:
    """Compare a build in this folder with what was expected."""
    return compare(expected, built, differing(expected))


def flip(path: str) -> None:
    """Flip one bit in the middle of a file."""
    content = bytearray(Path(path).read_bytes())
    content[len(content) // 2] ^= 1
    Path(path).write_bytes(content)


def test_equal_builds_have_no_difference(built, build) -> None:
    assert found(built, build()) == ([], [])


@pytest.mark.row(7)
def test_jobs_that_made_other_files_of_the_same_inputs_come_before_what_follows(
    built, build
) -> None:
    lines, lacking = found(built, build(digits=1 + 3e-10, constant=0.75))
    assert lines == [
        f"check: numbers, whose sums differ by 0.4: {FACTS}",
        f"select: numbers within 1e-09: {DIGITS}",
        f"fit: numbers within 1e-09: {SERIES}",
        f"render: printed numbers or words: {TEX}",
        f"typeset: bytes: {PDF}",
    ]
    assert lacking == []


def test_sources_come_first(built, build) -> None:
    lines, _ = found(built, build(code="other rules", tex="other"))
    assert lines[0] == f"sources: bytes: {SNAKEFILE}"
    assert len(lines) == 3


def test_other_data_is_a_difference_of_the_sources(built, build) -> None:
    lines, lacking = found(built, build(data=2))
    assert lines[0] == "sources: bytes: resources/x.gz"
    assert lacking == []


def test_what_is_made_without_lacking_data_is_excused_and_the_data_named(built, build) -> None:
    assert found(built, build(digits=3, constant=0.75, lacking=[DATA])) == (
        [f"check: numbers, whose sums differ by 0.4: {FACTS}"],
        ["x.gz"],
    )


def test_many_files_of_a_kind_are_counted() -> None:
    assert verify.summary(["a", "b", "c"]) == "a, b, c"
    assert verify.summary(["a", "b", "c", "d", "e"]) == "a, b, c and 2 more"


def test_a_folder_as_expected_is_said_to_be(built, capsys) -> None:
    assert not verify.check_here(PDF, EXPECTED)
    assert capsys.readouterr().out == "Here: every file is as expected.\n"


@pytest.mark.parametrize(
    ("path", "kind"),
    [(DIGITS, "damaged"), (SERIES, ""), (TEX, "printed numbers or words"), (PDF, "bytes")],
)
def test_a_flipped_bit_here_is_told(built, capsys, path, kind) -> None:
    flip(path)
    assert verify.check_here(PDF, EXPECTED)
    assert capsys.readouterr().out.startswith(f"Here: {path}: {kind}")


def test_a_file_here_that_no_job_wrote_is_told(built, capsys) -> None:
    Path("results/new.svg").touch()
    assert verify.check_here(PDF, EXPECTED)
    assert capsys.readouterr().out == "Here: results/new.svg: not what its job wrote\n"


@pytest.mark.parametrize("path", [PDF, EXPECTED])
def test_where_nothing_is_built_nothing_is_compared(built, capsys, path) -> None:
    Path(path).unlink()
    assert not verify.check_here(PDF, EXPECTED)
    assert "nothing is built" in capsys.readouterr().out


def test_files_of_other_sources_are_not_compared(built, capsys) -> None:
    files.write_text(SNAKEFILE, "edited")
    flip(PDF)
    assert not verify.check_here(PDF, EXPECTED)
    assert f"others than the manifest's ({SNAKEFILE})" in capsys.readouterr().out


@pytest.fixture
def repository(built, monkeypatch) -> list[Path]:
    """Commit that folder, with a build that copies what is there instead of computing it."""
    if not shutil.which("git"):
        pytest.skip("git is not here")
    files.write_text(".gitignore", "/results/\n/resources/\n*.pdf\n.snakemake\n")
    verify.git("init", "--quiet")
    verify.git("add", "--all")
    commit("all")
    folders, here = [], Path.cwd()

    def copy(report: str) -> None:
        folders.append(Path.cwd())
        for made in ("results", ".snakemake"):
            shutil.copytree(here / made, made)
        shutil.copy(here / report, report)

    monkeypatch.setattr(verify, "build", lambda report: (Path("report").mkdir(), copy(report)))
    return folders


def commit(message: str) -> None:
    """Commit what is added."""
    who = ("-c", "user.name=t", "-c", "user.email=t@localhost", "-c", "commit.gpgsign=false")
    verify.git(*who, "commit", "--quiet", "--message", message)


def test_a_commit_that_builds_as_expected_is_ok_and_leaves_nothing(
    repository, built, capsys
) -> None:
    assert main() == 0
    said = capsys.readouterr().out.splitlines()[-1]
    assert said == f"OK: every byte is as expected; the chain ends in {built.chain}"
    [clone] = repository
    assert not clone.exists()
    assert not clone.is_relative_to(Path.cwd())


def test_a_commit_that_builds_otherwise_is_not_ok(repository, build, capsys) -> None:
    build(series=1.5)
    assert main() == 1
    said = capsys.readouterr().out.splitlines()[-1]
    assert said.startswith(f"NOT OK: the build differs from {EXPECTED}, first in fit: numbers")


def test_where_only_the_files_here_differ_it_is_not_ok(repository, capsys, monkeypatch) -> None:
    monkeypatch.setattr(verify, "check_here", lambda *_: True)
    assert main() == 1
    assert "but the files here are not" in capsys.readouterr().out.splitlines()[-1]


def test_without_a_committed_manifest_the_remedy_is_told(repository, capsys) -> None:
    verify.git("rm", "--quiet", "--cached", EXPECTED)
    commit("none")
    assert main() == 1
    assert "make manifest" in capsys.readouterr().err
    assert repository == []


@pytest.mark.row(
    58,
    "`make verify` builds the commit, or without one says why and builds what is here; the tests "
    "need no checkout.",
)
@pytest.mark.parametrize(
    ("variable", "value", "reason"),
    [
        ("GIT_CEILING_DIRECTORIES", "..", "not a git repository"),
        ("PATH", "", "No such file or directory: 'git'"),
    ],
)
def test_outside_of_git_what_the_manifest_names_is_built_and_the_cause_told(
    repository, capsys, monkeypatch, variable, value, reason
) -> None:
    shutil.rmtree(".git")
    monkeypatch.setenv(variable, str(Path(value).resolve()))
    assert main() == 0
    said = capsys.readouterr().out
    assert reason in said
    assert "So the sources are taken as they are here" in said
    assert "Building this folder from nothing" in said
    assert repository[0] != Path.cwd()


def test_outside_of_git_an_edited_source_is_a_difference(repository, capsys) -> None:
    shutil.rmtree(".git")
    files.write_text(SNAKEFILE, "edited")
    assert main() == 1
    assert f"sources: bytes: {SNAKEFILE}" in capsys.readouterr().out


@pytest.mark.row(58)
def test_a_persons_hooks_do_not_run(repository, tmp_path, monkeypatch) -> None:
    hook = tmp_path / "hooks/post-checkout"
    files.write_text(hook, "#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    files.write_text(tmp_path / "gitconfig", f"[core]\nhooksPath = {hook.parent}\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    assert main() == 0


@pytest.mark.row(58)
def test_a_checkout_of_somebody_else_is_built(repository, monkeypatch) -> None:
    monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
    assert main() == 0


COPY = "config/facts.expected.json"


def test_an_update_copies_the_records_that_are_committed_as_well(built, build) -> None:
    build(constant=0.75)
    assert main("--update", "--copy", FACTS, COPY) == 0
    assert Path(COPY).read_bytes() == Path(FACTS).read_bytes()


@pytest.mark.parametrize(("altered", "status"), [(False, 0), (True, 1)])
def test_a_committed_copy_is_held_against_the_manifest(repository, capsys, altered, status) -> None:
    shutil.copy(FACTS, COPY)
    if altered:
        flip(COPY)
    verify.git("add", COPY)
    commit("a copy")
    assert main("--copy", FACTS, COPY) == status
    assert (f"{COPY}: not the {FACTS} of {EXPECTED}" in capsys.readouterr().out) == altered


def test_an_update_takes_what_is_built_and_shows_the_difference(built, build, capsys) -> None:
    now = build(digits=2)
    assert main("--update") == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0] == f"select: numbers, whose sums differ by 0.7: {DIGITS}"
    assert said[-1] == f"The chain ends in {now.chain}"
    assert read_manifest(EXPECTED) == now


def test_a_new_manifest_is_said_to_be_new(built, capsys) -> None:
    Path(EXPECTED).unlink()
    assert main("--update") == 0
    assert f"{EXPECTED} is new" in capsys.readouterr().out


@pytest.mark.parametrize("path", [TEX, SNAKEFILE, PDF])
def test_an_update_refuses_a_report_that_is_not_of_the_files_here(built, capsys, path) -> None:
    flip(path)
    assert main("--update") == 1
    assert "make report" in capsys.readouterr().err
    assert read_manifest(EXPECTED) == built
