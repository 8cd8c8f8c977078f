"""The sweep: its page, what it does when a cell fails, and that it is apart from the report."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from tests.project import Planner, Project, copy_built

PAGE, SWEEP = "report/sweep-synthetic.pdf", "results/synthetic/sweep"
SMALL = """\
step_sizes: [0.1, 10]
widths: [8, 16]
seeds: 3
seeds_per_job: 2
batch_size: 50
epochs: 1
failed_below: 0.9
"""


@pytest.fixture
def small(built: Project) -> Project:
    """Return a built project with a small sweep ahead."""
    (built / "config/sweep.yaml").write_text(SMALL, encoding="utf-8")
    return built


def outcomes(project: Project) -> dict[tuple[str, str, str], str]:
    """Read what the table says of each run."""
    with (project / SWEEP / "sweep.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return {(row["width"], row["step_size"], row["seed"]): row["outcome"] for row in rows}


def test_the_sweep_is_planned_cell_by_cell_and_apart_from_the_report(
    small: Project, planned: Planner
) -> None:
    assert planned(small) == set()
    table = small.builds("-n", "sweep").said.partition("Job stats:")[2].partition("total")[0]
    assert dict(line.split() for line in table.splitlines()[3:] if line.strip()) == {
        **dict.fromkeys(["sweep", "tabulate_sweep", "plot_sweep", "render_sweep"], "1"),
        **{"train_cell": "8", "typeset_sweep_synthetic": "1"},
    }
    for name in ("config/sweep.yaml", "homework/sweep.py", "report/sweep.tex.j2"):
        small.append(name, " ")
    small.append("workflow/scripts/sweep/train_cell.py")
    assert planned(small) == set()


def test_make_sweep_shows_its_plan(small: Project) -> None:
    ended = small.run(small.python, "setup/sweep.py", "-n")
    assert ended.status == 0, ended.said
    assert "Plot the sweep" in ended.said


def test_a_sweep_with_a_mistake_in_its_config_is_refused_by_the_key(small: Project) -> None:
    (small / "config/sweep.yaml").write_text(SMALL.replace("16", "0"), encoding="utf-8")
    said = small.fails("-n", "sweep").last_words(4)
    assert "config/sweep.yaml" in said
    assert "widths.1: expected a whole number, 1 or more; got 0" in said.replace("[1]", ".1")
    assert "Traceback" not in said


@pytest.mark.faults
@pytest.mark.row(
    76,
    "The others are trained; table and page say which are missing; the exit status is 1; the same "
    "command goes on with what is missing.",
)
def test_a_cell_that_fails_does_not_lose_the_others(small: Project, tmp_path: Path) -> None:
    undisturbed = copy_built(small, tmp_path / "undisturbed")
    undisturbed.builds("sweep")
    script = small / "workflow/scripts/sweep/train_cell.py"
    script.write_text(
        script.read_text("utf-8").replace(
            "    pin_threads()\n",
            "    pin_threads()\n"
            "    if snakemake.wildcards.seeds == '0-1' and snakemake.wildcards.width == '8':\n"
            "        assert not __import__('os').path.exists('fail')\n",
        ),
        encoding="utf-8",
    )
    (small / "fail").touch()
    ended = small.run(small.python, "setup/sweep.py")
    assert ended.status == 1
    assert "train_cell failed: AssertionError" in ended.said
    assert "missing: 4\n" in ended.said and "same command" in ended.last_words(1)
    assert (small / PAGE).is_file()
    missing = {run for run, outcome in outcomes(small).items() if outcome == "missing"}
    assert missing == {("8", step, seed) for step in ("0.1", "10.0") for seed in "01"}
    (small / "fail").unlink()
    ended = small.run(small.python, "setup/sweep.py")
    assert ended.status == 0 and "missing: 0\n" in ended.said, ended.said
    for name in ("sweep.csv", "sweep.json", "outcomes.pdf", "8/0.1/0-1.json"):
        assert (small / SWEEP / name).read_bytes() == (undisturbed / SWEEP / name).read_bytes()
