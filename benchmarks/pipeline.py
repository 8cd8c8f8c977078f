"""The pipeline's wall times: cold, nothing to do, one file edited; beside an empty Snakefile.

Everything happens in a copy of the project in a temporary folder. Downloads are copied with it.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.processes import THREADS, run
from benchmarks.tasks import ROOT, Task

REPORT = "report/hw2.pdf"
ONE_RULE = """rule all:
    output: "done.txt"
    shell: "echo done > {output}"
"""


def measure(repeats: int) -> dict[str, list[float]]:
    """Measure every state that a build can start from, interleaved.

    Parameters
    ----------
    repeats : int
        How many rounds.

    Returns
    -------
    dict of str to list of float
        Seconds of each round: cold, no-op, one-rule no-op, template edited, style edited, nn
        module edited; and the training of part (e) in PyTorch, float64, two threads.
    """
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        project, one_rule = Path(folder, "project"), Path(folder, "one-rule")
        copy_project(project)
        one_rule.mkdir()
        (one_rule / "Snakefile").write_text(ONE_RULE, encoding="utf-8")
        build(project)
        build(one_rule)
        states = prepare(project)
        seconds: dict[str, list[float]] = {}
        for repeat in range(repeats):
            for name, change in states.items():
                change()
                seconds.setdefault(name, []).append(build(project))
                tell(repeat, name, seconds[name][-1])
                if name == "no-op":
                    seconds.setdefault("one-rule no-op", []).append(build(one_rule))
                    tell(repeat, "one-rule no-op", seconds["one-rule no-op"][-1])
            torch = run("torch", Task(), 2)["seconds"]
            seconds.setdefault("PyTorch training", []).append(torch)
            tell(repeat, "PyTorch training", torch)
        return seconds


def tell(repeat: int, name: str, seconds: float) -> None:
    """Say on stderr how far the measurement is."""
    print(f"round {repeat + 1}, {name}: {seconds:.2f} s", file=sys.stderr, flush=True)


def prepare(project: Path) -> dict[str, Callable[[], None]]:
    """Name the states to build from, each with what brings it about."""
    return {
        "cold": lambda: delete_results(project),
        "no-op": lambda: None,
        "template edited": lambda: append(project / "report/questions/e.tex.j2", "% edited\n"),
        "style edited": lambda: append(project / "report/report.mplstyle", "# edited\n"),
        "nn module edited": lambda: append(project / "nn/training.py", "# edited\n"),
    }


def copy_project(target: Path) -> None:
    """Copy the project as it stands, without what git ignores, but with what was downloaded."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    for name in filter(None, listed.split("\0")):
        if (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, target / name)
    caches = {
        "resources/mnist": [ROOT / "resources/mnist", ROOT.parent / "shared/mnist"],
        "resources/toy": [ROOT / "resources/toy", ROOT.parent / "shared/toy"],
    }
    for name, folders in caches.items():
        source = next((f for f in folders if f.is_dir() and any(f.iterdir())), None)
        if source:
            shutil.copytree(source, target / name)


def build(folder: Path) -> float:
    """Run `snakemake` on two cores and return the seconds that it took.

    Raises
    ------
    RuntimeError
        If the build fails, with its last words.
    """
    kept = {k: v for k, v in os.environ.items() if k not in (*THREADS, "PYTHONPATH")}
    begin = time.perf_counter()
    done = subprocess.run(
        [sys.executable, "-m", "snakemake", "--cores", "2"],
        cwd=folder,
        env=kept,
        capture_output=True,
        text=True,
        check=False,
    )
    seconds = time.perf_counter() - begin
    if done.returncode:
        raise RuntimeError(f"the build in {folder} failed:\n{(done.stdout + done.stderr)[-3000:]}")
    return seconds


def delete_results(project: Path) -> None:
    """Delete what `make clean` does: everything computed; what was downloaded stays."""
    for name in ("results", "logs", ".snakemake"):
        shutil.rmtree(project / name, ignore_errors=True)
    (project / REPORT).unlink(missing_ok=True)


def append(path: Path, line: str) -> None:
    """Change a file by a comment at its end."""
    with path.open("a", encoding="utf-8") as file:
        file.write(line)
