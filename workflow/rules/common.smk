"""Names that the other rules share."""

import re
from pathlib import Path

from provenance import sources

STEP_SIZES = [str(float(step_size)) for step_size in config["training"]["step_sizes"]]
FIRST_RUN, LAST_RUN = (
    f"{{results}}/train/{step_size}/series.csv"
    for step_size in (STEP_SIZES[0], STEP_SIZES[-1])
)
RESULTS = {"mnist": "results", "synthetic": "results/synthetic"}
DATASETS = {results: dataset for dataset, results in RESULTS.items()}
# report/hw2 is MNIST and every sentence of it holds. Each other report has its mark in its name.
NAMES = {
    "mnist": "report/hw2" if config["claims"] == "stop" else "report/hw2-mine",
    "synthetic": "report/hw2-synthetic",
}
# What stands on each page of those.
MARKS = {
    "mnist": "" if config["claims"] == "stop" else "Own settings",
    "synthetic": "Synthetic digits, no results for MNIST",
}
REPORTS = {dataset: f"{name}.pdf" for dataset, name in NAMES.items()}
PAGES = {dataset: f"{name}.html" for dataset, name in NAMES.items()}
# `make report NAME="..."` writes down here who signs, and has a signed copy made.
SIGNED = {dataset: f"{name}-signed.pdf" for dataset, name in NAMES.items()}
SIGNATURE = "config/signature.json"

IDX = {
    "train_images": "train-images-idx3-ubyte.gz",
    "train_labels": "train-labels-idx1-ubyte.gz",
    "test_images": "t10k-images-idx3-ubyte.gz",
    "test_labels": "t10k-labels-idx1-ubyte.gz",
}
IDX_FOLDER = {
    "results": "resources/mnist",
    "results/synthetic": "results/synthetic/idx",
}


def listed(*patterns):
    """List the project's files of these patterns, sorted within each.

    What is hidden is an editor's or a notebook's; "a (conflicted copy).py" is a synced folder's.
    """
    return [
        path.as_posix()
        for pattern in patterns
        for path in sorted(Path().glob(pattern))
        if all(re.fullmatch(r"\w[\w.]*", part) for part in path.parts)
    ]


def in_order(starts, paths):
    """Sort files by the longest of these starts that theirs has."""

    def place(path):
        fitting = [start for start in starts if path.startswith(start)]
        return starts.index(max(fitting, key=len)), path

    return sorted(paths, key=place)


def idx_files(wildcards):
    """Name the four files of the dataset that these results are about."""
    return {
        kind: f"{IDX_FOLDER[wildcards.results]}/{name}" for kind, name in IDX.items()
    }


def toy_pickle():
    """Find the course's pickle; without it one of the same shapes is generated."""
    name = "test_batch_weights_biases.pkl"
    places = [Path(folder).expanduser() / name for folder in config["toy"]["folders"]]
    found = [path.as_posix() for path in places if path.is_file()]
    return {"pickle": found[0]} if found else {}


def replicates(step_size):
    """List the records of a step size's further seeds, the seeds after the report's own."""
    training = config["training"]
    first, count = training["seed"] + 1, training["seeds_per_job"]
    end = first + training["further_seeds"]
    return [
        f"{{results}}/replicate/{step_size}/{k}-{min(k + count, end) - 1}.json"
        for k in range(first, end, count)
    ]


def shards(wildcards):
    """List the records of the sweep; with `--config cells=present` those that are there."""
    per_job, end = SWEEP["seeds_per_job"], SWEEP["seeds"]
    paths = [
        f"{wildcards.results}/sweep/{width}/{float(step_size)}/{k}-{min(k + per_job, end) - 1}.json"
        for width in SWEEP["widths"]
        for step_size in SWEEP["step_sizes"]
        for k in range(0, end, per_job)
    ]
    if config.get("cells") == "present":
        return [path for path in paths if Path(path).is_file()]
    return paths


def said_of(dataset):
    """Tell the templates what stands in no record; a signed copy has more."""
    return {
        "dataset": dataset,
        "mark": MARKS[dataset],
        "titles": TITLES,
        **{"name": "", "worked_with": ""},
    }
