"""Evidence: who wrote a number's record is asked of the manifest."""

from __future__ import annotations

import pytest

from provenance.document.evidence import Evidence, Margin, Number, Seeds, Source, shown
from provenance.errors import Failure
from provenance.manifest import Manifest

FIT = "results/fit/{}.json"
SOURCES = ["rules.smk", "requirements.txt"]
FACTS = {"words": "results/words.json", "fits": [FIT.format(k) for k in (1, 2, 3)]}
JOBS = [
    ("count", [*SOURCES, "resources/words.txt"], ["results/words.json"]),
    *(("fit", ["results/words.json", "fit.py"], [path]) for path in FACTS["fits"]),
    ("plot", ["results/words.json", "plain.style"], ["results/line.pdf", "results/line.svg"]),
]
CLAIM = {
    "asked": {"numbers": {"n": "words.n", "error": "fits.last.error"}},
    "numbers": {"n": 7, "error": 0.1234567891},
    "over_seeds": {},
    "condition": "n > 5",
    "holds": True,
    "margin": {"number": "n", "value": 7, "threshold": 5, "distance": 2, "relative": 2 / 7},
}
OVER_SEEDS = {
    **CLAIM,
    "asked": {
        "numbers": {},
        "over_seeds": {"of": "words.seeds", "numbers": {"n": "end.n"}, "holds": "n > 1"},
    },
    "numbers": {},
    "over_seeds": {"seeds": 3, "holding": 2, "least": {"n": 1.0}, "missing": {"n": 0}},
    "margin": None,
}


@pytest.fixture
def evidence(tmp_path, monkeypatch) -> Evidence:
    """Return the evidence of a document with a rule that has a label and others that have none."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "rules.smk").write_text("def count():\n    pass\n\nrule count:\n    input: []\n")
    jobs = [
        {
            "rule": rule,
            "label": rule,
            "params": {"script": [f"scripts/{rule}.py"]},
            "inputs": inputs,
            "outputs": outputs,
        }
        for rule, inputs, outputs in JOBS
    ]
    paths = {path for job in jobs for path in (*job["inputs"], *job["outputs"])}
    manifest = Manifest({path: f"hash of {path}" for path in paths}, jobs, {})
    claims = {"plain": CLAIM, "seeds": OVER_SEEDS}
    return Evidence(manifest, claims, FACTS, ["results/line.pdf"], ["rules.smk"])


def test_a_claim_has_its_condition_and_margin_and_each_number_with_path_and_value(evidence) -> None:
    entry = evidence.claim("plain")
    assert (entry.condition, entry.holds, entry.seeds) == ("n > 5", True, None)
    assert entry.margin == Margin("n", "7", "5", 2 / 7)
    assert entry.numbers == [
        Number("n", "words.n", "7"),
        Number("error", "fits.last.error", "0.12345679"),
    ]


def test_a_claim_names_the_records_that_its_numbers_are_in(evidence) -> None:
    assert evidence.claim("plain").records == ["results/words.json", FIT.format(3)]


def test_a_claim_over_seeds_says_of_which_list_what_is_told(evidence) -> None:
    entry = evidence.claim("seeds")
    told = {"seeds": "3", "holding": "2", "least.n": "1.0", "missing.n": "0"}
    assert entry.seeds == Seeds("words.seeds", {"n": "end.n"}, "n > 1", told)
    assert entry.records == ["results/words.json"]


def test_each_record_leads_to_the_job_that_wrote_it(evidence) -> None:
    job = evidence.by["results/line.svg"]
    assert (job.rule, job.script) == ("plot", "scripts/plot.py")
    assert job.wrote["results/line.svg"] == "hash of results/line.svg"
    assert set(evidence.by) == {path for *_, outputs in JOBS for path in outputs}


def test_a_job_read_records_and_data_but_no_code(evidence) -> None:
    read = {job.rule: job.read for job in evidence.jobs}
    assert read == {
        "count": ["resources/words.txt"],
        "fit": ["results/words.json"],
        "plot": ["results/words.json"],
    }
    assert evidence.data == {"resources/words.txt": "hash of resources/words.txt"}


def test_a_rule_has_a_place_if_a_listing_labels_it(evidence) -> None:
    places = {job.rule: job.place for job in evidence.jobs}
    assert places == {"count": "rules.smk:count", "fit": None, "plot": None}


def test_a_figure_leads_to_its_script_and_to_what_it_draws(evidence) -> None:
    assert evidence.figure("line") == Source(["scripts/plot.py"], ["results/words.json"])


def test_a_figure_that_no_rule_draws_is_refused(evidence) -> None:
    with pytest.raises(Failure, match="'lime', which no rule draws; there are line"):
        evidence.figure("lime")


@pytest.mark.parametrize(
    ("facts", "records"),
    [
        ("fits", FACTS["fits"]),
        ("fits.all", FACTS["fits"]),
        ("fits.first", [FIT.format(1)]),
        ("fits.all.1.error", [FIT.format(2)]),
    ],
)
def test_a_table_leads_to_the_records_of_its_facts(evidence, facts, records) -> None:
    assert evidence.table(facts) == Source(["scripts/fit.py"], records)


def test_a_table_of_nothing_is_refused(evidence) -> None:
    with pytest.raises(Failure, match="does not say which facts a table shows"):
        evidence.table()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.12345678912, "0.12345679"),
        (1e-15, "1e-15"),
        (0.999999999999999, "0.999999999999999"),
        (1.0, "1.0"),
        (12080, "12080"),
        (True, "true"),
        (None, "none"),
        (["a", 0.5], '["a", 0.5]'),
    ],
)
def test_a_value_is_written_as_in_a_condition_and_never_as_another_whole_number(
    value, text
) -> None:
    assert shown(value) == text
