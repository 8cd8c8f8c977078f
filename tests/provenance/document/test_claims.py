"""Claims and the report that prints them: a sentence stands only while its records bear it out."""

from __future__ import annotations

import pytest

from provenance.document.claims import evaluate_claims, margin, read_facts, require_true
from provenance.document.report import render
from provenance.errors import Failure
from provenance.plain import plain

SEEDS = [{"end": {"accuracy": a}, "at": at} for a, at in ((0.98, 6), (0.97, None), (0.99, 19))]
FACTS = {
    "runs": {"first": {"accuracy": 0.98267, "losses": [0.5, 0.25]}},
    "dead": None,
    "seeds": SEEDS,
}
LEARNS = """\
learns:
  sentence: The accuracy is << accuracy | percent >>.
  numbers: {accuracy: runs.first.accuracy}
  holds: accuracy >= 0.98
"""
FALLS = """\
falls:
  sentence: It falls to << last | decimal(2) >>.
  numbers: {first: runs.first.losses.0, last: runs.first.losses.1}
  holds: last < first / 4
"""


@pytest.fixture
def evaluate(tmp_path):
    """Return a function that evaluates claims given as YAML over FACTS."""

    def run(text: str):
        (tmp_path / "claims.yaml").write_text(text)
        return evaluate_claims(tmp_path / "claims.yaml", FACTS)

    return run


def one(holds: str, numbers: str = "{a: runs.first.accuracy}", sentence: str = "So.") -> str:
    """Write a file of one claim."""
    return f"c:\n  sentence: {sentence!r}\n  numbers: {numbers}\n  holds: {holds!r}\n"


def test_a_claim_is_its_sentence_numbers_condition_and_truth(evaluate) -> None:
    assert evaluate(LEARNS + FALLS) == {
        "learns": {
            "sentence": r"The accuracy is 98.27\,\%.",
            "numbers": {"accuracy": 0.98267},
            "over_seeds": {},
            "asked": {"numbers": {"accuracy": "runs.first.accuracy"}},
            "condition": "accuracy >= 0.98",
            "holds": True,
            "margin": {
                "number": "accuracy",
                "value": 0.98267,
                "threshold": 0.98,
                "distance": pytest.approx(0.00267),
                "relative": pytest.approx(0.00267 / 0.98267),
            },
            "records": ["runs"],
        },
        "falls": {
            "sentence": "It falls to 0.25.",
            "numbers": {"first": 0.5, "last": 0.25},
            "over_seeds": {},
            "asked": {"numbers": {"first": "runs.first.losses.0", "last": "runs.first.losses.1"}},
            "condition": "last < first / 4",
            "holds": False,
            "margin": {
                "number": "last",
                "value": 0.25,
                "threshold": 0.125,
                "distance": 0.125,
                "relative": 0.5,
            },
            "records": ["runs"],
        },
    }


def test_claims_that_hold_let_the_build_go_on(evaluate) -> None:
    require_true(evaluate(LEARNS))


def test_a_false_claim_stops_it_with_name_sentence_numbers_and_condition(evaluate) -> None:
    with pytest.raises(Failure) as stop:
        require_true(evaluate(LEARNS + FALLS))
    message = str(stop.value)
    assert "1 of the report's 2 sentences do not hold" in message
    assert "falls: “It falls to 0.25.”" in message
    assert "It may stand if last < first / 4;\n      but first = 0.5, last = 0.25." in message
    assert "report/claims.yaml" in stop.value.remedy
    assert "`claims: mark`" in stop.value.remedy
    assert "learns" not in message


def test_every_false_claim_is_named(evaluate) -> None:
    claims = evaluate(LEARNS.replace("0.98", "0.99") + FALLS)
    with pytest.raises(Failure, match=r"(?s)learns: “.*falls: “"):
        require_true(claims)


def test_a_sentence_is_told_without_tex() -> None:
    sentence = r"About $98$\,\% of \emph{all}, $2\times10^{-3}$, table~\ref{tab:losses}."
    assert plain(sentence) == "About 98\u202f% of all, 2·10^-3, table (losses)."


@pytest.mark.parametrize(
    ("path", "missing", "known"),
    [
        ("runs.last.accuracy", "'last'", "['first']"),
        ("nowhere", "'nowhere'", "['dead', 'runs', 'seeds']"),
        ("runs.first.losses.2", "'2'", "list"),
        ("runs.first.losses.last", "'last'", "list"),
        ("runs.first.accuracy.mean", "'mean'", "float"),
        ("dead.since", "'since'", "NoneType"),
    ],
)
def test_a_path_that_is_not_in_the_records_is_named(evaluate, path, missing, known) -> None:
    with pytest.raises(Failure) as stop:
        evaluate(one("true", f"{{a: {path}}}"))
    assert stop.value.cause.startswith(f"Claim 'c' asks the records for {path!r}")
    assert stop.value.cause.endswith(f"there is no {missing} in {known}.")


@pytest.mark.parametrize("condition", ["a", "a and 2", "missing", "a + 1", "'true'", "none"])
def test_a_condition_that_is_neither_true_nor_false_is_refused(evaluate, condition) -> None:
    with pytest.raises(Failure, match="The condition of claim 'c' must be true or false"):
        evaluate(one(condition))


@pytest.mark.parametrize("condition", ["a <", "a < missing", "a / 0 > 1", "a < 'text'"])
def test_a_condition_that_cannot_be_evaluated_is_refused_by_name(evaluate, condition) -> None:
    with pytest.raises(Failure, match="'c'"):
        evaluate(one(condition))


def test_a_condition_that_asks_for_none_of_the_numbers_is_refused(evaluate) -> None:
    with pytest.raises(Failure, match="'learns', '1 > 0', asks for none of its numbers"):
        evaluate(LEARNS.replace("accuracy >= 0.98", "1 > 0"))


def test_a_condition_cannot_reach_beyond_its_numbers(evaluate) -> None:
    # Python's objects lead from any value to every loaded class; the sandbox hides the first step.
    assert evaluate(one("a.__class__ is defined"))["c"]["holds"] is False


def test_a_record_that_is_none_can_be_asked_for(evaluate) -> None:
    assert evaluate(one("a is none", "{a: dead}"))["c"]["holds"] is True


def test_a_comparison_with_what_never_happened_does_not_hold(evaluate) -> None:
    claim = evaluate(one("a < 3", "{a: dead}", sentence="At << a | decimal(0) >> it is << a >>."))[
        "c"
    ]
    assert claim["holds"] is False
    assert claim["sentence"] == "At [never] it is [never]."


def test_a_sentence_prints_only_numbers_that_it_names(evaluate) -> None:
    with pytest.raises(Exception, match="'accuracy' is undefined"):
        evaluate(one("a is none", numbers="{a: dead}", sentence="It is << accuracy >>."))


@pytest.mark.row(41)
def test_a_name_that_stands_there_twice_is_refused(evaluate) -> None:
    with pytest.raises(Failure, match="'learns' stands there twice"):
        evaluate(LEARNS + LEARNS)


def over_seeds(holds: str, sentence: str = "So.", of: str = "seeds", inner: str = "a > 0") -> str:
    """Write a file of one claim that speaks over seeds."""
    paths = "{a: end.accuracy, at: at}"
    more = f"  over_seeds: {{of: {of}, numbers: {paths}, holds: {inner!r}}}\n"
    return one(holds, sentence=sentence, numbers="{}") + more


def test_over_seeds_a_claim_knows_extremes_median_place_and_how_many_are_none(evaluate) -> None:
    assert evaluate(over_seeds("holding == seeds"))["c"]["over_seeds"] == {
        "seeds": 3,
        "holding": 3,
        "share_low": pytest.approx(0.4385, abs=1e-4),  # 3 / (3 + 1.96 ** 2)
        "share_high": 1.0,
        "least": {"a": 0.97, "at": 6},
        "most": {"a": 0.99, "at": 19},
        "middle": {"a": 0.98, "at": 12.5},
        "place": {"a": 2, "at": 2},
        "missing": {"a": 0, "at": 1},
    }


def test_a_seed_in_which_something_never_happened_does_not_hold(evaluate) -> None:
    assert evaluate(over_seeds("holding == 2", inner="at < 100"))["c"]["holds"] is True


def test_a_later_seed_that_came_to_nothing_does_not_stop_the_others(evaluate, monkeypatch) -> None:
    monkeypatch.setitem(FACTS, "seeds", [SEEDS[0], {"diverged_at": 3}])
    said = evaluate(over_seeds("holding == seeds"))["c"]
    assert said["holds"] is False
    assert said["over_seeds"]["missing"] == {"a": 1, "at": 1}


def test_a_sentence_prints_what_is_so_over_seeds(evaluate) -> None:
    sentence = "<< least.a | percent(0) >> to << most.a | percent(0) >> over << seeds >> seeds."
    claim = evaluate(over_seeds("least.a >= 0.97 and holding == seeds", sentence))["c"]
    assert (claim["sentence"], claim["holds"]) == (r"97\,\% to 99\,\% over 3 seeds.", True)


def test_a_false_claim_tells_its_numbers_over_seeds(evaluate) -> None:
    with pytest.raises(Failure, match=r"seeds = 3.*least.a = 0.97, least.at = 6"):
        require_true(evaluate(over_seeds("least.a >= 0.98")))


def test_what_happened_on_no_seed_is_never(evaluate, monkeypatch) -> None:
    monkeypatch.setitem(FACTS, "seeds", [{**seed, "at": None} for seed in SEEDS])
    claim = evaluate(over_seeds("least.at < 9", "At << least.at >>, << most.a | percent(0) >>."))[
        "c"
    ]
    assert (claim["sentence"], claim["holds"]) == (r"At [never], 99\,\%.", False)


@pytest.mark.parametrize(
    ("of", "cause"),
    [
        ("runs", "a list with a record for each seed"),
        ("runs.first.losses", "'seeds.0.end"),
        ("nowhere", "asks the records for 'nowhere'"),
    ],
)
def test_seeds_that_are_not_in_the_records_are_named(evaluate, of, cause) -> None:
    with pytest.raises(Failure, match=cause.replace("seeds", of)) as stop:
        evaluate(over_seeds("true", of=of))
    assert "report/claims.yaml" in stop.value.remedy


def test_a_number_that_is_called_as_what_is_known_over_seeds_is_refused(evaluate) -> None:
    claim = over_seeds("true").replace("numbers: {}", "numbers: {seeds: dead}")
    with pytest.raises(Failure, match="calls a number seeds"):
        evaluate(claim)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("1 < b and a < 3", ("a", 2, 3)),
        ("0 < a < 3", ("a", 2, 3)),
        ("(a - b) | abs < 7", ("(a - b) | abs", 8, 7)),
        ("a is not none and never < 3 or a >= 4", ("a", 2, 4)),
        ("not least.b / 5 < 1 and a == 2", ("(least.b / 5)", 2.0, 1)),
        ("a == 2 and names == ['x']", None),
        ("each[1] < 4", ("each[1]", 3, 4)),
    ],
)
def test_the_margin_is_of_the_number_that_is_nearest_to_its_threshold(condition, expected) -> None:
    names = {"a": 2, "b": 10, "never": None, "names": ["x"], "each": [5, 3], "least": {"b": 10}}
    found = margin(condition, names)
    assert expected == (found and (found["number"], found["value"], found["threshold"]))


def test_facts_are_read_by_name_and_a_series_of_them_from_first_to_last(tmp_path) -> None:
    for k in range(3):
        (tmp_path / f"{k}.json").write_text(f'{{"k": {k}}}')
    paths = [str(tmp_path / f"{k}.json") for k in range(3)]
    assert read_facts(one=paths[1], runs=paths) == {
        "one": {"k": 1},
        "runs": {"first": {"k": 0}, "last": {"k": 2}, "all": [{"k": 0}, {"k": 1}, {"k": 2}]},
    }


CLAIM = {"learns": {"sentence": r"It learns 98\,\%.", "holds": True}}


def rendered(folder, template, claims, **values):
    """Render a report of one template."""
    (folder / "main.tex.j2").write_text(template)
    return render(folder, values, claims)


LABEL = r"\leavevmode\phantomsection\label{claim:learns}"


def test_a_true_claim_is_labelled_and_printed_with_a_link_to_its_evidence(tmp_path) -> None:
    text = rendered(tmp_path, '<< claim("learns") >>', CLAIM)
    assert text == LABEL + r"It learns 98\,\%.\evidence{learns}{1}"


def test_a_claim_that_does_not_hold_is_marked(tmp_path) -> None:
    claims = {"learns": {**CLAIM["learns"], "holds": False}}
    text = rendered(tmp_path, '<< claim("learns") >>', claims)
    assert text == LABEL + r"\unproven{It learns 98\,\%.}\evidence{learns}{1}"


def test_a_claim_is_labelled_once_however_often_it_is_printed(tmp_path) -> None:
    claims = {"learns": {**CLAIM["learns"], "holds": False}}
    text = rendered(tmp_path, 2 * '<< claim("learns") >>', claims)
    assert text.count(r"\label") == 1
    assert text.count(r"\unproven") == 2


def test_claims_are_numbered_as_they_are_printed(tmp_path) -> None:
    claims = dict.fromkeys("abc", CLAIM["learns"])
    said = '((* set _ = [claim("b"), claim("a"), claim("b"), claim("c")] *))'
    text = rendered(tmp_path, said + "<< numbered.items() | map('join') | join(' ') >>", claims)
    assert text == "b1 a2 c3"


def test_the_templates_know_what_is_marked_and_how_many_claims_there_are(tmp_path) -> None:
    claims = {"learns": {**CLAIM["learns"], "holds": False}, "true": CLAIM["learns"]}
    both = '((* set _ = [claim("true"), claim("learns")] *))'
    text = rendered(tmp_path, both + "<< marked | join >> of << claims >>", claims)
    assert text == "learns of 2"


def test_a_template_that_prints_a_removed_claim_is_named_with_what_can_go_from_it(tmp_path) -> None:
    (tmp_path / "e.tex.j2").write_text('<< claim("lerns") >>')
    with pytest.raises(Failure) as error:
        rendered(tmp_path, '<< claim("learns") >> ((* include "e.tex.j2" *))', CLAIM)
    assert error.value.cause.startswith(f"{tmp_path}/e.tex.j2 prints the claim 'lerns'")
    assert f'remove << claim("lerns") >> from {tmp_path}/e.tex.j2, too' in error.value.remedy
    assert error.value.remedy.endswith("there are learns.")


def test_a_claim_that_nobody_prints_is_refused(tmp_path) -> None:
    with pytest.raises(Failure, match="No template prints the claims learns"):
        rendered(tmp_path, "nothing", CLAIM)


def test_values_reach_the_template_escaped(tmp_path) -> None:
    text = rendered(tmp_path, "<< n | count >> << name >>", {}, n=12080, name="R&D")
    assert text == r"12{,}080 R\&D"


def test_what_escaped_text_and_listings_need_is_there_for_the_preamble(tmp_path) -> None:
    style = rendered(tmp_path, "<< style | latex >>", {})
    assert r"\composed" in style
    assert r"\codefile" in style
