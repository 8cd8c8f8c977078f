"""Attempts to get a wrong report without a word, and what stops each."""

from __future__ import annotations

import gzip
import os
import re
import shutil
from collections.abc import Callable

import pypdf
import pytest

from provenance import records
from tests.project import DIGITS, PDF, RESULTS, Planner, Project


def edit_record(project: Project) -> None:
    path = project / RESULTS / "mistakes.json"
    facts = path.read_text(encoding="utf-8")
    path.write_text(re.sub(r"\d\.\d+", "0.5", facts, count=1), encoding="utf-8")


def edit_record_and_all_notes_of_it(project: Project) -> None:
    edit_record(project)
    shutil.rmtree(project / ".snakemake/metadata")
    project.forget()


def swap_step_sizes(project: Project) -> None:
    first, last = (project / RESULTS / "train" / step for step in ("0.1", "10.0"))
    for name in ("series.csv", "weights.npz", "summary.json"):
        one, other = (first / name).read_bytes(), (last / name).read_bytes()
        (first / name).write_bytes(other)
        (last / name).write_bytes(one)


def swap_step_sizes_and_forget(project: Project) -> None:
    swap_step_sizes(project)
    project.forget()


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


def edit_tex(project: Project) -> None:
    for name in (f"{RESULTS}/tex/hw2.tex", "results/tex/appendix.tex"):
        path = project / name
        path.write_text(path.read_text(encoding="utf-8").replace("3", "4"), encoding="utf-8")


def other_pdf(project: Project) -> None:
    (project / PDF).write_bytes(b"%PDF-1.5\n% another\n")


@pytest.mark.parametrize(
    "tamper",
    [
        *(edit_record, edit_record_and_all_notes_of_it),
        *(swap_step_sizes, swap_step_sizes_and_forget, permute_labels, swap_test_labels),
        *(edit_tex, other_pdf),
    ],
)
def test_what_was_tampered_with_is_made_again(
    reference: Project, built: Project, planned: Planner, tamper: Callable[[Project], None]
) -> None:
    times = {path: path.stat().st_mtime_ns for path in built.folder.rglob("*") if path.is_file()}
    tamper(built)
    for path in filter(os.path.exists, times):
        os.utime(path, ns=(times[path], times[path]))
    altered = set(built.half_done(reference))
    makers = {name for name, job in reference.jobs().items() if altered & job.outputs.keys()}
    assert makers
    assert {*makers, "typeset"} <= planned(built)


@pytest.mark.faults
def test_results_of_another_dataset_are_not_taken_over(reference: Project, fresh: Project) -> None:
    fresh.pretend_mnist(reference)
    arrays = records.read_npz(reference / RESULTS / "digits.npz")
    arrays["y_test"] = 1 - arrays["y_test"]
    records.write_npz(fresh / DIGITS, **arrays)
    shutil.copyfile(reference / RESULTS / "digits.json", fresh / "results/digits.json")
    fresh.builds("resources/mnist/t10k-labels-idx1-ubyte.gz")
    fresh.builds(DIGITS)
    assert (fresh / DIGITS).read_bytes() == (reference / RESULTS / "digits.npz").read_bytes()


@pytest.mark.faults
@pytest.mark.row(
    33,
    "The build stops and names them in plain words; with `claims: mark` a report of another name "
    "marks them, and page 1 and the last words name them.",
)
def test_sentences_that_do_not_hold_stop_the_build_or_are_marked(
    reference: Project, fresh: Project
) -> None:
    fresh.pretend_mnist(reference)
    ended = fresh.fails()
    assert "learns_98: \u201cThe network ends at a test accuracy of " in ended.said
    assert "`claims: mark`" in ended.last_words(1)
    assert not (fresh / "report/hw2.pdf").exists()
    fresh.configure(claims="mark")
    assert "report/hw2-mine.pdf marks what does not hold" in fresh.builds().last_words(1)
    assert not (fresh / "report/hw2.pdf").exists()
    pages = [page.extract_text() for page in pypdf.PdfReader(fresh / "report/hw2-mine.pdf").pages]
    assert all("Own settings: " in text and " sentences do not hold" in text for text in pages)
    assert "learns_98" in pages[0]
    page = (fresh / "report/hw2-mine.html").read_text(encoding="utf-8")
    assert "Own settings: " in page.partition("<nav")[0]


def test_changed_code_is_noticed_without_snakemakes_notes(built: Project, planned: Planner) -> None:
    shutil.rmtree(built / ".snakemake/metadata")
    built.append("nn/losses.py")
    os.utime(built / "nn/losses.py", (1e9, 1e9))  # as `cp -p` of another version does
    assert {"train 0.1", "list_code", "typeset"} <= planned(built)


@pytest.mark.faults
@pytest.mark.row(
    34, "No report appears; the last words name the file, and the command again helps."
)
@pytest.mark.parametrize(
    ("path", "old", "new"),
    [("config/config.yaml", "epochs: 1", "epochs: 2"), ("report/claims.yaml", "\n", "\n# new\n")],
)
def test_what_is_saved_while_a_build_runs_is_not_printed_beside_older_results(
    built: Project, path: str, old: str, new: str
) -> None:
    built.append("report/claims.yaml")
    built.hook(
        "import sys\n"
        "if sys.orig_argv[-1].endswith('render_report.py'):\n"
        f"    text = open({path!r}).read()\n"
        f"    open({path!r}, 'w').write(text.replace({old!r}, {new!r}, 1))\n"
    )
    assert path in built.fails().last_words(3)
    built.hook("")
    built.builds()


@pytest.mark.faults
@pytest.mark.row(34)
def test_code_saved_before_it_is_listed_is_not_printed_beside_older_text(built: Project) -> None:
    (built / "results/tex/appendix.tex").unlink()
    pdf = (built / PDF).read_bytes()
    built.hook(
        "import sys\n"
        "if sys.orig_argv[-1].endswith('list_code.py'):\n"
        "    open('nn/losses.py', 'a').write('# edited\\n')\n"
    )
    assert "nn/losses.py changed after a part of the report was made" in built.fails().last_words()
    assert not (built / PDF).exists() or (built / PDF).read_bytes() == pdf
    built.hook("")
    built.builds()
