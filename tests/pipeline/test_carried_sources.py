"""What the report carries: all that a build needs, and nothing else."""

from __future__ import annotations

import shutil
import subprocess

import pypdf
import pytest

from provenance.carried import MANIFEST, unpack
from provenance.rebuild import attached
from tests.project import PDF, RESULTS, ROOT, Project

# What a checkout has and the report does not carry.
LEFT_OUT = ("tests/", "docs/", "benchmarks/", "crate/", ".", "profiles/slurm/", "pyproject.toml")
LEFT_OUT += ("requirements-dev.", "requirements-slurm.", "CHANGELOG.md", "CITATION.cff")
LEFT_OUT += ("CONTRIBUTING.md", "SECURITY.md", "provenance/template/")


def left_out(name: str) -> bool:
    return name.startswith(LEFT_OUT) or name.endswith(".expected.json") or "sweep" in name


def test_the_report_carries_what_is_committed_but_for_tests_and_documentation(
    reference: Project,
) -> None:
    if not (ROOT / ".git").exists() or not shutil.which("git"):
        pytest.skip("this is no checkout")
    git = ("git", "-c", "safe.directory=*", "ls-files", "--cached", "--others")
    listed = subprocess.run(
        [*git, "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.splitlines()
    _, contents = unpack(attached((reference / PDF).read_bytes())[0])
    assert {*contents} - {MANIFEST} == {name for name in listed if not left_out(name)}


def test_the_attachment_is_what_was_packed_and_says_what_it_builds(reference: Project) -> None:
    content = (reference / PDF).read_bytes()
    packed = (reference / RESULTS / "tex/hw2-sources.zip").read_bytes()
    assert attached(content) == (packed, PDF)
    assert len(content) < 2_000_000


def test_what_is_carried_is_what_was_built_from(reference: Project) -> None:
    _, contents = unpack(attached((reference / PDF).read_bytes())[0])
    assert MANIFEST in contents
    del contents[MANIFEST]
    assert {name: (reference / name).read_bytes() for name in contents} == contents


def test_the_pdf_has_a_language_and_shows_its_title(reference: Project) -> None:
    catalog = pypdf.PdfReader(reference / PDF).root_object
    assert catalog["/Lang"] == "en"
    assert catalog["/ViewerPreferences"]["/DisplayDocTitle"]
