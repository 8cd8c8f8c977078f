"""The whole pipeline, from drawing digits to the PDF and its manifest, on very few of them."""

from __future__ import annotations

import json

import pypdf
import pytest

from tests.pipeline.project import PDF, copy_unbuilt, edit_config, products, snakemake
from provenance.files import sha256
from provenance.manifest import STAGES

MANIFEST = "results/synthetic/manifest.json"


@pytest.fixture(scope="module")
def pages(built) -> list[str]:
    """Return the text of each page of the report."""
    return [page.extract_text() for page in pypdf.PdfReader(built / PDF).pages]


def test_every_page_says_that_the_digits_are_synthetic(pages) -> None:
    assert len(pages) > 5
    assert [number for number, text in enumerate(pages) if "synthetic" not in text.lower()] == []


def test_the_report_on_synthetic_digits_has_its_own_name(built) -> None:
    assert not (built / "report/hw2.pdf").exists()
    assert not (built / "results/manifest.json").exists()


def test_the_last_page_states_the_hashes_and_how_to_verify_them(built, pages) -> None:
    printed = "".join("".join(pages).split())
    manifest = json.loads((built / MANIFEST).read_text())
    assert manifest["figures"]["chain"] in printed
    assert "makeverify" in printed


def test_the_manifest_chains_every_stage(built) -> None:
    manifest = json.loads((built / MANIFEST).read_text())
    assert set(manifest) == set(STAGES)
    for stage in STAGES:
        files = manifest[stage]["files"]
        assert files
        assert {path: sha256(built / path) for path in files} == {
            path: file["sha256"] for path, file in files.items()
        }


def test_no_record_names_a_folder_or_a_person_of_this_machine(built) -> None:
    for name in products(built):
        content = (built / name).read_bytes()
        assert str(built).encode() not in content, name
        assert str(built.parent).encode() not in content, name


def test_a_second_run_has_nothing_to_do(project) -> None:
    ran = snakemake(project)
    assert ran.returncode == 0, ran.stdout
    assert "Nothing to be done" in ran.stdout
    assert not list(project.glob("**/*.part"))


def test_without_mnist_there_is_no_report_on_mnist_but_a_cause_and_a_remedy(project) -> None:
    ran = snakemake(project, "report/hw2.pdf")
    assert ran.returncode != 0
    end = ran.stdout.rpartition("fetch_mnist failed:")[2]
    assert "resources/none" in end
    assert "\n  -> " in end
    assert not (project / "report/hw2.pdf").exists()
    # The cause is the very last thing that is said.
    assert "Error in rule" not in end
    assert "Complete log" not in end


def test_a_config_with_a_mistyped_key_is_refused_before_anything_runs(built, tmp_path) -> None:
    folder = copy_unbuilt(built, tmp_path / "project")
    edit_config(folder, lambda config: config["training"].update(epoch=3))
    ran = snakemake(folder)
    assert ran.returncode != 0
    assert "epoch" in ran.stdout
    assert not (folder / "results").exists()
