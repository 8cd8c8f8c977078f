"""What changed, in plain words."""

from __future__ import annotations

import json
from base64 import urlsafe_b64encode

import pytest

from provenance import seals
from provenance.why import Job, explain

UPDATED = "Updated input files: "
FOLLOWS = "Input files updated by another job: "
PARAMS = (
    "Params have changed since last execution: "
    "Union of exclusive params before and now across all output: before: {} now: {} "
)


def train(step_size: str, reason: str) -> Job:
    """Return a training job."""
    return Job("train", {"step_size": step_size}, ["nn/losses.py"], [f"series-{step_size}"], reason)


PLOTS = [
    Job("plot_losses", {}, ["series-0.1"], ["losses.pdf"], FOLLOWS + "series-0.1"),
    Job("plot_accuracies", {}, ["series-0.1"], ["accuracies.pdf"], FOLLOWS + "series-0.1"),
    Job("plot_state", {}, ["series-10.0"], ["state.pdf"], FOLLOWS + "series-10.0"),
]
FIGURES = [plot.outputs[0] for plot in PLOTS]
TYPESET = Job("typeset", {}, FIGURES, ["hw2.pdf"], FOLLOWS + ", ".join(FIGURES))


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)


def test_a_changed_module_is_followed_to_the_report() -> None:
    runs = [train(step_size, UPDATED + "nn/losses.py") for step_size in ("0.1", "10.0")]
    assert list(explain([*runs, *PLOTS, TYPESET])) == [
        "nn/losses.py changed -> train 0.1, train 10.0 -> 3 figures -> report"
    ]


def test_only_what_follows_is_named() -> None:
    jobs = [train("10.0", UPDATED + "nn/losses.py"), PLOTS[2], TYPESET]
    assert list(explain(jobs)) == ["nn/losses.py changed -> train 10.0 -> 1 figure -> report"]


def test_changes_with_the_same_effect_share_a_line() -> None:
    jobs = [train("10.0", UPDATED + "nn/a.py, nn/b.py")]
    assert list(explain(jobs)) == ["nn/a.py changed, nn/b.py changed -> train 10.0"]


def test_nothing_planned_is_nothing_said() -> None:
    assert list(explain([])) == []


@pytest.mark.parametrize(
    ("before", "now", "said"),
    [
        ("{'epochs': 5, 'seed': 0}", "{'epochs': 6, 'seed': 0}", "epochs changed from 5 to 6"),
        ("{'a': {'b': 1}}", "{'a': {'b': 2}}", "a.b changed from 1 to 2"),
        ("5", "6", "a parameter changed from 5 to 6"),
        ("5", "<nothing exclusive>", "parameters changed (5 -> none)"),
        ("<object>", "6", "parameters changed (<object> -> 6)"),
        ("'now: x; y'", "'z'", "a parameter changed from 'now: x; y' to 'z'"),
    ],
)
def test_a_changed_parameter_is_named_with_its_values(before, now, said) -> None:
    assert list(explain([train("0.1", PARAMS.format(before, now))])) == [f"{said} -> train 0.1"]


def test_a_missing_file_is_named() -> None:
    jobs = [train("0.1", "Missing output files: series-0.1"), PLOTS[0]]
    assert list(explain(jobs)) == ["series-0.1 is missing -> train 0.1 -> 1 figure"]


def test_what_is_missing_because_it_was_never_built_is_not_named_twice() -> None:
    plot = PLOTS[0]._replace(reason="Missing output files: losses.pdf; " + PLOTS[0].reason)
    jobs = [train("0.1", "Missing output files: series-0.1"), plot]
    assert list(explain(jobs)) == ["series-0.1 is missing -> train 0.1 -> 1 figure"]


def test_a_file_that_is_marked_for_a_missing_one_is_not_accused(tmp_path, monkeypatch) -> None:
    register = tmp_path / ".snakemake/incomplete"
    register.mkdir(parents=True)
    (register / urlsafe_b64encode(b"series-0.1").decode()).touch()
    (tmp_path / "series-0.1").write_text("1\n")
    seals.seal(["series-0.1"])
    monkeypatch.setattr(seals, "noticed_missing", ["losses.svg"])
    assert list(explain([train("0.1", "Forced execution")])) == [
        "losses.svg is missing -> train 0.1"
    ]


def test_different_jobs_that_read_alike_are_counted_together() -> None:
    plots = [plot._replace(reason=f"Missing output files: {plot.outputs[0]}") for plot in PLOTS]
    [said] = explain(plots)
    assert said.endswith(f"-> {len(PLOTS)} figures")


def test_a_damaged_file_is_named(tmp_path) -> None:
    register = tmp_path / ".snakemake/incomplete"
    register.mkdir(parents=True)
    (register / urlsafe_b64encode(b"series-0.1").decode()).touch()
    assert list(explain([train("0.1", "Forced execution")])) == [
        "series-0.1 is not as its job left it -> train 0.1"
    ]


def test_new_and_dropped_inputs_are_named(tmp_path) -> None:
    register = tmp_path / ".snakemake/metadata"
    register.mkdir(parents=True)
    noted = {"input": ["nn/gone.py"]}
    (register / urlsafe_b64encode(b"series-0.1").decode()).write_text(json.dumps(noted))
    [said] = explain([train("0.1", "Set of input files has changed since last execution")])
    assert said == "nn/losses.py is new, nn/gone.py is no longer used -> train 0.1"
