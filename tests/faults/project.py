"""A copy of this project with tiny data, to be built, killed and damaged."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import time
import venv
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from tests.pipeline.project import clean_environment, copy_sources, edit_config

REPORT = (sys.executable, "setup/report.py")
# No test needs longer, on a slow machine either.
LIMIT = 300


class Ended(NamedTuple):
    """How a command ended, and all that it said."""

    status: int
    said: str

    def last_words(self, lines: int = 12) -> str:
        """What a person still sees of it."""
        return "\n".join(self.said.strip().splitlines()[-lines:])


class Project:
    """A copy of the project in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.python = sys.executable

    def __truediv__(self, name: str) -> Path:
        return self.folder / name

    def run(self, *command: str | Path, prefix: tuple[str, ...] = (), **env: str | None) -> Ended:
        """Run a command in the folder; a variable that is None is unset."""
        ended = subprocess.run(
            [*prefix, *map(str, command)],
            cwd=self.folder,
            env=surroundings(**env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=LIMIT,
            check=False,
        )
        return Ended(ended.returncode, ended.stdout)

    def build(self, *arguments: str | Path, cores: int = 2, **more: Any) -> Ended:
        """Build with Snakemake itself."""
        return self.run(self.python, "-m", "snakemake", "--cores", str(cores), *arguments, **more)

    def report(self, *arguments: str, **more: Any) -> Ended:
        """Build as `make report` does, without looking at the environment first."""
        return self.run(*REPORT, *arguments, **more)

    def start(self, *arguments: str | Path, **env: str | None) -> subprocess.Popen[bytes]:
        """Start a build in a process group of its own; what it says goes to said.txt."""
        with (self / "said.txt").open("wb") as said:
            return subprocess.Popen(
                [self.python, "-m", "snakemake", "--cores", "2", *arguments],
                cwd=self.folder,
                env=surroundings(**env),
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def hook(self, code: str) -> None:
        """From now on, build with a Python that runs `code` first, with the same packages."""
        environment = self.folder.parent / "hooked"
        venv.create(environment, symlinks=True)
        (packages,) = environment.glob("lib/python*/site-packages")
        ours = f"import site; site.addsitedir({sysconfig.get_path('purelib')!r})\n"
        (packages / "ours.pth").write_text(ours, encoding="utf-8")
        (packages / "sitecustomize.py").write_text(code, encoding="utf-8")
        self.python = str(environment / "bin/python")

    def configure(self, **changes: Any) -> None:
        """Change the config: `training={"hidden": 8}` changes that key of that section."""

        def change(config: dict[str, Any]) -> None:
            for key, value in changes.items():
                config[key] = config[key] | value if isinstance(value, dict) else value

        edit_config(self.folder, change)

    def results(self) -> dict[str, str]:
        """Hash every file that a build has made, by name."""
        made = [*(self / "results").rglob("*"), *(self / "report").glob("*.pdf")]
        return {
            path.relative_to(self.folder).as_posix(): digest(path)
            for path in sorted(made)
            if path.is_file() and not path.name.startswith(".")
        }

    def half_done(self, reference: Project) -> list[str]:
        """List the files that are under their final names and not what they should be."""
        should_be = reference.results()
        return [name for name, found in self.results().items() if found != should_be.get(name)]

    def manifest(self) -> dict[str, Any]:
        """Read the manifest."""
        path = self / "results/synthetic/manifest.json"
        return dict(json.loads(path.read_text(encoding="utf-8")))

    def locks(self) -> list[Path]:
        """List Snakemake's locks."""
        return sorted((self / ".snakemake/locks").glob("*"))

    def processes(self) -> list[int]:
        """List the processes that work in this folder."""
        return [pid for pid, cwd in _working_directories() if Path(cwd) == self.folder.resolve()]


def _working_directories() -> Iterator[tuple[int, str]]:
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                state = (entry / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0]
                if state != "Z":
                    yield int(entry.name), os.readlink(entry / "cwd")
            except OSError:
                continue


def surroundings(**env: str | None) -> dict[str, str]:
    """Give the environment of a person's shell, with some variables changed."""
    changed = clean_environment() | env
    return {name: value for name, value in changed.items() if value is not None}


def digest(path: Path) -> str:
    """Hash a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def copy_built(source: Project, folder: Path) -> Project:
    """Copy a project with all that was built in it."""
    shutil.copytree(source.folder, folder, symlinks=True)
    return Project(folder)


def finished(folder: Path) -> Project:
    """Build a project without disturbance; processes that ask for the same one share it."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    with folder.with_suffix(".lock").open("w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "done").exists():
            shutil.rmtree(folder, ignore_errors=True)
            project = Project(copy_sources(folder))
            start = time.monotonic()
            ended = project.build()
            assert ended.status == 0, ended.said
            (folder / "done").write_text(str(time.monotonic() - start), encoding="utf-8")
    return Project(folder)


def kill_group(process: subprocess.Popen[bytes], number: int) -> int:
    """Send a signal to all processes of a build; return how it ended."""
    os.killpg(process.pid, number)
    return process.wait(timeout=60)


def quiet(project: Project, seconds: float = 5.0) -> list[int]:
    """Wait until nothing works in a project's folder any longer; return what still does."""
    end = time.monotonic() + seconds
    while (left := project.processes()) and time.monotonic() < end:
        time.sleep(0.05)
    return left


STOP = {"SIGKILL": signal.SIGKILL, "SIGTERM": signal.SIGTERM, "SIGINT": signal.SIGINT}
