"""What was typed into a text in place of a number from a record."""

from __future__ import annotations

import pytest

from provenance.document.typed import require_computed, typed
from provenance.errors import Failure

ALLOWED = {"phrases": {"Part 2": "a name", "9s": "a name", '"7"': "a key"}, "formulas": {"1": "m"}}


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("The loss is 0.05.", "0.05"),
        (r"It is 98.3\,\% now.", r"98.3\\,\\%"),
        ("It is 2 % of them.", "2 %"),
        ("Of 12{,}080 images", "12{,}080"),
        ("in $x = 0.5$", "0.5"),
        (r"as $x\approx3$", "3"),
        ("Only 1 of Part 2", "1"),
        ("Part 2.5", "2.5"),
        (r"the 9s\,\% 9", "9"),
        ("in seven of them", "seven"),
        ("It falls.", "falls"),
        ("((* set x = 3.5 *))", "3.5"),
        ("((* set x *))3.5((* endset *))", "3.5"),
        ('<< figure("x", "After 9 steps") >>', "9"),
        ("<< 0.97 | percent(1) >>", "0.97"),
        ('<< "7 of them" >>', "7"),
    ],
)
def test_a_typed_number_or_outcome_is_told_with_what_is_around_it(text: str, what: str) -> None:
    assert f"'{what}'" in "".join(typed(text, ALLOWED))


@pytest.mark.parametrize(
    "text",
    [
        "Part 2 is about 9s.",
        r"since $\frac{1}{1+z}$",
        r"\vspace{0.5em}\includegraphics[width=0.9\linewidth]{a}\color{red!75!black}",
        r"\label{fig:7}\newcommand\x[1]{#1}\renewcommand\y{0.85}",
        '<< x | percent(2) >> of << y["3"] >>, << z.0 | decimal(3) >>',
        '((* for i in range(0, 64) if i < 8 *))<< f[i:i + 8] >><< claim("falls") >>((* endfor *))',
        '<< ["7"] | join >>((= the 7th of 9 falls =))',
    ],
)
def test_layout_names_places_and_what_is_allowed_pass(text: str) -> None:
    assert [*typed(text, ALLOWED)] == []


def test_a_claim_may_state_an_outcome_but_no_number() -> None:
    assert [*typed("It falls.", ALLOWED, outcomes=False)] == []
    assert [*typed("It falls by 3.", ALLOWED, outcomes=False)] != []


def test_every_finding_of_templates_and_claims_is_told(tmp_path) -> None:
    texts = {"a.j2": "It is 5.", "claims.yaml": "c: {sentence: It is 6.}"}
    texts["allowed.yaml"] = "phrases: {Part 2: a name}\nformulas: {1: unity}"
    a, claims, allowed = (tmp_path / name for name in texts)
    for name, text in texts.items():
        (tmp_path / name).write_text(text)
    with pytest.raises(Failure, match=r"(?s)a.j2: '5'.*claims.yaml, c: '6'") as stop:
        require_computed([a], allowed, claims)
    assert str(allowed) in stop.value.remedy


def test_where_nothing_is_allowed_all_that_is_typed_is_told() -> None:
    found = [*typed("In two of $3$ cases.", {"phrases": None, "formulas": {}})]
    assert [finding.split("'")[1] for finding in found] == ["two", "3"]
