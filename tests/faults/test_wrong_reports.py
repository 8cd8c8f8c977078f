"""Attempts to get a wrong report without a word, and what stops each."""

from __future__ import annotations

import gzip
import os
import pickle
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import yaml

from tests.faults.project import Project
from tests.faults.test_damage import DIGITS, pretend_mnist
from tests.pipeline.project import PDF, ROOT
from provenance import records
from homework.toy import generate_toy

RESULTS = Path("results/synthetic")


def edit_record(project: Project) -> None:
    path = project / "results/synthetic/mistakes.json"
    facts = path.read_text(encoding="utf-8")
    path.write_text(re.sub(r"\d\.\d+", "0.5", facts, count=1), encoding="utf-8")


def edit_record_and_all_notes_of_it(project: Project) -> None:
    edit_record(project)
    for folder in ("metadata", "seals"):
        shutil.rmtree(project / ".snakemake" / folder)


def swap_step_sizes(project: Project) -> None:
    first, last = (project / RESULTS / "train" / step for step in ("0.1", "10.0"))
    for name in ("series.csv", "weights.npz", "summary.json"):
        one, other = (first / name).read_bytes(), (last / name).read_bytes()
        (first / name).write_bytes(other)
        (last / name).write_bytes(one)


def permute_labels(project: Project) -> None:
    path = project / RESULTS / "idx/t10k-labels-idx1-ubyte.gz"
    content = gzip.decompress(path.read_bytes())
    path.write_bytes(gzip.compress(content[:8] + content[8:][::-1], mtime=0))


def swap_test_labels(project: Project) -> None:
    """Call each 3 of the test set a 9 and each 9 a 3."""
    path = project / RESULTS / "digits.npz"
    arrays = records.read_npz(path)
    arrays["y_test"] = 1 - arrays["y_test"]
    records.write_npz(path, **arrays)


def without_seals(project: Project) -> None:
    swap_step_sizes(project)
    shutil.rmtree(project / ".snakemake/seals")


def edit_tex(project: Project) -> None:
    for name in ("results/synthetic/tex/hw2.tex", "results/tex/appendix.tex"):
        path = project / name
        path.write_text(path.read_text(encoding="utf-8").replace("3", "4"), encoding="utf-8")


def other_pdf(project: Project) -> None:
    (project / PDF).write_bytes(b"%PDF-1.5\n% another\n")


def other_manifest(project: Project) -> None:
    path = project / RESULTS / "manifest.json"
    path.write_text(path.read_text(encoding="utf-8").replace("a", "b"), encoding="utf-8")


@pytest.mark.faults
@pytest.mark.parametrize(
    "tamper",
    [
        edit_record,
        edit_record_and_all_notes_of_it,
        swap_step_sizes,
        permute_labels,
        swap_test_labels,
        without_seals,
        edit_tex,
        other_pdf,
        other_manifest,
    ],
)
@pytest.mark.parametrize("dated", ["now", "as before"])
def test_what_was_tampered_with_is_made_again(
    reference: Project, built: Project, tamper: Callable[[Project], None], dated: str
) -> None:
    times = {path: path.stat().st_mtime_ns for path in built.folder.rglob("*") if path.is_file()}
    tamper(built)
    assert built.half_done(reference)
    if dated == "as before":
        for path, time in times.items():
            if path.exists():
                os.utime(path, ns=(time, time))
    ended = built.build()
    assert ended.status == 0, ended.said
    assert built.results() == reference.results()


@pytest.mark.faults
def test_results_of_another_dataset_are_not_taken_over(reference: Project, fresh: Project) -> None:
    pretend_mnist(reference, fresh)
    arrays = records.read_npz(reference / RESULTS / "digits.npz")
    arrays["y_test"] = 1 - arrays["y_test"]
    records.write_npz(fresh / DIGITS, **arrays)
    shutil.copyfile(reference / RESULTS / "digits.json", fresh / "results/digits.json")
    assert fresh.build("resources/mnist/t10k-labels-idx1-ubyte.gz").status == 0
    ended = fresh.build(DIGITS)
    assert ended.status == 0, ended.said
    assert (fresh / DIGITS).read_bytes() == (reference / RESULTS / "digits.npz").read_bytes()


def rebuilt_from(project: Project) -> set[str]:
    """Build; return the names of the files that are other ones than before."""
    before = project.results()
    ended = project.build()
    assert ended.status == 0, ended.said
    after = project.results()
    return {name for name in after if before.get(name) != after[name]}


def put_back(path: Path, change: Callable[[str], str]) -> None:
    """Put another version of a file in place, with a date of long ago, as `cp -p` does."""
    text = path.read_text(encoding="utf-8")
    assert change(text) != text
    path.write_text(change(text), encoding="utf-8")
    os.utime(path, (1e9, 1e9))


@pytest.mark.faults
def test_an_older_version_of_the_code_with_its_old_date_is_noticed(built: Project) -> None:
    put_back(built / "nn/losses.py", lambda text: text + "\n# Another version.\n")
    assert {"results/tex/appendix.tex", PDF} <= rebuilt_from(built)


@pytest.mark.faults
def test_changed_code_is_noticed_without_snakemakes_notes(built: Project) -> None:
    shutil.rmtree(built / ".snakemake/metadata")
    put_back(built / "nn/losses.py", lambda text: text + "\n# Another version.\n")
    assert {"results/tex/appendix.tex", PDF} <= rebuilt_from(built)


@pytest.mark.faults
def test_a_toy_pickle_with_other_labels_is_not_taken_for_the_courses(built: Project) -> None:
    toy = generate_toy(np.random.default_rng(189))
    path = built / "resources/toy/test_batch_weights_biases.pkl"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(pickle.dumps(tuple(toy._replace(y_batch=1 - toy.y_batch))))
    os.utime(path, (1e9, 1e9))
    assert "results/toy/toy.json" in rebuilt_from(built)
    assert records.read_json(built / "results/toy/toy.json")["source"] == "other"
    text = (built / "results/synthetic/tex/hw2.tex").read_text(encoding="utf-8")
    assert "not the course's" in " ".join(text.split()) or "another pickle" in text


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
LENGTH = re.compile(r"\d*\.?\d+(?:em|ex|pt|cm|mm|in|\\textwidth|\\linewidth)\b")
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
