"""What `make sweep` does once the environment stands: train all cells, and make one table of them.

A cell that fails does not keep the others from being trained; the page is then made of those that
are there, and the exit status is 1. The same command goes on with what is missing.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import yaml

CONFIG = Path("config/config.yaml")


def main(arguments: Sequence[str]) -> int:
    """Sweep, and say what came of it."""
    page, results = Path("report/sweep.pdf"), Path("results/sweep")
    with suppress(OSError, ValueError, KeyError, TypeError, yaml.YAMLError):  # Snakemake's to tell
        if yaml.safe_load(CONFIG.read_text(encoding="utf-8"))["dataset"] == "synthetic":
            page, results = Path("report/sweep-synthetic.pdf"), Path("results/synthetic/sweep")
    status = snakemake("sweep", "--keep-going", *arguments)
    if {"-n", "--dry-run", "--dryrun"} & {*arguments}:
        return status
    if status != 0:
        if not any(results.glob("*/*/*.json")):
            return status
        print("\nThe page is made of the cells that are there.", flush=True)
        if snakemake("sweep", *arguments, "--config", "cells=present") != 0:
            return status
    facts = json.loads((results / "sweep.json").read_text("utf-8"))
    print(f"\nThe sweep: {page.resolve()}, its table: {results / 'sweep.csv'}")
    print("  {runs} runs, {failed} of them failed in training; missing: {missing}".format(**facts))
    if status != 0:
        print("  -> Why is told above. The same command goes on with what is missing.")
    return status


def snakemake(*arguments: str) -> int:
    """Run Snakemake, with the progress of `make report`; return the exit status."""
    command = [sys.executable, "-P", "-m", "snakemake", "--cores", "all"]
    environment = os.environ | {"PYTHONPATH": str(Path("provenance/display").absolute())}
    return subprocess.run(
        [*command, *arguments, "--logger", "steps"], env=environment, check=False
    ).returncode


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit("\nStopped. The same command goes on from here.")
