"""A copy of this project with tiny data, to be built, edited, killed and damaged."""

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
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import psutil
import yaml

ROOT = Path(__file__).resolve().parents[1]
TINY = Path(__file__).with_name("tiny.yaml")
CONFIG = "config/config.yaml"
RECEIPTS = ".snakemake/receipts"
PDF = "report/hw2-synthetic.pdf"
RESULTS = "results/synthetic"
RECEIPTS = ".snakemake/receipts"
# With `pretend_mnist`: the first thing that is made from MNIST, and where MNIST comes from.
DIGITS, MIRROR = "results/digits.npz", "a mirror"

# No test needs longer, on a slow machine either.
LIMIT = 300
#: What lies beside the project's own files; hidden files and folders are left out as well.
BESIDE = {"benchmarks", "crate", "docs", "logs", "resources", "results", "site", "tests"}


class Ended(NamedTuple):
    """How a command ended, and all that it said."""

    status: int
    said: str

    def last_words(self, lines: int = 12) -> str:
        """What a person still sees of it."""
        return "\n".join(self.said.strip().splitlines()[-lines:])


class Job(NamedTuple):
    """What a receipt tells of a job: paths, of outputs with their SHA-256."""

    inputs: set[str]
    outputs: dict[str, str]
    params: dict[str, Any]
    done: float


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
        """Run Snakemake as a person would."""
        return self.run(self.python, "-m", "snakemake", "--cores", str(cores), *arguments, **more)

    def builds(self, *arguments: str | Path, **more: Any) -> Ended:
        """Build; this has to succeed."""
        ended = self.build(*arguments, **more)
        assert ended.status == 0, ended.said
        return ended

    def fails(self, *arguments: str | Path, **more: Any) -> Ended:
        """Build; this has to fail."""
        ended = self.build(*arguments, **more)
        assert ended.status != 0, ended.said
        return ended

    def start(
        self, *arguments: str | Path, prefix: tuple[str, ...] = (), **env: str | None
    ) -> subprocess.Popen[bytes]:
        """Start a build in a process group of its own; what it says goes to said.txt."""
        with (self / "said.txt").open("wb") as said:
            return subprocess.Popen(
                [*prefix, self.python, "-m", "snakemake", "--cores", "2", *arguments],
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
        if self.python == sys.executable:
            venv.create(environment, symlinks=True)
            self.python = str(environment / "bin/python")
        (packages,) = environment.glob("lib/python*/site-packages")
        ours = f"import site; site.addsitedir({sysconfig.get_path('purelib')!r})\n"
        (packages / "ours.pth").write_text(ours, encoding="utf-8")
        (packages / "sitecustomize.py").write_text(code, encoding="utf-8")

    def configure(self, **changes: Any) -> None:
        """Change the config: `training={"hidden": 8}` changes that key of that section."""
        before = (self / CONFIG).read_text(encoding="utf-8")
        config = yaml.safe_load(before)
        for key, value in changes.items():
            config[key] = config[key] | value if isinstance(value, dict) else value
        after = yaml.safe_dump(config, sort_keys=False, allow_unicode=True)
        assert yaml.safe_load(after) != yaml.safe_load(before), "an edit has to change something"
        (self / CONFIG).write_text(after, encoding="utf-8")

    def hold(self, script: str) -> None:
        """Have a job wait at its beginning while there is a file `wait`, which there is now."""
        path, begin = self / "workflow/scripts" / script, "with job(snakemake):\n"
        wait = "    import os, time\n    while os.path.exists('wait'): time.sleep(0.1)\n"
        assert begin in path.read_text(encoding="utf-8")
        path.write_text(path.read_text("utf-8").replace(begin, begin + wait), encoding="utf-8")
        (self / "wait").touch()

    def append(self, name: str, text: str = "\n# edited\n") -> None:
        """Add something to the end of a file."""
        with (self / name).open("a", encoding="utf-8") as file:
            file.write(text)

    def pretend_mnist(self, reference: Project) -> None:
        """Call the reference's drawn digits MNIST: their hashes are its, a folder has them."""
        shutil.copytree(reference / RESULTS / "idx", self / MIRROR)
        sums = "".join(f"{digest(p)}  {p.name}\n" for p in sorted((self / MIRROR).iterdir()))
        (self / "config/mnist.sha256").write_text(sums, encoding="utf-8")
        self.configure(dataset="mnist", mirrors=[MIRROR])

    def results(self) -> dict[str, str]:
        """Hash every file that a build has made, by name."""
        reports = [*(self / "report").glob("*.pdf"), *(self / "report").glob("*.html")]
        made = [*(self / "results").rglob("*"), *reports]
        return {
            path.relative_to(self.folder).as_posix(): digest(path)
            for path in sorted(made)
            if path.is_file() and not path.name.startswith(".")
        }

    def half_done(self, reference: Project) -> list[str]:
        """List the files that are under their final names and not what they should be."""
        should_be = reference.results()
        return [name for name, found in self.results().items() if found != should_be.get(name)]

    def jobs(self) -> dict[str, Job]:
        """Read from the receipts what each job read and wrote; it is called as by `Planner`."""
        jobs = {}
        for path in (self / RECEIPTS).glob("[!.]*"):
            noted = json.loads(path.read_text(encoding="utf-8"))
            name = job_name(noted["rule"], noted["wildcards"])
            done = path.stat().st_mtime
            jobs[name] = Job({*noted["inputs"]}, noted["outputs"], noted["params"], done)
        return jobs

    def forget(self) -> None:
        """Remove the receipts."""
        shutil.rmtree(self / RECEIPTS)

    def printed_hash(self) -> str:
        """Compute the chain of hashes that the report's last page states."""
        program = "import sys, provenance.manifest as m; print(m.manifest_of(sys.argv[1:]).chain)"
        inputs = self.jobs()["render_report"].inputs
        return self.run(self.python, "-c", program, *inputs).said.strip()

    def locks(self) -> list[Path]:
        """List Snakemake's locks."""
        return sorted((self / ".snakemake/locks").glob("*"))

    def busy(self) -> list[int]:
        """Wait until nothing works in the folder any longer; return what still does."""
        wait_for(lambda: not self._processes(), 20)
        return self._processes()

    def _processes(self) -> list[int]:
        here = str(self.folder.resolve())
        return [p.pid for p in psutil.process_iter(["cwd"]) if p.info["cwd"] == here]


def wait_for(condition: Callable[[], object], seconds: float = 60) -> bool:
    """Wait until something is so, at most as long as a slow machine needs; tell whether it is."""
    end = time.monotonic() + seconds
    while not (so := bool(condition())) and time.monotonic() < end:
        time.sleep(0.02)
    return so


def surroundings(**env: str | None) -> dict[str, str]:
    """Give the environment of a person's shell, with some variables changed."""
    ours = ("PYTEST", "COV", "PYTHONPATH")
    shell = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return {name: value for name, value in (shell | env).items() if value is not None}


def digest(path: Path) -> str:
    """Hash a file."""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def flip(path: Path) -> bytes:
    """Change one bit in the middle of a file and keep its time; return what it is now."""
    times = path.stat()
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    return bytes(content)


def sources(root: Path = ROOT) -> Iterator[str]:
    """Name the project's own files, without asking git, which a downloaded archive lacks."""
    for place, folders, names in os.walk(root):
        here = Path(place).relative_to(root)
        left_out = {"__pycache__", *(BESIDE if here == Path() else [])}
        folders[:] = [name for name in folders if name[0] != "." and name not in left_out]
        made = (".pdf", ".html", ".tar.gz", ".zip") if here == Path("report") else ()
        for name in sorted(names):
            if (
                name[0] != "."
                and not name.endswith((".pyc", *made))
                and Path(place, name).is_file()
            ):
                yield (here / name).as_posix()


def copy_sources(source: Path, target: Path) -> Project:
    """Copy the project's own files, with the tiny config and without what a build made."""
    for name in sources(source):
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source / name, target / name)
    shutil.copyfile(TINY, target / CONFIG)
    return Project(target)


def copy_built(source: Project, folder: Path) -> Project:
    """Copy a project with all that was built in it and all time stamps."""
    shutil.copytree(source.folder, folder, symlinks=True)
    return Project(folder)


def finished(folder: Path) -> Project:
    """Build a project without disturbance; processes that ask for the same one share it."""
    with folder.with_suffix(".lock").open("w", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not folder.with_suffix(".seconds").exists():
            shutil.rmtree(folder, ignore_errors=True)
            project = copy_sources(ROOT, folder)
            start = time.monotonic()
            project.builds()
            took = time.monotonic() - start
            folder.with_suffix(".seconds").write_text(str(took), encoding="utf-8")
    return Project(folder)


def seconds_of(reference: Project) -> float:
    """Tell how long the undisturbed build took."""
    return float(reference.folder.with_suffix(".seconds").read_text(encoding="utf-8"))


def kill_group(process: subprocess.Popen[bytes], number: signal.Signals) -> int:
    """Send a signal to all processes of a build; return how it ended."""
    os.killpg(process.pid, number)
    return process.wait(timeout=60)


def job_name(rule: str, wildcards: dict[str, str]) -> str:
    """Call a job by its rule, as that for MNIST, and its step size and seeds if it has them."""
    those = [wildcards[name] for name in ("step_size", "seeds") if name in wildcards]
    return " ".join([rule.removesuffix("_synthetic"), *those])


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
            answer = [[job.rule, dict(job.wildcards.items())] for job in plan()]
        finally:
            os.write(answers, (json.dumps(answer) + "\\n").encode())
            os._exit(0)
    os.wait()
"""


class Planner:
    """Tells what `snakemake` would do in a project."""

    def __init__(self, log: Path) -> None:
        with log.open("w") as said:
            self._process = subprocess.Popen(
                [sys.executable, "-c", PLANNER],
                env=surroundings(),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=said,
                text=True,
            )

    def __call__(self, project: Project) -> set[str]:
        """Name the jobs that would run."""
        assert self._process.stdin and self._process.stdout
        print(project.folder, file=self._process.stdin, flush=True)
        answer = json.loads(self._process.stdout.readline())
        assert isinstance(answer, list), answer
        return {job_name(rule, wildcards) for rule, wildcards in answer} - {"all"}

    def close(self) -> None:
        """End the process."""
        self._process.communicate()
