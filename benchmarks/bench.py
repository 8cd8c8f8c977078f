"""`make bench`: measure everything, write benchmarks/results/, print the table.

`make bench ARGS="--only part-e --repeats 1"` for a part of it.
"""

from __future__ import annotations

import argparse
import json
import sys
from importlib.metadata import version

from benchmarks import pipeline, tables, training
from benchmarks.tasks import ROOT, drawn_digits
from homework.synthetic import write_dataset

GROUPS = ("part-e", "batch", "width", "test-set", "pipeline")
RESULTS = ROOT / "benchmarks" / "results"


def main() -> None:
    """Measure, write, print."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=GROUPS, default=GROUPS, help="what to measure")
    parser.add_argument("--repeats", type=int, default=3, help="rounds (3)")
    arguments = parser.parse_args()
    draw_if_no_mnist()

    results = training.measure(training.plan(arguments.only), arguments.repeats)
    RESULTS.mkdir(parents=True, exist_ok=True)
    raw = [{"case": case, "task": case.task._asdict(), "runs": runs} for case, runs in results]
    (RESULTS / "runs.json").write_text(json.dumps(raw, indent=1), encoding="utf-8")
    seconds = pipeline.measure(arguments.repeats) if "pipeline" in arguments.only else {}
    table = tables.rows(results, seconds)
    machine = f"{tables.machine_line()}, PyTorch {version('torch')}"
    print(tables.write(RESULTS, table, tables.bounds(results, seconds), machine))


def draw_if_no_mnist() -> None:
    """Draw the synthetic digits where there is no MNIST, and say so."""
    folders = (ROOT / "resources" / "mnist", ROOT.parent / "shared" / "mnist")
    if any(folder.is_dir() and any(folder.iterdir()) for folder in folders):
        return
    print("No MNIST here (`make report` fetches it): measuring on drawn digits.", file=sys.stderr)
    if not drawn_digits().is_dir():
        drawn_digits().mkdir(parents=True)
        write_dataset(drawn_digits(), 12080, 2019, 39)


if __name__ == "__main__":
    main()
