"""docs/add-a-question.md is true: its steps, done in a copy, lead where it says."""

from __future__ import annotations

import re
import shutil
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pypdf
import pytest

from provenance.files import read_json, write_json
from tests.project import PDF, RESULTS, ROOT, Planner, Project, copy_built

pytestmark = pytest.mark.faults

STEP = re.compile(
    r"^`(?P<file>[^`]+)`, (?:a new file|at its end|above the line `(?P<line>[^\n]+)`):\n\n"
    r"```\w+\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
QUESTION, FIGURE, RELEASE = re.split(
    r"^## A figure$|^## Before it is released$",
    (ROOT / "docs/add-a-question.md").read_text(encoding="utf-8"),
    flags=re.MULTILINE,
)
PAGE = PDF.replace(".pdf", ".html")
WRITTEN = {"list_code", "render_page", "render_report", "typeset"}
# What looks at any report, and what has tables of jobs and of numbers by hand.
TESTS = [
    *("tests/homework/test_claims.py", "tests/pipeline/test_evidence.py"),
    "tests/pipeline/test_texts.py",
    *(
        f"tests/pipeline/test_reruns.py::test_{name}"
        for name in (
            "each_source_is_an_input_of_the_jobs_that_use_it",
            "each_template_is_an_input_of_the_job_that_fills_it",
            "each_job_has_as_parameters_what_it_reads_of_the_config",
            "an_edit_reruns_what_uses_it[backward_pass]",
        )
    ),
]


def do(project: Project, section: str) -> set[str]:
    """Do the steps of a section of the document; name the files."""
    touched = set()
    for step in STEP.finditer(section):
        path = project / step["file"]
        text = path.read_text(encoding="utf-8") if path.exists() else ""
        at = text.index(f"{step['line']}\n") if step["line"] else len(text)
        path.write_text(text[:at] + step["text"] + text[at:], encoding="utf-8")
        touched.add(step["file"])
    return touched


def build(project: Project) -> set[str]:
    """Build; name the jobs that ran."""
    start = time.time()
    project.builds()
    return {name for name, job in project.jobs().items() if job.done >= start}


@pytest.fixture(scope="module")
def answered(reference: Project, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Return a project in which (g) was added: four files, and the first build succeeds."""
    project = copy_built(reference, tmp_path_factory.mktemp("question") / "project")
    assert len(do(project, QUESTION)) == 4
    assert build(project) == {"remove_units", "evaluate_claims", *WRITTEN}
    return project


@pytest.fixture
def asked(answered: Project, tmp_path: Path) -> Iterator[Project]:
    """Return a copy of it that the test may spoil."""
    yield copy_built(answered, tmp_path / "project")
    shutil.rmtree(tmp_path, ignore_errors=True)


def test_the_question_is_in_its_place_with_its_evidence(answered: Project) -> None:
    pages = read_json(answered / RESULTS / "pages/hw2-synthetic.json")
    titles = sorted(pages, key=lambda title: pages[title]["from"])
    at = titles.index("(g) With a hidden unit less")
    assert titles[at - 1].startswith("(f)")
    assert titles[at + 1].startswith("Appendix")
    reader = pypdf.PdfReader(answered / PDF)
    page = reader.pages[pages[titles[at]]["from"] - 1].extract_text()
    assert "No hidden unit decides by itself" in " ".join(page.split())
    assert "evidence:no_unit_decides" in reader.named_destinations
    web = (answered / PAGE).read_text(encoding="utf-8")
    assert web.index('<h2 id="f"') < web.index('<h2 id="g"') < web.index('<h2 id="properties"')
    assert '<a href="#g">(g) A unit less</a>' in web


def test_the_check_of_the_pdf_misses_the_question_where_it_is_not(
    reference: Project, asked: Project
) -> None:
    said = {}
    for project in (reference, asked):
        shutil.copyfile(project / PDF, asked / "report/hw2.pdf")
        said[project] = asked.run(asked.python, ROOT / ".ci/check_report.py").said
    assert "no bookmark for (g)" in said[reference]
    assert "this is the report on synthetic digits" in said[asked]
    assert "no bookmark" not in said[asked]
    assert "found in (g)" not in said[asked]


def test_an_edit_of_its_script_runs_what_follows_from_it(asked: Project, planned: Planner) -> None:
    asked.append("workflow/scripts/remove_units.py")
    assert planned(asked) == {"remove_units", "evaluate_claims", *WRITTEN}


def test_a_figure_takes_one_more_file(asked: Project, planned: Planner) -> None:
    question = {step["file"] for step in STEP.finditer(QUESTION)}
    assert do(asked, FIGURE) - question == {"workflow/scripts/plot_removal.py"}
    assert build(asked) == {"plot_removal", *WRITTEN}
    assert '<figure id="fig-removal">' in (asked / PAGE).read_text(encoding="utf-8")
    asked.append("workflow/scripts/plot_removal.py")
    assert planned(asked) == {"plot_removal", *WRITTEN}


def test_the_tests_know_the_question(asked: Project) -> None:
    shutil.copytree(ROOT / "tests", asked / "tests", dirs_exist_ok=True)
    do(asked, FIGURE + RELEASE)
    # As on MNIST, which the document quotes.
    claim = read_json(asked / RESULTS / "claims.json")["no_unit_decides"]
    claim["numbers"] = {"units": 200, "least": 0.9802, "most": 0.9837, "all_units": 0.9837}
    write_json(asked / "results/claims.json", {"no_unit_decides": claim})
    ended = asked.run(sys.executable, "-P", "-m", "pytest", "-q", "-p", "no:cacheprovider", *TESTS)
    assert ended.status == 0, ended.said


def test_a_false_claim_stops_the_build(asked: Project, reference: Project) -> None:
    asked.pretend_mnist(reference)
    path = asked / "report/claims.yaml"
    text = path.read_text(encoding="utf-8")
    for condition, stops in [("units > 1 and all", False), ("units > 999 and all", True)]:
        path.write_text(text.replace("units > 1 and all", condition), encoding="utf-8")
        said = asked.fails("results/claims.json").said  # so few digits do not bear out everything
        assert ("no_unit_decides: “" in said) == stops
