"""One thing is edited in a copy of a finished build: exactly what uses it is planned again.

The tables below are written by hand, from what each piece is for. They do not come from the code
that finds the imports, and a file that is in no table fails the last tests.
"""

from __future__ import annotations

import os
import pickle
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.pipeline.project import PDF, ROOT, copy_unbuilt, edit_config, snakemake

RESULTS = "results/synthetic"
TRAIN = {"train 0.1", "train 10.0"}
CURVES = {"plot_losses", "plot_accuracies"}
PLOTS = CURVES | {
    "plot_state",
    "plot_samples",
    "plot_mistakes",
    "plot_mistake_evidence",
    "plot_memorization",
}
TOLD = {"evaluate_claims", "render_report"}  # facts are judged, hashed and printed

# Who reads what a job writes.
NEXT = {
    "draw_digits": {"select_digits", "describe_arrays"},
    "select_digits": {
        *(*TRAIN, "find_mistakes", "memorize", "plot_samples", "plot_mistakes"),
        *("describe_arrays", *TOLD),
    },
    "load_toy": {"check_gradients", "describe_arrays", *TOLD},
    "check_activations": TOLD,
    "check_gradients": {*TRAIN, "memorize", *TOLD},
    "train 0.1": {"find_mistakes", "plot_losses", "plot_accuracies", "describe_arrays", *TOLD},
    "train 10.0": {"plot_state", "describe_arrays", *TOLD},
    "train 1.0": {"plot_state", "describe_arrays", *TOLD},
    "find_mistakes": {"plot_mistakes", "plot_mistake_evidence", "describe_arrays", *TOLD},
    "memorize": {"plot_memorization", "describe_arrays", *TOLD},
    **{plot: {"render_report", "typeset"} for plot in PLOTS},
    "evaluate_claims": {"render_report"},
    "list_code": {"typeset"},
    "describe_arrays": {"render_report"},
    "render_report": {"typeset"},
    "typeset": set(),
}
ALL = set(NEXT) - {"train 1.0"}
NETWORK = {"check_gradients", *TRAIN, "memorize"}
PINNED = NETWORK | {"find_mistakes"}

# Which jobs use a source file. Printed ones are also listed in the appendix and hashed.
PRINTED: dict[str, set[str]] = {
    "Snakefile": set(),
    "config/config.yaml": set(),
    "nn/__init__.py": {
        *NETWORK,
        *("check_activations", "load_toy", "find_mistakes", "select_digits", "plot_samples"),
    },
    "nn/activations.py": {*NETWORK, "check_activations", "find_mistakes"},
    "nn/arrays.py": {*NETWORK, "check_activations", "find_mistakes", "load_toy"},
    "nn/digits.py": {"select_digits", "plot_samples"},
    "nn/evaluation.py": TRAIN,
    "nn/gradients.py": {"check_gradients"},
    "nn/batches.py": {*TRAIN, "memorize"},
    "nn/gram.py": {*TRAIN, "find_mistakes"},
    "nn/losses.py": NETWORK,
    "homework/memorization.py": {"memorize"},
    "nn/network.py": {*NETWORK, "find_mistakes"},
    "nn/threads.py": {*TRAIN, "find_mistakes"},
    "nn/training.py": TRAIN,
    "report/claims.yaml": {"evaluate_claims"},
    "homework/activation_check.py": {"check_activations"},
    "provenance/document/claims.py": {"evaluate_claims"},
    "homework/figures/curves.py": CURVES,
    "homework/dataset.py": {
        *("select_digits", *TRAIN, "find_mistakes", "plot_samples", "plot_mistakes")
    },
    "provenance/errors.py": ALL,
    "homework/facts.py": {"evaluate_claims", "render_report"},
    "homework/figures/style.py": PLOTS,
    "provenance/files.py": ALL,
    "homework/gradient_check.py": {"check_gradients"},
    "provenance/job.py": ALL,
    "provenance/document/latex.py": {"evaluate_claims", "list_code", "render_report"},
    "provenance/document/listing_style.py": {"render_report"},
    "provenance/document/listings.py": {"list_code"},
    "provenance/manifest.py": {"describe_arrays", "render_report", "typeset"},
    "homework/figures/memorization.py": {"plot_memorization"},
    "homework/figures/evidence.py": {"plot_mistake_evidence"},
    "homework/figures/gallery.py": {"plot_mistakes"},
    "homework/mistakes.py": {"find_mistakes"},
    "provenance/numerics.py": PINNED,
    "provenance/packages.py": {"render_report"},
    "provenance/environment.py": PINNED,
    "provenance/records.py": ALL - {"evaluate_claims", "list_code", "typeset"},
    "provenance/document/rendering.py": {"render_report"},
    "homework/runs.py": TRAIN,
    "provenance/sums.py": {"describe_arrays", "render_report"},
    "homework/figures/samples.py": {"plot_samples"},
    "provenance/seals.py": ALL,
    "homework/figures/state.py": {"plot_state"},
    "homework/synthetic.py": {"draw_digits"},
    "homework/toy.py": {"load_toy", "check_gradients"},
    "provenance/document/typesetting.py": {"typeset"},
    # These look after builds and are in none.
    **{
        f"workflow/lib/{name}.py": set()
        for name in [
            "bytecode",
            "closure",
            "configuration",
            "ending",
            "failures",
            "folders",
            "locks",
            "mnist_files",
            "sources",
            "verify",
            "why",
        ]
    },
    **{
        f"workflow/rules/{name}.smk": set()
        for name in ["common", "data", "experiments", "figures", "report"]
    },
    # MNIST's files are what their hashes say, whoever fetched them.
    "workflow/scripts/fetch_mnist.py": set(),
    "workflow/scripts/train.py": TRAIN,
    **{f"workflow/scripts/{rule}.py": {rule} for rule in sorted(ALL - TRAIN)},
}
TEMPLATES = [
    *(f"report/{name}.tex.j2" for name in ["colophon", "macros", "main", "preamble"]),
    *(
        f"report/questions/{name}.tex.j2"
        for name in ["front", "data", "a", "b", "c", "d", "e", "e_mistakes", "f"]
    ),
]
HASHED: dict[str, set[str]] = {
    **{name: {"render_report"} for name in TEMPLATES},
    "report/report.mplstyle": PLOTS,
    "workflow/schemas/config.schema.yaml": set(),
    "requirements.txt": ALL,
}
FREE = [
    *("Makefile", ".gitignore", "pyproject.toml", "requirements.in", "environment.yml"),
    *("setup/report.py", "setup/environment.sh", ".github/workflows/build.yml"),
]


def follow(first: set[str]) -> set[str]:
    """Add to some jobs all that read what they write."""
    reached, ahead = set(first), set(first)
    while ahead:
        ahead = set().union(*(NEXT[job] for job in ahead)) - reached
        reached |= ahead
    return reached


def comment(folder: Path, name: str) -> None:
    """Append a comment to a file."""
    with open(folder / name, "a", encoding="utf-8") as file:
        file.write("\n((= edited =))\n" if name.endswith(".j2") else "\n# edited\n")


FILES = {
    **{name: {*jobs, "list_code", "render_report"} for name, jobs in PRINTED.items()},
    **{name: {*jobs, "render_report"} for name, jobs in HASHED.items()},
    **{name: set() for name in FREE},
}


@pytest.mark.parametrize("name", FILES)
def test_an_edited_file_reruns_what_uses_it(project, planned, name) -> None:
    comment(project, name)
    assert planned(project) == follow(FILES[name])


@pytest.mark.parametrize("kind", ["source", "template"])
def test_every_file_of_the_sources_is_in_the_tables(built, kind) -> None:
    patterns = {
        "source": ["nn/*.py", "workflow/lib/*.py", "workflow/scripts/*.py", "workflow/rules/*.smk"],
        "template": ["report/**/*.j2", "report/*.yaml", "report/*.mplstyle", "config/*"],
    }[kind]
    found = {p.relative_to(built).as_posix() for pattern in patterns for p in built.glob(pattern)}
    assert found
    assert not found - set(FILES)


def put(section: str, key: str, value: Any) -> Callable[[dict[str, Any]], None]:
    """Return an edit of the config that sets one key."""
    return lambda config: config[section].update({key: value})


def swap(section: str, one: str, other: str) -> Callable[[dict[str, Any]], None]:
    """Return an edit of the config that exchanges two values."""

    def exchange(config: dict[str, Any]) -> None:
        keys = config[section]
        keys[one], keys[other] = keys[other], keys[one]

    return exchange


CONFIG: dict[str, tuple[Callable[[dict[str, Any]], None], set[str]]] = {
    "author.name": (put("author", "name", "A"), {"render_report"}),
    "author.worked_with": (put("author", "worked_with", "B"), {"render_report"}),
    "mirrors": (lambda config: config["mirrors"].append("elsewhere"), set()),
    "toy.folders": (put("toy", "folders", ["elsewhere"]), set()),
    "toy.seed": (put("toy", "seed", 1), {"load_toy"}),
    "synthetic.train_images": (put("synthetic", "train_images", 401), {"draw_digits"}),
    "synthetic.test_images": (put("synthetic", "test_images", 101), {"draw_digits"}),
    "synthetic.seed": (put("synthetic", "seed", 1), {"draw_digits"}),
    "synthetic swapped": (swap("synthetic", "train_images", "test_images"), {"draw_digits"}),
    "training.hidden": (put("training", "hidden", 17), TRAIN),
    "training.batch_size": (put("training", "batch_size", 40), TRAIN),
    "training.epochs": (put("training", "epochs", 2), TRAIN),
    "training.seed": (put("training", "seed", 1), TRAIN),
    "training swapped": (swap("training", "hidden", "batch_size"), TRAIN),
    "training.step_sizes": (
        put("training", "step_sizes", [0.1, 1.0]),
        {"train 1.0", "plot_state", *TOLD},
    ),
    **{
        f"memorization.{key}": (put("memorization", key, value), {"memorize"})
        for key, value in {"seed": 1, "seeds": 3, "study_seeds": 2, "max_updates": 6}.items()
    },
    "memorization.study": (lambda config: config["memorization"]["study"].pop(), {"memorize"}),
    "memorization.recipe": (
        lambda config: config["memorization"]["recipe"].update(centre=False),
        {"memorize"},
    ),
    "memorization.start": (
        lambda config: config["memorization"]["start"].update(width=100),
        {"memorize"},
    ),
}


@pytest.mark.parametrize("key", CONFIG)
def test_a_changed_value_of_the_config_reruns_what_reads_it(project, planned, key) -> None:
    change, jobs = CONFIG[key]
    edit_config(project, change)
    # The config itself is printed and hashed.
    assert planned(project) == follow({*jobs, "list_code", "render_report"})


RECORDS = {
    f"{RESULTS}/idx/train-images-idx3-ubyte.gz": "draw_digits",
    f"{RESULTS}/digits.npz": "select_digits",
    f"{RESULTS}/digits.json": "select_digits",
    "results/toy/toy.npz": "load_toy",
    "results/toy/gradients.json": "check_gradients",
    "results/toy/activations.json": "check_activations",
    f"{RESULTS}/train/0.1/series.csv": "train 0.1",
    f"{RESULTS}/train/10.0/summary.json": "train 10.0",
    f"{RESULTS}/mistakes.csv": "find_mistakes",
    f"{RESULTS}/memorization.csv": "memorize",
    f"{RESULTS}/figures/state.pdf": "plot_state",
    f"{RESULTS}/claims.json": "evaluate_claims",
    f"{RESULTS}/arrays.json": "describe_arrays",
    f"{RESULTS}/chain.json": "render_report",
    f"{RESULTS}/tex/hw2.tex": "render_report",
    "results/tex/appendix.tex": "list_code",
    f"{RESULTS}/manifest.json": "typeset",
    PDF: "typeset",
}


def flip(path: Path) -> None:
    """Flip one bit in the middle of a file and keep its time stamp."""
    times = path.stat()
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))


@pytest.mark.parametrize("name", RECORDS)
def test_a_deleted_record_is_made_again(project, planned, name) -> None:
    (project / name).unlink()
    # What is made from all others is made again too, so that no report outlives its records.
    assert planned(project) == follow({RECORDS[name], "describe_arrays", "render_report"})


@pytest.mark.parametrize("name", RECORDS)
def test_a_flipped_bit_is_noticed_although_the_time_stamp_is_kept(project, planned, name) -> None:
    flip(project / name)
    assert planned(project) == follow({RECORDS[name]})


def test_a_deleted_second_format_of_a_figure_is_made_again(project, planned) -> None:
    (project / f"{RESULTS}/figures/losses.svg").unlink()
    assert planned(project) == follow({"plot_losses", "describe_arrays", "render_report"})


def test_a_record_edited_by_hand_is_made_again(project, planned) -> None:
    path = project / f"{RESULTS}/train/0.1/summary.json"
    path.write_text(path.read_text().replace("0.", "0.9", 1))
    assert planned(project) == follow({"train 0.1"})


def test_two_swapped_records_are_both_made_again(project, planned) -> None:
    paths = [project / f"{RESULTS}/train/{step_size}/series.csv" for step_size in ("0.1", "10.0")]
    contents = [path.read_bytes() for path in paths]
    for path, content in zip(paths, reversed(contents), strict=True):
        path.write_bytes(content)
    assert planned(project) == follow(TRAIN)


def test_a_damaged_file_in_the_download_cache_is_fetched_again(project, planned) -> None:
    for kind in ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"):
        path = project / f"resources/mnist/{kind}-ubyte.gz"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"damaged")
    edit_config(project, lambda config: config.update(dataset="mnist"))
    unused = {"draw_digits", "load_toy", "check_gradients", "check_activations"}
    assert planned(project) == (ALL - unused) | {"fetch_mnist"}


def test_the_courses_pickle_replaces_the_drawn_toy_when_it_comes(project, planned) -> None:
    path = project / "resources/toy/test_batch_weights_biases.pkl"
    path.parent.mkdir(parents=True)
    path.write_bytes(pickle.dumps(np.zeros(1)))
    assert planned(project) == follow({"load_toy"})


def test_a_source_replaced_by_an_older_file_is_noticed(project, planned) -> None:
    comment(project, "nn/gradients.py")
    os.utime(project / "nn/gradients.py", (1e9, 1e9))
    assert planned(project) == follow({"check_gradients", "list_code", "render_report"})


def test_an_edit_that_is_taken_back_reruns_nothing(project, planned) -> None:
    before = (project / "nn/losses.py").read_bytes()
    comment(project, "nn/losses.py")
    assert planned(project)
    (project / "nn/losses.py").write_bytes(before)
    assert planned(project) == set()


@pytest.mark.parametrize("time", [None, (1e9, 1e9), (4e9, 4e9)], ids=["now", "2001", "2096"])
def test_touching_everything_reruns_nothing(project, planned, time) -> None:
    for path in project.rglob("*"):
        if path.is_file():
            os.utime(path, time)
    assert planned(project) == set()


def test_a_fresh_checkout_with_a_restored_cache_reruns_nothing(built, tmp_path, planned) -> None:
    copy_unbuilt(built, tmp_path / "checkout")
    for name in ("results", ".snakemake"):
        shutil.copytree(built / name, tmp_path / "checkout" / name, copy_function=shutil.copy2)
    shutil.copy2(built / PDF, tmp_path / "checkout" / PDF)
    assert planned(tmp_path / "checkout") == set()


def test_the_plan_of_these_tests_is_what_snakemake_says(project, planned) -> None:
    comment(project, "nn/gradients.py")
    said = snakemake(project, "-n").stdout
    rules = {
        line.split()[0].removesuffix("_synthetic")
        for line in said.partition("Job stats:")[2].splitlines()[3:]
        if line
    }
    jobs = planned(project)
    assert {job.split()[0] for job in jobs} <= rules
    assert f"total {len(jobs) + 1}" in " ".join(said.split())


def test_docs_and_tests_are_in_no_rule(project, planned) -> None:
    for name in ("tests/nn/test_losses.py", "benchmarks/bench.py", "README.md", "report/notes.txt"):
        (project / name).parent.mkdir(parents=True, exist_ok=True)
        (project / name).write_text('"""Other words."""\n')
    assert planned(project) == set()


def test_what_editors_leave_beside_a_file_is_in_no_rule(project, planned) -> None:
    for name in (
        "nn/network.py",
        "homework/facts.py",
        "report/hw2.tex.j2",
        "config/config.yaml",
    ):
        path = project / name
        path.with_name(f".#{path.name}").symlink_to("somebody@somewhere.1234:5678")  # Emacs
        for left in (f"#{path.name}#", f"{path.name}~", f".{path.name}.swp"):  # Emacs, vim
            path.with_name(left).write_text("half a")
    assert planned(project) == set()
    comment(project, "report/hw2.tex.j2")
    assert planned(project) == follow({"render_report"})
    comment(project, "nn/gradients.py")
    ran = snakemake(project)
    assert ran.returncode == 0, ran.stdout


def test_what_was_planned_is_what_runs(project, planned) -> None:
    comment(project, "report/questions/a.tex.j2")
    jobs = planned(project)
    ran = snakemake(project)
    assert ran.returncode == 0, ran.stdout
    assert f"{len(jobs) + 1} of {len(jobs) + 1} steps" in ran.stdout
    assert planned(project) == set()


def test_the_closure_is_computed_in_a_moment() -> None:
    program = (
        "import time; from pathlib import Path; from provenance.imports import sources\n"
        "start = time.process_time()\n"
        "for path in Path('workflow/scripts').glob('*.py'): sources(str(path), Path.cwd())\n"
        "print(time.process_time() - start)"
    )
    ran = subprocess.run(
        [os.sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert float(ran.stdout) < 0.2
