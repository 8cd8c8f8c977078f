"""Exactly what uses a thing is built again when that thing changes.

The tables below are written by hand, from what each piece is for. They do not come from the code
that finds the imports. Of jobs and files that came later they say nothing: a job refuses to use a
file that is none of its inputs.
"""

from __future__ import annotations

import os
import pickle
import shutil
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pytest
import yaml

from tests.project import PDF, RESULTS, TINY, Job, Planner, Project, flip, sources

Jobs = dict[str, Job]
Edit = Callable[[Project], None]

TRAIN = {"train 0.1", "train 10.0"}
REPLICATE = {f"replicate {run}" for run in ("0.1 1-2", "0.1 3-3", "10.0 1-2", "10.0 3-3")}
RUNS = {*TRAIN, *REPLICATE}
CURVES = {"plot_losses", "plot_accuracies"}
MISTAKES = {"plot_mistakes", "plot_mistake_evidence", "plot_mistake_templates"}
PLOTS = {*CURVES, *MISTAKES, "plot_state", "plot_samples", "plot_memorization"}
CHECKS = {"check_gradients", "open_gate"}
GRADIENTS = {"check_gradients", "plot_finite_differences"}
PLOTS |= {"plot_finite_differences"}
RUNNERS = {*RUNS, "intervene"}
COMPUTED = {*RUNNERS, "memorize"}
NETWORK = {*COMPUTED, *CHECKS}
PAGE = "render_page"
MARK = "Synthetic digits, no results for MNIST"
WRITTEN = {PAGE, "render_report", "typeset"}  # whatever the text is made from
PRINTED = {"list_code", *WRITTEN}  # whatever the appendix prints
READERS = {*RUNNERS, "find_mistakes", "plot_samples", "plot_mistakes"}  # of images
SOURCE = {"draw_digits", "select_digits", "load_toy", "check_activations", "plot_samples"}

CLAIMS = {"gather_seeds", "evaluate_claims"}

ALL = {*SOURCE, *NETWORK, *PLOTS, "find_mistakes", *CLAIMS, *PRINTED}

# Which jobs use a file, but for those that print and hash the code of all.
LISTING = {"list_code", PAGE, "render_report"}
USERS: dict[str, set[str]] = {
    "nn/__init__.py": {
        *(*NETWORK, "check_activations", "find_mistakes", "load_toy"),
        *("draw_digits", "select_digits", "plot_samples"),
    },
    "nn/activations.py": {*NETWORK, "check_activations", "find_mistakes"},
    "nn/arrays.py": {*NETWORK, "check_activations", "find_mistakes", "load_toy"},
    "nn/batches.py": {*RUNNERS, "find_mistakes"},
    "nn/digits.py": {"draw_digits", "select_digits", "plot_samples"},
    "nn/evaluation.py": {*RUNNERS, "find_mistakes"},
    "nn/gradients.py": CHECKS,
    "nn/gram.py": {*RUNNERS, "find_mistakes"},
    "nn/losses.py": {*NETWORK, "find_mistakes"},
    "nn/network.py": {*NETWORK, "find_mistakes"},
    "nn/training.py": {*RUNNERS, "find_mistakes"},
    "homework/activation_check.py": {"check_activations"},
    "homework/dataset.py": {*READERS, "select_digits"},
    "homework/gradient_check.py": CHECKS,
    "homework/memorization.py": {"memorize"},
    "homework/comparison.py": {"find_mistakes"},
    "homework/erasing.py": {"find_mistakes"},
    "homework/linear.py": {"find_mistakes"},
    "homework/mistakes.py": {"find_mistakes"},
    "homework/properties.py": {"find_mistakes"},
    "homework/interventions.py": {"intervene"},
    "homework/replication.py": RUNNERS,
    "homework/runs.py": {*RUNNERS, "gather_seeds"},
    "homework/selection.py": {"select_digits"},
    "homework/synthetic.py": {"draw_digits"},
    "homework/toy.py": {"load_toy", *CHECKS},
    "homework/figures/curves.py": CURVES,
    "homework/figures/evidence.py": {"plot_mistake_evidence"},
    "homework/figures/finite_differences.py": {"plot_finite_differences"},
    "homework/figures/gallery.py": {"plot_mistakes"},
    "homework/figures/memorization.py": {"plot_memorization"},
    "homework/figures/samples.py": {"plot_samples"},
    "homework/figures/state.py": {"plot_state"},
    "provenance/document/figures.py": PLOTS,
    "homework/figures/templates.py": {"plot_mistake_templates"},
    # MNIST's files are what their hashes say, whoever fetched them.
    "workflow/scripts/fetch_mnist.py": set(),
    "homework/packing.py": set(),
    "provenance/mirrors.py": set(),
    "report/claims.yaml": {"evaluate_claims"},
    "report/report.mplstyle": PLOTS,
    # The machine's modules, but for those that look after builds and are in none.
    **{f"provenance/{name}.py": ALL for name in ("errors", "files", "job", "receipts")},
    "provenance/environment.py": {*NETWORK, "find_mistakes"},
    "provenance/records.py": {
        *(*RUNNERS, *CURVES, "find_mistakes", "memorize", "plot_mistakes", "plot_state"),
        "plot_mistake_templates",
        *("select_digits", "plot_samples", "load_toy", *CHECKS),
    },
    "provenance/document/claims.py": {"evaluate_claims"},
    "provenance/plain.py": {"evaluate_claims"},
    "provenance/document/latex.py": {"evaluate_claims", "list_code"},
    "provenance/document/listings.py": {"list_code"},
    "provenance/document/web.py": {"list_code"},
    "provenance/document/pages.py": {"typeset"},
    "provenance/document/typeset.py": {"typeset"},
}


# The sweep is no part of the report; tests/pipeline/test_sweep.py looks after it.
SWEEP = ("homework/sweep.py", "homework/figures/sweep.py", "report/sweep", "workflow/scripts/sweep")
# Nor is what others start their report from.
TEMPLATE = "provenance/template/"


def reported() -> set[str]:
    """Name the files that the report may depend on."""
    return {name for name in sources() if not name.startswith((*SWEEP, TEMPLATE))}


@pytest.fixture(scope="module")
def jobs(reference: Project) -> Jobs:
    return reference.jobs()


def users(jobs: Jobs, path: str) -> set[str]:
    return {name for name, job in jobs.items() if path in job.inputs}


def follow(jobs: Jobs, first: Iterable[str]) -> set[str]:
    """Add to some jobs all that read what they write."""
    reached, ahead = set(first), set(first)
    while ahead:
        written = set[str]().union(*(jobs[name].outputs for name in ahead))
        ahead = {name for name, job in jobs.items() if written & job.inputs} - reached
        reached |= ahead
    return reached


def test_each_source_is_an_input_of_the_jobs_that_use_it(jobs: Jobs) -> None:
    assert {*jobs} >= ALL
    named = {job: job.split()[0].removesuffix("_synthetic") for job in jobs}
    scripts = {name for name in reported() if "/scripts/" in name}
    expected = USERS | {s: {j for j in jobs if Path(s).stem == named[j]} for s in scripts}
    rooms = ("nn/", "homework/", "provenance/", "workflow/scripts/")
    names = {n for n in reported() if n.startswith(rooms) and not n.endswith("__init__.py")}
    found = {name: users(jobs, name) for name in {*names, *USERS}}
    for name, used_by in found.items():
        ours = not name.startswith("provenance/")
        printed = ours or "/scripts/" in name
        aside = LISTING if printed else {PAGE, "render_report"}
        assert used_by & aside or not (ours or used_by), f"{name} is neither printed nor hashed"
        should_be = expected.get(name, used_by if ours else set())
        assert used_by & ALL - aside == should_be & ALL - aside, name


def test_each_template_is_an_input_of_the_job_that_fills_it(jobs: Jobs) -> None:
    templates = [name for name in reported() if name.endswith(".j2")]
    assert templates
    assert [name for name in templates if users(jobs, name) != {PAGE, "render_report"}] == []


def test_each_job_has_as_parameters_what_it_reads_of_the_config(jobs: Jobs) -> None:
    config = yaml.safe_load(TINY.read_text(encoding="utf-8"))
    training = config["training"]
    step_sizes = [str(size) for size in training.pop("step_sizes")]
    run = {key: training[key] for key in ("hidden", "batch_size", "epochs")}
    filled = {"report": PDF, "overridable": ["dataset"], "step_sizes": step_sizes}
    expected = {
        "draw_digits": {"synthetic": config["synthetic"]},
        "load_toy": {key: config["toy"][key] for key in ("seed", "sha256")},
        **{train: {"training": run | {"seed": training["seed"]}} for train in TRAIN},
        **{replicate: {"training": run} for replicate in REPLICATE},
        "intervene": {
            "training": {key: training[key] for key in ("hidden", "batch_size", "seed")},
            "step_sizes": [0.1, 10.0],
            "interventions": config["interventions"],
        },
        **{plot: {"figure": plot.removeprefix("plot_")} for plot in PLOTS},
        "find_mistakes": {
            "linear": {
                **{key: training[key] for key in ("batch_size", "epochs", "seed")},
                "step_size": float(step_sizes[0]),
            }
        },
        "memorize": {"memorization": config["memorization"]},
        "evaluate_claims": {"must_hold": False, "step_sizes": step_sizes},
        PAGE: filled,
        "render_report": filled,
    }
    others = {"input", "output", "script", "facts", "values"}
    told = {
        name: {key: jobs[name].params[key] for key in jobs[name].params.keys() - others}
        for name in ALL
    }
    assert {name: params for name, params in told.items() if params} == expected


def configured(**changes: object) -> Edit:
    return lambda project: project.configure(**changes)


def edited(name: str, text: str = "\n# edited\n") -> Edit:
    return lambda project: project.append(name, text)


# Some edits, each with the jobs that run again.
EDITS: dict[str, tuple[Edit, set[str]]] = {
    "a colour of a plot": (edited("homework/figures/gallery.py"), {"plot_mistakes", *PRINTED}),
    "the style of all plots": (edited("report/report.mplstyle"), {*PLOTS, *WRITTEN}),
    "a template": (edited("report/questions/a.tex.j2", "\n((= edited =))\n"), WRITTEN),
    "a claim": (edited("report/claims.yaml"), {"evaluate_claims", *PRINTED}),
    "where data is looked for": (configured(mirrors=["a"], toy={"folders": ["b"]}), PRINTED),
    "how files are fetched": (edited("workflow/scripts/fetch_mnist.py"), PRINTED),
    # The report carries them.
    "a module that is in no job": (edited("provenance/verify.py"), WRITTEN - {PAGE}),
    "the README": (edited("README.md"), WRITTEN - {PAGE}),
    "what the report does not carry": (edited("pyproject.toml"), set()),
    "another step size": (
        configured(training={"step_sizes": [0.1, 1.0]}),
        {
            *("train 1.0", "replicate 1.0 1-2", "replicate 1.0 3-3", "intervene", "plot_state"),
            *(*CLAIMS, *PRINTED),
        },
    ),
    "one further seed": (
        configured(training={"further_seeds": 4}),
        {"replicate 0.1 3-4", "replicate 10.0 3-4", *CLAIMS, *PRINTED},
    ),
    "two values of the config exchanged": (
        configured(training={"hidden": 50, "batch_size": 16}),
        ALL - {*SOURCE, *CHECKS, *GRADIENTS, "memorize", "plot_memorization"},
    ),
    "the toy network": (
        configured(toy={"seed": 190}),
        {"load_toy", *GRADIENTS, "evaluate_claims", *PRINTED},
    ),
    "a value of the memorization": (
        configured(memorization={"attempts": 21}),
        {"memorize", "plot_memorization", "evaluate_claims", *PRINTED},
    ),
    "backward_pass": (edited("nn/network.py"), ALL - SOURCE),
}


@pytest.mark.parametrize("edit", EDITS)
def test_an_edit_reruns_what_uses_it(built: Project, planned: Planner, edit: str) -> None:
    change, expected = EDITS[edit]
    change(built)
    assert planned(built) & {*ALL, *expected} == expected


def ran(project: Project, since: float) -> set[str]:
    return {name for name, job in project.jobs().items() if job.done >= since}


@pytest.mark.parametrize(
    "edits",
    [["a template"], pytest.param([*EDITS], marks=pytest.mark.faults)],
    ids=["one", "all"],
)
def test_what_was_planned_is_what_runs(built: Project, planned: Planner, edits: list[str]) -> None:
    for edit in edits:
        EDITS[edit][0](built)
        plan, start = planned(built), time.time()
        built.builds()
        assert ran(built, start) == plan, edit
        assert planned(built) == set(), edit


def test_without_a_passed_check_nothing_is_trained(
    built: Project, planned: Planner, jobs: Jobs
) -> None:
    assert users(jobs, "results/toy/gate.json") == COMPUTED
    before = built.results()
    built.append("nn/losses.py")  # so that all would be trained again
    built.append("homework/gradient_check.py", "\nTOLERANCE = 1e-30\n")
    ended = built.fails("--keep-going")
    assert "nothing is trained with a wrong gradient" in ended.said
    trained = {path for name in COMPUTED for path in jobs[name].outputs}
    assert {path: built.results()[path] for path in trained} == {p: before[p] for p in trained}
    assert planned(built) >= COMPUTED


RECORDS = [
    *(f"{RESULTS}/digits.npz", f"{RESULTS}/train/10.0/summary.json", "results/toy/toy.npz"),
    *(f"{RESULTS}/figures/losses.svg", f"{RESULTS}/tex/hw2.tex", PDF),
]


@pytest.mark.parametrize("path", RECORDS)
def test_a_record_that_is_gone_or_altered_is_made_again(
    built: Project, planned: Planner, jobs: Jobs, path: str
) -> None:
    (maker,) = (name for name, job in jobs.items() if path in job.outputs)
    flip(built / path)
    assert planned(built) == follow(jobs, {maker})
    (built / path).unlink()
    # No report outlives its records.
    assert {maker, "typeset"} <= planned(built)
    assert planned(built) <= follow(jobs, {maker}) | {*WRITTEN}


def test_a_damaged_file_in_the_download_cache_is_fetched_again(
    built: Project, planned: Planner
) -> None:
    shutil.copytree(built / RESULTS / "idx", built / "resources/mnist")  # not MNIST
    built.configure(dataset="mnist")
    kept = {"draw_digits", "load_toy", *CHECKS, "check_activations"}
    assert planned(built) >= {"fetch_mnist", *ALL - kept}


def test_the_courses_pickle_replaces_the_drawn_toy_when_it_comes(
    built: Project, planned: Planner, jobs: Jobs
) -> None:
    (built / "resources/toy").mkdir(parents=True)
    (built / "resources/toy/test_batch_weights_biases.pkl").write_bytes(pickle.dumps(np.zeros(1)))
    assert planned(built) == follow(jobs, {"load_toy"})


@pytest.mark.row(38)
def test_code_in_any_folder_is_printed_and_an_edit_of_it_is_noticed(
    built: Project, planned: Planner, jobs: Jobs
) -> None:
    helpers = ["helpers.py", "nn/extra/x.py", "workflow/utils/tuning.py"]
    for name in helpers:
        (built / name).parent.mkdir(exist_ok=True)
        (built / name).write_text("INK = 1\n", encoding="utf-8")
    built.append("nn/losses.py", "\nimport helpers, nn.extra.x, workflow.utils.tuning\n")
    built.builds("results/tex/appendix.tex", "results/toy/gradients.json")
    printed = (built / "results/tex/appendix.tex").read_text(encoding="utf-8")
    assert [name for name in helpers if rf"\codefile{{{name}}}" not in printed] == []
    for name in helpers:
        built.append(name)
        assert "check_gradients" in planned(built)
        built.builds("results/toy/gradients.json")


def test_a_folder_of_the_toy_may_begin_with_a_tilde(built: Project) -> None:
    (built / "home/toys").mkdir(parents=True)
    (built / "home/toys/test_batch_weights_biases.pkl").touch()
    built.configure(toy={"folders": ["~/toys"]})
    ended = built.fails("results/toy/toy.json", HOME=str(built / "home"))
    assert "home/toys/test_batch_weights_biases.pkl is not the pickle" in ended.last_words(3)


def test_content_decides_and_not_time(built: Project, planned: Planner, jobs: Jobs) -> None:
    for date in (None, (1e9, 1e9), (4e9, 4e9)):  # now, in 2001, in 2096
        for path in built.folder.rglob("*.*"):
            os.utime(path, date)
        assert planned(built) == set()
    before = (built / "nn/gradients.py").read_bytes()
    built.append("nn/gradients.py")
    edited = follow(jobs, {*CHECKS, "list_code", "render_report"})
    assert planned(built) == edited
    (built / "nn/gradients.py").write_bytes(before)
    assert planned(built) == set()
    built.append("nn/gradients.py")
    os.utime(built / "nn/gradients.py", (1e9, 1e9))
    assert planned(built) == edited


def test_a_fresh_checkout_with_a_restored_cache_reruns_nothing(
    reference: Project, fresh: Project, planned: Planner
) -> None:
    for name in ("results", ".snakemake"):
        shutil.copytree(reference / name, fresh / name)
    for report in (PDF, PDF.replace(".pdf", ".html")):
        shutil.copy2(reference / report, fresh / report)
    assert planned(fresh) == set()


def test_what_editors_leave_beside_a_file_is_in_no_rule(built: Project, planned: Planner) -> None:
    for name in ("nn/network.py", "report/main.tex.j2", "config/config.yaml"):
        path = built / name
        path.with_name(f".#{path.name}").symlink_to("somebody@somewhere.1234:5678")  # Emacs
        for left in (f"#{path.name}#", f"{path.name}~", f".{path.name}.swp"):  # Emacs, vim
            path.with_name(left).write_text("half a", encoding="utf-8")
    assert planned(built) == set()
