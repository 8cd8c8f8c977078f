"""Every link of the report leads somewhere; every claim, figure and table has its evidence."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

import pypdf
import pytest

from provenance.files import read_json
from tests.project import PDF, RESULTS, Project


class Link(NamedTuple):
    page: int
    target: str


class Report(NamedTuple):
    """The report's text by page, its links, and on which page each destination is."""

    pages: list[str]
    links: list[Link]
    targets: dict[str, int]


def links(reader: pypdf.PdfReader) -> Iterator[Link]:
    """Yield each link within a document."""
    for number, page in enumerate(reader.pages):
        for annotation in page.get("/Annots", []):
            action = annotation.get_object().get("/A", {})
            if action.get("/S") == "/GoTo":
                yield Link(number, action["/D"])


@pytest.fixture(scope="module")
def report(reference: Project) -> Report:
    reader = pypdf.PdfReader(reference / PDF)
    pages = [page.extract_text() for page in reader.pages]
    named = reader.named_destinations
    targets = {name: reader.get_destination_page_number(named[name]) for name in named}
    return Report(pages, [*links(reader)], targets)


def test_every_link_has_its_destination(report: Report) -> None:
    assert len(report.links) > 200
    assert [link for link in report.links if link.target not in report.targets] == []


def test_every_claim_leads_to_its_entry_and_the_entry_back(
    reference: Project, report: Report
) -> None:
    for name in read_json(reference / RESULTS / "claims.json"):
        entry = report.targets[f"evidence:{name}"]
        (end,) = [link.page for link in report.links if link.target == f"evidence:{name}"]
        back = {report.targets[link.target] for link in report.links if link.page == entry}
        assert {end, end - 1} & back, name  # it may begin on the page before
        assert name in report.pages[entry].replace("\n", ""), name


def test_entries_stand_in_the_order_in_which_the_claims_are_printed(report: Report) -> None:
    printed = [link.target for link in report.links if link.target.startswith("evidence:")]
    assert [*printed] == sorted(
        printed, key=lambda name: (report.targets[name], printed.index(name))
    )
    first = report.pages[report.targets[printed[0]]]
    assert re.search(rf"1\s+{printed[0].removeprefix('evidence:')}", first)


def test_every_figure_and_table_names_its_script_and_data(
    reference: Project, report: Report
) -> None:
    text = "\n".join(report.pages[: report.targets["evidence:strokes_are_bright"]])
    captions = {*re.findall(r"(?:Figure|Table) \d+:", text)}
    figures = [*(reference / RESULTS / "figures").glob("*.pdf")]
    assert len([caption for caption in captions if "Figure" in caption]) == len(figures)
    assert len(re.findall(r"\[script( 1)?,", text)) == len(captions)


def test_every_record_has_an_entry_with_its_hash(reference: Project) -> None:
    tex = (reference / RESULTS / "tex/hw2.tex").read_text(encoding="utf-8")
    entries = re.findall(r"\\target\{record:(.*?)\}.*\{\\mono (\w{8})\\allowbreak \}", tex)
    written = {path: sha256[:8] for path, sha256 in reference.results().items()}
    jobs = reference.jobs()
    later = {*jobs["render_report"].outputs, *jobs["typeset"].outputs}
    assert dict(entries) == {path: written[path] for path in written.keys() - later}
