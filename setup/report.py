"""What `make report` does once the environment stands: build, and say what came of it.

The report on MNIST is built if MNIST can be had. If not, the reason is told, the report on drawn
digits is built under its own name, and the last line is the remedy. The exit status is 0 if a
report was built, this one included, and 1 if none was; a script that needs the report on MNIST
and nothing else calls `snakemake report/hw2.pdf`, which never substitutes anything.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import yaml

CONFIG = Path("config/config.yaml")
REPORT = Path("report/hw2.pdf")
SYNTHETIC = Path("report/hw2-synthetic.pdf")
RESULTS = {REPORT: Path("results"), SYNTHETIC: Path("results/synthetic")}
FETCH_LOG = Path("logs/fetch_mnist.log")


def main(arguments: Sequence[str]) -> int:
    """Build the report, or the one that is possible."""
    if dataset() == "synthetic":
        return finish(SYNTHETIC, arguments)
    last_fetch = time_stamp(FETCH_LOG)
    if finish(REPORT, arguments) == 0:
        return 0
    reason = why_no_mnist() if time_stamp(FETCH_LOG) != last_fetch else ""
    if not reason:
        return 1
    print(f"\nWithout MNIST there is no {REPORT}. Building {SYNTHETIC} instead.", flush=True)
    if finish(SYNTHETIC, arguments) != 0:
        return 1
    print(f"\nThis is not the report on MNIST: {reason}")
    return 0


def dataset() -> str:
    """Read which dataset the config asks for; a config that is broken is Snakemake's to tell."""
    try:
        config = yaml.safe_load(CONFIG.read_text(encoding="utf-8"))
        return str(config["dataset"])
    except (OSError, yaml.YAMLError, LookupError, TypeError):
        return "mnist"


def finish(report: Path, arguments: Sequence[str]) -> int:
    """Build a report and say what stands in it; return the exit status."""
    if not build(report, arguments):
        return 1
    print(headline(report), flush=True)
    return 0


def build(target: Path, arguments: Sequence[str]) -> bool:
    """Let Snakemake make a file; say so if there was nothing to do."""
    before = time_stamp(target)
    # Snakemake finds the logger, snakemake_logger_plugin_steps, on the module path.
    command = [sys.executable, "-m", "snakemake", str(target), "--cores", "all"]
    built = subprocess.run(
        [*command, "--logger", "steps", *arguments],
        env=os.environ | {"PYTHONPATH": str(Path(__file__).parent)},
        check=False,
    )
    if built.returncode == 0 and before is not None and before == time_stamp(target):
        print(f"{target} is up to date: nothing had to be done.")
    return built.returncode == 0


def time_stamp(path: Path) -> int | None:
    """Tell when a file was last written; None if it is not there."""
    return path.stat().st_mtime_ns if path.exists() else None


def why_no_mnist() -> str:
    """Give cause and remedy if MNIST could not be fetched; else an empty string."""
    said = FETCH_LOG.read_text(encoding="utf-8", errors="replace")
    return said.rpartition("ERROR: ")[2].strip() if "ERROR: " in said else ""


def headline(report: Path) -> str:
    """Say where the report is and what came out, from the records."""
    results = RESULTS[report]
    config = yaml.safe_load(CONFIG.read_text(encoding="utf-8"))
    step_sizes = [float(step_size) for step_size in config["training"]["step_sizes"]]
    lines = [f"\nThe report: {report.resolve()}"]
    for step_size in dict.fromkeys([step_sizes[0], step_sizes[-1]]):
        summary = json.loads((results / f"train/{step_size}/summary.json").read_text("utf-8"))
        lines.append(
            f"  step size {step_size:g}: test accuracy {summary['test_accuracy']['last']:.4f}, "
            f"test loss {summary['test_loss']['last']:.4f} after {summary['timesteps']} updates"
        )
    if not config["author"]["name"]:
        lines.append("  Not signed: config/config.yaml (author) names nobody.")
    return "\n".join(lines)


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit("\nStopped. The same command goes on from here.")
