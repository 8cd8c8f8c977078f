"""The report's texts hold no result that a person typed."""

from __future__ import annotations

import re
from functools import cache

import pytest
import yaml

from provenance.document.typed import require_computed, typed
from tests.project import PDF, ROOT, Project

REPORT = ROOT / "report"
TEXTS = sorted([*REPORT.rglob("*.j2"), *REPORT.glob("captions/*.rst")])
ALLOWED = yaml.safe_load((REPORT / "allowed.yaml").read_text(encoding="utf-8"))
CLAIMS = yaml.safe_load((REPORT / "claims.yaml").read_text(encoding="utf-8"))
# What a person might type in place of a value, or add.
TYPED = [
    *(
        "0.9837",
        r"2\,\%",
        "7.5",
        "33",
        "seven",
        "Half of them",
        "a tenth",
        r"$98.4\,\%$",
        "3 % more",
    ),
    *('((* set best = "98.4" *))', "((* set best = 0.984 *))", "<< 0.984 | percent(2) >>"),
    '<< figure("losses", "The loss after 605 updates.") >>',
]
OUTCOMES = ["It improves.", "The test loss falls.", "Most units have never lived.", "It is better."]
# A value that is no text but part of a name.
NAME = re.compile(r"\\(?:label|ref|pageref|input)\{[^}]*$")


@cache
def sources() -> dict[str, str]:
    """Read every text, and the sentence of every claim, by name."""
    texts = {str(path.relative_to(REPORT)): path.read_text(encoding="utf-8") for path in TEXTS}
    return texts | {f"claim {name}": claim["sentence"] for name, claim in CLAIMS.items()}


def found(name: str, source: str, allowed: dict[str, dict[str, str]] = ALLOWED) -> list[str]:
    """List what is typed in a text."""
    return [*typed(source, allowed, outcomes=not name.startswith("claim"))]


def test_what_is_typed_in_the_texts_is_allowed() -> None:
    require_computed(TEXTS, REPORT / "allowed.yaml", REPORT / "claims.yaml")


@pytest.mark.row(
    46,
    "The build stops before the text is made and shows each number, number word and stated outcome "
    "that `report/allowed.yaml` does not name with a reason.",
)
@pytest.mark.faults
def test_a_build_refuses_a_typed_result(built: Project) -> None:
    pdf = (built / PDF).read_bytes()
    built.append("report/questions/a.tex.j2", "It is 98.4.\n")
    built.append("report/captions/losses.rst", "It falls.\n")
    said = built.fails().last_words(5)
    assert "report/questions/a.tex.j2: '98.4' in ..." in said
    assert "report/captions/losses.rst: 'falls' in ..." in said
    assert (built / PDF).read_bytes() == pdf


@pytest.mark.row(46)
@pytest.mark.parametrize("name", sources())
def test_a_number_or_number_word_that_is_added_to_a_text_is_noticed(name: str) -> None:
    assert [text for text in TYPED if not found(name, f"{sources()[name]} {text}")] == []


@pytest.mark.row(46)
@pytest.mark.parametrize("name", sources())
def test_a_number_in_place_of_a_value_is_noticed(name: str) -> None:
    source = sources()[name]
    values = [
        value
        for value in re.finditer(r"<<(?:(?!>>|claim\(|code\(|question\(|figure|table).)*>>", source)
        if not NAME.search(source[: value.start()])
    ]
    unnoticed = [
        source[value.start() - 40 : value.end()]
        for value in values
        if not found(name, f"{source[: value.start()]}7.5{source[value.end() :]}")
    ]
    assert unnoticed == []


@pytest.mark.row(46)
@pytest.mark.parametrize("path", TEXTS, ids=lambda path: path.name)
def test_an_outcome_that_is_added_outside_of_a_claim_is_noticed(path) -> None:
    source = path.read_text(encoding="utf-8")
    assert [text for text in OUTCOMES if not found(path.name, f"{source} {text}")] == []


@pytest.mark.parametrize("phrase", ALLOWED["phrases"])
def test_whatever_is_allowed_has_a_reason_and_is_in_use(phrase: str) -> None:
    assert ALLOWED["phrases"][phrase]
    others = {text: reason for text, reason in ALLOWED["phrases"].items() if text != phrase}
    allowed = {**ALLOWED, "phrases": others}
    word = re.findall(r"\w+", phrase)[0]
    candidates = {name: source for name, source in sources().items() if word in source}
    assert any(found(name, source, allowed) for name, source in candidates.items())
