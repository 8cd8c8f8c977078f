"""What changed, in plain words, from a plan and the receipts."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from provenance import why
from provenance.files import sha256
from provenance.receipts import Receipt
from provenance.why import Job, explain

SIZES = ("0.1", "10.0")
CODE, STYLE, DIGITS = "nn/losses.py", "report.mplstyle", "digits.npz"
STEPS = {"steps": {"epochs": 5, "seed": 0}}
NAMES = ("losses", "accuracies", "state", "samples", "gallery", "evidence", "capacity")


def fit(size: str, params: dict[str, Any] = STEPS) -> Job:
    """Return a job that computes."""
    return Job("fit", {"n": size}, params, [DIGITS, CODE], [f"series-{size}"], "experiments")


def plot(name: str) -> Job:
    """Return a job that draws, with a size's series or without any."""
    series = {"losses": ["series-0.1"], "accuracies": ["series-0.1"], "state": ["series-10.0"]}
    inputs = [*series.get(name, []), STYLE]
    return Job(f"plot_{name}", {}, {}, inputs, [f"{name}.pdf", f"{name}.svg"], "figures")


FIGURES = [plot(name) for name in NAMES]
TYPESET = Job("typeset", {}, {}, [f"{name}.pdf" for name in NAMES], ["report.pdf"], "report")


@pytest.fixture(autouse=True)
def built(inside: Path) -> dict[str, Receipt]:
    """Work in a folder where all these jobs have run; return their receipts."""
    jobs = [*map(fit, SIZES), *FIGURES, TYPESET]
    for path in {path for job in jobs for path in (*job.inputs, *job.outputs)}:
        Path(path).parent.mkdir(exist_ok=True)
        Path(path).write_text(path)
    found = {}
    for job in jobs:
        read, made = ({p: sha256(p) for p in paths} for paths in (job.inputs, job.outputs))
        receipt = Receipt(job.rule, dict(job.wildcards), dict(job.params), read, made)
        found |= dict.fromkeys(job.outputs, receipt)
    return found


def said(jobs: Sequence[Job], receipts: dict[str, Receipt]) -> list[str]:
    """Explain a plan."""
    return list(explain(jobs, receipts))


def test_nothing_planned_is_nothing_said(built) -> None:
    assert said([], built) == []


@pytest.mark.row(43)
def test_a_changed_source_is_followed_to_the_report(built) -> None:
    Path(CODE).write_text("other")
    os.utime(CODE, (1e9, 1e9))
    assert said([*map(fit, SIZES), *FIGURES[:3], TYPESET], built) == [
        "nn/losses.py changed -> fit 0.1, fit 10.0 -> 3 figures -> report"
    ]


def test_only_what_follows_is_named(built) -> None:
    Path(CODE).write_text("other")
    jobs = [fit("10.0"), FIGURES[2], TYPESET]
    assert said(jobs, built) == ["nn/losses.py changed -> fit 10.0 -> 1 figure -> report"]


def test_a_changed_style_redraws_the_figures(built) -> None:
    Path(STYLE).write_text("other")
    assert said([*FIGURES, TYPESET], built) == ["report.mplstyle changed -> 7 figures -> report"]


def test_several_changes_at_once_are_all_told(built) -> None:
    for path in (CODE, STYLE):
        Path(path).write_text("other")
    now = {"steps": {"epochs": 6, "seed": 0}}
    assert said([*(fit(size, now) for size in SIZES), *FIGURES, TYPESET], built) == [
        "nn/losses.py changed, steps.epochs changed from 5 to 6 "
        "-> fit 0.1, fit 10.0 -> 3 figures -> report",
        "report.mplstyle changed -> 7 figures -> report",
    ]


@pytest.mark.parametrize(
    ("now", "cause"),
    [
        ({"steps": {"epochs": 5, "seed": [1]}}, "steps.seed changed from 0 to [1]"),
        ({"steps": {"epochs": 5}}, "steps.seed changed from 0 to None"),
        ({**STEPS, "more": "x"}, "more changed from None to 'x'"),
        ({"steps": 3}, "steps changed from {'epochs': 5, 'seed': 0} to 3"),
    ],
)
def test_a_changed_parameter_is_named_with_its_values(built, now, cause) -> None:
    assert said([fit("0.1", now)], built) == [f"{cause} -> fit 0.1"]


def test_a_missing_file_is_named_and_what_is_made_from_it_is_not(built) -> None:
    for path in ("series-0.1", "losses.pdf"):
        Path(path).unlink()
    jobs = [fit("0.1"), FIGURES[0]]
    assert said(jobs, built) == ["series-0.1 is missing -> fit 0.1 -> 1 figure"]


def test_several_missing_files_of_a_job_are_one_cause(built) -> None:
    for path in FIGURES[0].outputs:
        Path(path).unlink()
    assert said([FIGURES[0]], built) == ["losses.pdf and others are missing -> 1 figure"]


def test_what_was_never_built_is_missing() -> None:
    Path("series-0.1").unlink()
    jobs = [fit("0.1"), FIGURES[0]]
    assert said(jobs, {})[0] == "series-0.1 is missing -> fit 0.1 -> 1 figure"


@pytest.mark.parametrize("receipt", ["kept", "gone"])
def test_an_altered_record_is_named(built, receipt) -> None:
    Path("series-0.1").write_text("forged")
    if receipt == "gone":
        del built["series-0.1"]
    assert said([fit("0.1")], built) == ["series-0.1 is not as its job left it -> fit 0.1"]


def test_inputs_that_changed_places_are_named(built) -> None:
    old, new = ({**STEPS, "input": {"train": a, "test": b}} for a, b in ("xy", "yx"))
    built["series-0.1"] = built["series-0.1"]._replace(params=old)
    told = "input.train changed from 'x' to 'y', input.test changed from 'y' to 'x' -> fit 0.1"
    assert said([fit("0.1", new)], built) == [told]


def test_new_and_dropped_inputs_are_named(built) -> None:
    Path("nn/new.py").touch()
    parts = STEPS | {"input": {"digits": [DIGITS, "nn/new.py"]}}  # which is not told twice
    job = fit("0.1", parts)._replace(inputs=[DIGITS, "nn/new.py"])
    assert said([job], built) == ["nn/new.py is new, nn/losses.py is no longer used -> fit 0.1"]


@pytest.mark.parametrize(
    ("jobs", "words"),
    [
        ([], "Nothing to be done: everything is as the last build left it."),
        ([TYPESET], "Nothing changed; asked for, or stopped midway: typeset"),
    ],
)
def test_what_nothing_of_ours_asks_for_is_told_as_it_is(
    built, monkeypatch, capsys, jobs, words
) -> None:
    monkeypatch.setattr(why, "plan", lambda arguments: jobs)
    monkeypatch.setattr(why, "read_all", lambda: built)
    assert why.main([]) == 0
    assert capsys.readouterr().out == f"{words}\n"
