"""The pipeline's wall times: whole `snakemake` processes in a copy of the project.

Each build begins where the one before it, in the order of `cases`, left off.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks.trainings import ROOT, TORCH, Cases, Task, mnist_folder, run

WHERE = "pipeline, 2 cores"
ONE_RULE = """rule all:
    output: "done.txt"
    shell: "echo done > {output}"
"""


def cases(folder: Path) -> Cases:
    """List the builds: from nothing but downloads, with nothing to do, after an edit."""
    project = folder / "project"
    clean = partial(subprocess.run, ["make", "--silent", "clean"], cwd=project, check=True)
    template, style = project / "report/questions/e.tex.j2", project / "report/report.mplstyle"
    return {
        (WHERE, "cold build"): partial(build, project, clean),
        (WHERE, "no-op"): partial(build, project),
        (WHERE, "one-rule no-op"): partial(build, folder / "one-rule"),
        (WHERE, "edited template"): partial(build, project, partial(append, template, "% edited")),
        (WHERE, "edited style"): partial(build, project, partial(append, style, "# edited")),
        (WHERE, f"{TORCH}, part (e)"): lambda: run(TORCH, 2, Task())[0],
    }


def prepare(folder: Path) -> None:
    """Copy the project as it stands, downloads included, beside a Snakefile of one rule; build."""
    listing = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(listing, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True).stdout
    copies = {name: ROOT / name for name in listed.split("\0")}
    if mnist := mnist_folder():
        copies |= {f"resources/mnist/{path.name}": path for path in mnist.glob("*.gz")}
    for toy in (ROOT.parent / "shared/toy", ROOT / "resources/toy"):
        copies |= {f"resources/toy/{path.name}": path for path in toy.glob("*.pkl")}
    for name, source in copies.items():
        if source.is_file():
            target = folder / "project" / name
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(source, target)
    (folder / "one-rule").mkdir()
    (folder / "one-rule" / "Snakefile").write_text(ONE_RULE, encoding="utf-8")
    build(folder / "project")
    build(folder / "one-rule")


def build(folder: Path, change: Callable[[], object] = lambda: None) -> float:
    """Change something, then run `snakemake` on two cores and return its seconds."""
    change()
    dataset = "dataset=mnist" if mnist_folder() else "dataset=synthetic"
    command = [sys.executable, "-P", "-m", "snakemake", "--cores", "2", "--config", dataset]
    begin = time.perf_counter()
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - begin
    if done.returncode:
        raise RuntimeError(f"the build in {folder} failed:\n{(done.stdout + done.stderr)[-3000:]}")
    return seconds


def append(path: Path, comment: str) -> None:
    """Edit a file: a comment at its end."""
    with path.open("a", encoding="utf-8") as file:
        file.write(f"{comment}\n")
