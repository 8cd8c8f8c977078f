"""What `make report` does once the environment stands: build, and say what came of it.

The report on MNIST is built if MNIST can be had. If not, the reason is told, the report on drawn
digits is built under its own name, and the last line is the remedy in short. The exit status is 0
if a report was built, this one included, and 1 if none was; a script that needs the report on MNIST
and nothing else calls `snakemake report/hw2.pdf`, which never substitutes anything.

Somebody's name, of `make report NAME="..."`, signs a copy: only its text is rendered and typeset
once more, and the report itself stays as it is.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

import yaml

CONFIG = Path("config/config.yaml")
REPORT = Path("report/hw2.pdf")
MINE = Path("report/hw2-mine.pdf")
SYNTHETIC = Path("report/hw2-synthetic.pdf")
RESULTS = {REPORT: Path("results"), MINE: Path("results"), SYNTHETIC: Path("results/synthetic")}
#: Who signs, for the job that renders the signed copy.
SIGNATURE = Path("config/signature.json")
#: A longer word would not fit on a line.
LONGEST_WORD = 30
#: What a build leaves that ended with all that was asked for, and made sure of it.
CHECKED = Path(".snakemake/checked")
FETCH_LOG = Path("logs/fetch_mnist.log")


def main(arguments: Sequence[str]) -> int:
    """Build the report, or the one that is possible, and a signed copy if somebody signs."""
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--name", type=str.strip)
    parser.add_argument("--with", dest="worked_with", type=str.strip, default="")
    options, others = parser.parse_known_args(arguments)
    name = options.name
    if name is not None and not 0 < max(map(len, name.split()), default=0) <= LONGEST_WORD:
        print(f"Nobody can sign as {name!r}: a name has words, of {LONGEST_WORD} letters at most.")
        print('  -> make report NAME="Ada Lovelace" WITH="I worked by myself."')
        return 1
    built = build(others)
    if built and name:
        return sign(built, name, options.worked_with, others)
    return 0 if built else 1


def build(arguments: Sequence[str]) -> Path | None:
    """Build the report, or the one that is possible; return its path."""
    config = settings()
    mine = MINE if config.get("claims") == "mark" else REPORT
    wanted = SYNTHETIC if config.get("dataset") == "synthetic" else mine
    last_fetch = time_stamp(FETCH_LOG)
    if finish(wanted, arguments) == 0:
        return wanted
    fetched = time_stamp(FETCH_LOG)
    if fetched == last_fetch or "ERROR: " not in FETCH_LOG.read_text("utf-8", "replace"):
        return None
    print(f"\nWithout MNIST there is no {wanted}. Building {SYNTHETIC} instead.", flush=True)
    if finish(SYNTHETIC, arguments) != 0:
        return None
    print(
        "\nThis is not the report on MNIST, which could not be had: why, and what helps, is above."
        "\n  -> In short: put MNIST's four files into resources/mnist; run the same command again."
    )
    return SYNTHETIC


def sign(report: Path, name: str, worked_with: str, arguments: Sequence[str]) -> int:
    """Make a signed copy of a report, and say what that certifies; return the exit status."""
    copy = report.with_name(f"{report.stem}-signed.pdf")
    signature = {"name": name, "worked_with": worked_with}
    SIGNATURE.write_text(json.dumps(signature, ensure_ascii=False) + "\n", encoding="utf-8")
    checked = time_stamp(CHECKED)
    if snakemake(copy, arguments) != 0:
        return 1
    if time_stamp(CHECKED) in (None, checked):
        return 0
    print(
        f"\nSigned: {copy.resolve()}\n"
        f"  It certifies in the name of {name} that all solutions are entirely in their own\n"
        "  words, that they saw no other student's, and that every source is credited. The\n"
        "  solutions here are ready-made: README.md says what you may do with them."
    )
    return 0


def settings() -> dict[str, Any]:
    """Read the config; nothing if it is broken, which is Snakemake's to tell."""
    with suppress(OSError, ValueError, yaml.YAMLError):
        return dict(yaml.safe_load(CONFIG.read_text(encoding="utf-8")))
    return {}


def finish(report: Path, arguments: Sequence[str]) -> int:
    """Build a report and say what stands in it; return the exit status."""
    before, checked = time_stamp(report), time_stamp(CHECKED)
    if snakemake(report, arguments) != 0:
        return 1
    if time_stamp(CHECKED) in (None, checked):  # it was asked for something else than a build
        return 0
    if before is not None and before == time_stamp(report):
        print(f"{report} is up to date: nothing had to be done.")
    print(headline(report), flush=True)
    return 0


def snakemake(target: Path, arguments: Sequence[str]) -> int:
    """Let Snakemake make a report, with a line for each job; return the exit status."""
    command = [sys.executable, "-P", "-m", "snakemake", str(target), "--cores", "all"]
    # It finds the logger, snakemake_logger_plugin_steps, on the module path.
    environment = os.environ | {"PYTHONPATH": str(Path("provenance/display").absolute())}
    return subprocess.run(
        [*command, "--logger", "steps", *arguments], env=environment, check=False
    ).returncode


def time_stamp(path: Path) -> int | None:
    """Tell when a file was last written; None if it is not there."""
    return path.stat().st_mtime_ns if path.exists() else None


def headline(report: Path) -> str:
    """Say where the report is and what came out, from the records."""
    page = report.with_suffix(".html").resolve()
    lines = [f"\nThe report: {report.resolve()}", f"  as a web page: {page}"]
    # The first and the last step size are those that the report examines.
    replication = json.loads((RESULTS[report] / "replication.json").read_text("utf-8"))
    for runs in (replication["first"], replication["last"]):
        # A further seed may have diverged; then its record has no accuracy.
        ended = [run["test_accuracy"]["last"] for run in runs if "test_accuracy" in run]
        own, seeds = runs[0], f" ({min(ended):.4f} to {max(ended):.4f} over {len(ended)} seeds)"
        line = (
            f"  step size {own['step_size']}: test accuracy {ended[0]:.4f}"
            f"{seeds if len(ended) > 1 else ''}, test loss {own['test_loss']['last']:.4f} "
            f"after {own['timesteps']} updates"
        )
        lines += [line] if line not in lines else []
    pages = questions(RESULTS[report] / f"pages/{report.stem}.json")
    lines.append(f"  pages for Gradescope: {', '.join(pages)}")
    lines.append('  Not signed; make report NAME="..." signs a copy.')
    return "\n".join(lines)


def questions(record: Path) -> Iterator[str]:
    """Say on which pages each question is answered, as it is asked for when one hands in."""
    pages = json.loads(record.read_text("utf-8"))
    asked = {title.split()[0]: where for title, where in pages.items() if title.startswith("(")}
    for question, where in asked.items():
        if not any(other.startswith(f"{question}(") for other in asked):
            last = f"-{where['to']}" if where["to"] > where["from"] else ""
            yield f"{question} {where['from']}{last}"


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except KeyboardInterrupt:
        sys.exit("\nStopped. The same command goes on from here.")
