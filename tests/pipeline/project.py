"""Copies of the project that build a tiny synthetic report, and what would be built in them."""

from __future__ import annotations

import copy
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
PDF = "report/hw2-synthetic.pdf"

Config = dict[str, Any]


def copy_sources(target: Path) -> Path:
    """Copy the project's own files, committed or not, and give them the tiny config."""
    listed = subprocess.run(
        ["git", "ls-files", "-coz", "--exclude-standard"], cwd=ROOT, capture_output=True, check=True
    )
    for name in set(listed.stdout.decode().split("\0")) - {""}:
        if (ROOT / name).is_file() and not name.startswith("tests/"):
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(ROOT / name, target / name)
    edit_config(target, make_tiny)
    return target


def copy_unbuilt(built: Path, target: Path) -> Path:
    """Copy the sources of a finished build, with today's time stamps, and nothing that it made."""
    made = {"results", ".snakemake", "logs"}
    for path in built.rglob("*"):
        name = path.relative_to(built)
        if path.is_file() and name.parts[0] not in made and path.suffix not in (".pdf", ".pyc"):
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target / name)
    return target


def make_tiny(config: Config) -> None:
    """Ask for the synthetic report, of so few images and updates that it takes seconds."""
    config["dataset"] = "synthetic"
    config["mirrors"] = ["resources/none"]
    config["toy"]["folders"] = ["resources/toy"]
    config["synthetic"] |= {"train_images": 400, "test_images": 100}
    config["training"] |= {"hidden": 16, "epochs": 1, "batch_size": 50}
    memorization = config["memorization"]
    memorization |= {"seeds": 2, "study_seeds": 1, "max_updates": 5}
    for recipe in (memorization["recipe"], *memorization["study"]):
        if "width" in recipe:
            recipe["width"] = 1000


def edit_config(folder: Path, change: Callable[[Config], None]) -> None:
    """Change the config of a copy."""
    path = folder / "config/config.yaml"
    config = yaml.safe_load(path.read_text(encoding="utf-8"))
    changed = copy.deepcopy(config)
    change(changed)
    assert changed != config, "an edit that changes nothing tests nothing"
    path.write_text(yaml.safe_dump(changed, sort_keys=False), encoding="utf-8")


def snakemake(
    folder: Path,
    *arguments: str,
    environment: Mapping[str, str] | None = None,
    before: tuple[str, ...] = (),
) -> subprocess.CompletedProcess[str]:
    """Run Snakemake in a copy as a person would; return what it said, both streams as one."""
    return subprocess.run(
        [*before, sys.executable, "-m", "snakemake", *arguments],
        cwd=folder,
        env=clean_environment() if environment is None else dict(environment),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        timeout=300,
        check=False,
    )


def clean_environment() -> dict[str, str]:
    """Return the environment without what pytest's workers and coverage put there."""
    dropped = ("PYTEST", "COV", "PYTHONPATH")
    return {key: value for key, value in os.environ.items() if not key.startswith(dropped)}


def build(folder: Path, *arguments: str, **options: Any) -> Path:
    """Build the report in a copy."""
    ran = snakemake(folder, *arguments, **options)
    assert ran.returncode == 0, ran.stdout
    return folder


def products(folder: Path) -> dict[str, str]:
    """Hash every file of a build's results, and its PDF."""
    files = [path for path in (folder / "results").rglob("*") if path.is_file()]
    shown = [path for path in files if not path.name.startswith(".")]
    return {
        path.relative_to(folder).as_posix(): sha256(path.read_bytes()).hexdigest()
        for path in sorted([*shown, folder / PDF])
    }


# Snakemake takes a second to load; so it is loaded once, and each question is a fork of it.
PLANNER = """
import json, os, sys
import jsonschema, smart_open, yaml
import snakemake.cli, snakemake.executors.local, snakemake.persistence.file, snakemake.report

snakemake.cli.get_argument_parser()

answers = os.dup(1)
os.dup2(2, 1)
for line in sys.stdin:
    if os.fork() == 0:
        answer = "Snakemake failed"
        try:
            folder = line.rstrip("\\n")
            os.chdir(folder)
            sys.path.insert(0, folder)
            from provenance.why import plan
            answer = [[job.rule, job.wildcards.get("step_size")] for job in plan()]
        finally:
            os.write(answers, (json.dumps(answer) + "\\n").encode())
            os._exit(0)
    os.wait()
"""


class Planner:
    """Tells what `snakemake` would do in a folder."""

    def __init__(self, log: Path) -> None:
        with log.open("w") as said:
            self._process = subprocess.Popen(
                [sys.executable, "-c", PLANNER],
                env=clean_environment(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=said,
                text=True,
            )

    def jobs(self, folder: Path) -> set[str]:
        """Name the jobs that would run: the rule, and the step size if it has one.

        The rule that typesets the synthetic report is called as that for MNIST.
        """
        assert self._process.stdin and self._process.stdout
        print(folder, file=self._process.stdin, flush=True)
        answer = json.loads(self._process.stdout.readline())
        assert isinstance(answer, list), answer
        names = {" ".join(filter(None, job)) for job in answer}
        return {name.removesuffix("_synthetic") for name in names} - {"all"}

    def close(self) -> None:
        """End the process."""
        self._process.communicate()
