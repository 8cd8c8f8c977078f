"""The whole pipeline, from drawing digits to the PDF, on very few of them."""

from __future__ import annotations

import subprocess
import tarfile
from pathlib import Path

import pypdf
import pytest

from provenance import arxiv
from provenance.document.claims import unproven
from provenance.document.typeset import engine
from provenance.files import read_json
from provenance.manifest import manifest_of
from tests.project import PDF, RESULTS, Project


@pytest.fixture(scope="module")
def pages(reference: Project) -> list[str]:
    """Return the text of each page of the report."""
    return [page.extract_text() for page in pypdf.PdfReader(reference / PDF).pages]


def test_every_page_says_that_the_digits_are_synthetic(pages: list[str]) -> None:
    assert len(pages) > 5
    assert [number for number, text in enumerate(pages) if "synthetic" not in text.lower()] == []


def test_page_1_names_the_sentences_that_do_not_hold_and_they_are_marked(
    reference: Project, pages: list[str]
) -> None:
    claims = read_json(reference / RESULTS / "claims.json")
    marked = unproven(claims)
    assert marked, "so few digits do not bear out everything"
    first = pages[0].replace("\n", "")
    assert [name for name in marked if name not in first] == []
    words = " ".join("".join(pages).split())  # a line may end within the mark
    assert words.count("[does not hold:") == len(marked)
    told = f": {len(marked)} of {len(claims)} sentences do not hold"
    assert [number for number, text in enumerate(pages) if told not in text] == []


def test_the_report_on_synthetic_digits_has_its_own_name(reference: Project) -> None:
    assert not (reference / "report/hw2.pdf").exists()
    assert [*(reference / "results").glob("*.*")] == []


def test_the_last_page_states_the_hash_of_all_that_came_before(
    reference: Project, pages: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(reference.folder)
    printed = "".join("".join(pages).split())
    assert manifest_of(reference.jobs()["render_report"].inputs).chain in printed
    assert "makeverify" in printed


def test_each_question_begins_on_the_page_that_is_noted(
    reference: Project, pages: list[str]
) -> None:
    noted = read_json(reference / RESULTS / "pages/hw2-synthetic.json")
    titles = [title for title in noted if title.startswith("(")]
    assert {"(b)(i)", "(e)(iii)"} < {*titles}
    for title in titles:
        page = "".join(pages[noted[title]["from"] - 1].split())
        assert "".join(title.split()) in page or f"({title.rpartition('(')[2]}" in page, title


def test_the_archive_for_arxiv_compiles_by_itself_to_the_same_pages(
    reference: Project, pages: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    if engine() != "pdflatex":
        pytest.skip("pdflatex is not on PATH")
    monkeypatch.chdir(reference.folder)
    assert arxiv.main([PDF, str(tmp_path / "source.tar.gz")]) == 0
    monkeypatch.chdir(tmp_path)
    with tarfile.open("source.tar.gz") as archive:
        archive.extractall(filter="data")
    for _ in range(3):
        subprocess.run(["pdflatex", "-interaction=batchmode", "hw2"], check=True, timeout=60)
    assert [page.extract_text() for page in pypdf.PdfReader("hw2.pdf").pages] == pages


def test_the_receipts_name_every_file_that_was_made_with_its_hash(reference: Project) -> None:
    assert len(reference.results()) > 30
    noted = [job.outputs.items() for job in reference.jobs().values()]
    assert {path: sha256 for items in noted for path, sha256 in items} == reference.results()


def test_no_record_names_a_folder_or_a_person_of_this_machine(reference: Project) -> None:
    for name in reference.results():
        content = (reference / name).read_bytes()
        assert str(reference.folder).encode() not in content, name
        assert str(reference.folder.parent).encode() not in content, name


def test_a_second_run_has_nothing_to_do(built: Project) -> None:
    assert "Nothing to be done" in built.builds().said
    assert not list(built.folder.glob("**/*.part"))


def test_without_mnist_there_is_no_report_on_mnist_but_a_cause_and_a_remedy(built: Project) -> None:
    ended = built.fails("report/hw2.pdf")
    end = ended.said.rpartition("fetch_mnist failed:")[2]
    assert "resources/none" in end
    assert "\n  -> " in end
    assert not (built / "report/hw2.pdf").exists()
    # The cause is the very last thing that is said.
    assert "Error in rule" not in end
    assert "Complete log" not in end
