"""The report's texts hold no result that a person typed."""

from __future__ import annotations

import re

import pytest
import yaml

from tests.project import ROOT

# What the texts say that was not computed: the handout's constants, the digits, their labels.
HANDOUTS = {
    "a.tex.j2": "0 1 2 256 6",
    "b.tex.j2": "0 1 1000 2",
    "c.tex.j2": "0.693 2",
    "d.tex.j2": "",
    "data.tex.j2": "0 1 1.1 255 3 9",
    "e.tex.j2": "",
    "e_mistakes.tex.j2": "3 9",
    "f.tex.j2": "0 1",
    "front.tex.j2": "189 2",
    "claims.yaml": "0 0.01 1 1000 2 3 9 95 98",
}
NOT_TEXT = re.compile(r"<<.*?>>|\(\(\*.*?\*\)\)|\(\(=.*?=\)\)", re.DOTALL)
LENGTH = re.compile(
    r"\\fontsize\{.*?\}\{.*?\}|\d*\.?\d+(?:em|ex|pt|cm|mm|in|\\textwidth|\\linewidth)\b"
)
NUMBER = re.compile(r"\d+(?:\.\d+)?(?:e-?\d+)?")


@pytest.mark.parametrize("name", HANDOUTS)
def test_a_number_in_place_of_a_value_is_noticed(name: str) -> None:
    path = next((ROOT / "report").rglob(name))
    text = path.read_text(encoding="utf-8")
    if name == "claims.yaml":
        text = "\n".join(claim["sentence"] for claim in yaml.safe_load(text).values())
    found = set(NUMBER.findall(LENGTH.sub("", NOT_TEXT.sub("", text))))
    assert found == set(HANDOUTS[name].split()), "a result is computed; a constant is listed here"


def test_no_text_is_left_out_of_that() -> None:
    assert {path.name for path in (ROOT / "report/questions").iterdir()} < set(HANDOUTS)
