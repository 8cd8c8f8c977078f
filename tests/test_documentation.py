"""What the documentation and the project's cards say is so: targets, paths, links, names."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from fnmatch import fnmatch
from pathlib import Path

import pytest
import yaml

import nn
import provenance
from setup import lock
from tests.project import ROOT

FOLDERS = (".", ".github", "benchmarks", "docs", "docs/api")
PAGES = [page for folder in FOLDERS for page in sorted(ROOT.joinpath(folder).glob("*.md"))]
MAKEFILE = (ROOT / "Makefile").read_text("utf-8")
TARGETS = {*re.findall(r"^([a-z][a-z-]*):", MAKEFILE, re.MULTILINE)}
#: What is computed or downloaded need not be there.
IGNORED = [
    line.strip("/")
    for line in (ROOT / ".gitignore").read_text("utf-8").splitlines()
    if not line.startswith("#")
]
#: These speak of files that their reader makes.
OF_THE_READER = {"make-your-own.md", "add-a-question.md"}
#: Metadata of a deposit, as Zenodo's interface for developers names them.
ZENODO = {
    *("upload_type", "title", "creators", "description", "access_right", "license", "language"),
    *("keywords", "related_identifiers", "version", "notes", "contributors", "references"),
}


def read(page: Path) -> str:
    return page.read_text("utf-8")


def named_paths(text: str) -> Iterator[str]:
    """Yield what stands in `code` and looks like a path in one of the project's folders."""
    for code in re.findall(r"`([^`\n]+)`", text):
        folder, slash, _ = code.partition("/")
        if slash and (ROOT / folder).is_dir() and not re.search(r"[\s<>{}$]", code):
            yield code


def there(path: str) -> bool:
    return any(ROOT.glob(path.rstrip("/"))) or any(
        fnmatch(path, pattern) or path.startswith(f"{pattern}/") for pattern in IGNORED
    )


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_a_page_names_only_what_there_is(page: Path) -> None:
    text = read(page)
    targets = {*re.findall(r"(?:`|^ *)make ([a-z][a-z-]*)", text, re.MULTILINE)}
    assert targets <= TARGETS
    links = re.findall(r"\]\((?!https?:)([^)#\s]+)", text)
    assert [link for link in links if not (page.parent / link).exists()] == []
    if page.name not in OF_THE_READER:
        assert [path for path in named_paths(text) if not there(path)] == []


def test_a_wrong_name_would_be_noticed() -> None:
    assert [path for path in named_paths("`nn/gone.py`, `nn/` `a b`") if not there(path)] == [
        "nn/gone.py"
    ]
    assert there("report/hw2.pdf")
    assert not there("report/gone.yaml")


def test_what_builds_the_pages_leaves_the_projects_packages_as_they_are() -> None:
    project, pages = (
        dict(pin.partition(" ;")[0].split("==") for pin in lock.pins(read(ROOT / name)))
        for name in ("requirements.txt", "docs/requirements.txt")
    )
    assert {name: project[name] for name in project.keys() & pages.keys()}.items() <= pages.items()


def test_every_public_name_has_its_place_in_the_documentation() -> None:
    described = {
        name
        for page in (ROOT / "docs/api").glob("*.md")
        for line in re.findall(r"(?:auto(?:function|exception)::|:members:)(.+)", read(page))
        for name in re.findall(r"\w+(?=,|$)", line)
    }
    assert {*provenance.__all__} | {*nn._HOME} <= described


def test_the_example_of_a_claim_is_one_of_the_reports() -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", read(ROOT / "docs/how-it-works.md"), re.DOTALL)
    claims = yaml.safe_load(read(ROOT / "report/claims.yaml"))
    assert yaml.safe_load(example).items() <= claims.items()


def test_citation_and_deposit_say_the_same() -> None:
    citation = yaml.safe_load(read(ROOT / "CITATION.cff"))
    deposit = json.loads(read(ROOT / ".zenodo.json"))
    assert deposit.keys() <= ZENODO
    assert deposit["title"] == citation["title"]
    assert deposit["license"] == citation["license"] == "MIT"
    assert deposit["keywords"] == citation["keywords"]
    assert f"<p>{citation['abstract']}</p>" == deposit["description"]
    (creator,) = deposit["creators"]
    assert [creator] == citation["authors"]
    assert creator["name"].lower() in read(ROOT / "LICENSE").lower()


def test_the_development_container_and_the_workflow_call_targets_that_there_are() -> None:
    container = json.loads(read(ROOT / ".devcontainer/devcontainer.json"))
    make, *targets = shlex.split(container["postCreateCommand"])
    assert make == "make"
    workflow = read(ROOT / ".github/workflows/build.yml")
    assert {*targets, *re.findall(r"make ([a-z-]+)", workflow)} <= TARGETS


@pytest.mark.parametrize("name", ["problem", "proposal"])
def test_an_issue_form_has_what_github_asks_of_it(name: str) -> None:
    form = yaml.safe_load(read(ROOT / f".github/ISSUE_TEMPLATE/{name}.yml"))
    assert {"name", "description", "body"} <= form.keys()
    for field in form["body"]:
        assert field["type"] in ("input", "textarea")
        assert field["attributes"]["label"]
