"""The set-up behind `make report` and `make test`: packages, TeX, last words."""

from __future__ import annotations

import json
import os
import pty
import re
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
import yaml

from setup import lock, report

ROOT = Path(__file__).resolve().parents[1]
REQUIREMENTS = ROOT / "requirements.txt"
DEVELOPERS = ROOT / "requirements-dev.txt"
SLURM = ROOT / "requirements-slurm.txt"
TOOLS = ["bash", "cat", "cmp", "cp", "env", "find", "id", "mkdir", "mv", "rm", "rmdir", "sleep"]
TOOLS += ["tail", "touch"]

PACKAGES = ".venv/lib/python3.11/site-packages"

# A Python that makes virtual environments of nothing, and notes down what it installs.
PYTHON = """\
#!/usr/bin/env bash
case "$*" in
    "-c import ensurepip"*) exit "${NO_VENV:-0}" ;;
    "-m venv .venv")
        echo venv >> calls; mkdir -p .venv/bin
        touch .venv/pyvenv.cfg; sleep "${VENV_SECONDS:-0}"; cp "$0" .venv/bin/python ;;
    "-m pip install"*)
        echo "$* ${!PIP_*}" >> calls; sleep "${PIP_SECONDS:-0}"
        mkdir -p .venv/lib/python3.11/site-packages/{a,b}-1.dist-info; exit "${PIP_STATUS:-0}" ;;
    *require_pinned*) exit "${PINNED_STATUS:-0}" ;;
    "--version") echo Python 3.11.0 ;;
    "-") exec REAL - ;;
esac
"""


def pins(path: Path) -> dict[str, str]:
    """Read what a requirements file pins, by name."""
    return dict(re.findall(r"^([\w.-]+)==(\S+)", path.read_text("utf-8"), re.MULTILINE))


class Machine:
    """A folder with the set-up scripts, and a PATH with nothing else on it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "a project with é"
        self.path = folder / "bin"
        self.path.mkdir()
        shutil.copytree(ROOT / "setup", self.folder / "setup")
        for name in ("requirements.txt", "requirements-dev.txt"):
            (self.folder / name).write_text(f"# {name}\n")
        for name in TOOLS:
            (self.path / name).symlink_to(shutil.which(name) or name)

    def put(self, name: str, script: str) -> None:
        """Put a command on PATH."""
        command = self.path / name
        command.unlink(missing_ok=True)
        command.write_text(script.replace("REAL", shlex.quote(sys.executable)))
        command.chmod(0o755)

    def start(
        self, *command: str, stdout: int = subprocess.PIPE, **variables: object
    ) -> subprocess.Popen[str]:
        """Start a script of the set-up."""
        return subprocess.Popen(
            [shutil.which("bash") or "bash", *command],
            cwd=self.folder,
            env={"PATH": str(self.path)} | {name: str(value) for name, value in variables.items()},
            stdin=subprocess.DEVNULL,
            stdout=stdout,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def run(self, *command: str, **variables: object) -> tuple[int, str]:
        """Run a script of the set-up; return its status and what it said."""
        process = self.start(*command, **variables)
        said, _ = process.communicate(timeout=30)
        return process.returncode, said

    def install(self, *files: str, **variables: object) -> tuple[int, str]:
        """Run environment.sh."""
        return self.run("setup/environment.sh", *(files or ("requirements.txt",)), **variables)

    def calls(self) -> list[str]:
        """Tell what the Python of this machine was asked since the last call."""
        notes = self.folder / "calls"
        lines = notes.read_text().splitlines() if notes.exists() else []
        notes.unlink(missing_ok=True)
        return [line.split()[0] if line == "venv" else "pip" for line in lines]


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    """Give a machine that has Python and nothing else."""
    found = Machine(tmp_path)
    found.put("python3.11", PYTHON)
    return found


# Packages


def test_conda_users_get_the_same_pins() -> None:
    dependencies = yaml.safe_load((ROOT / "environment.yml").read_text("utf-8"))["dependencies"]
    (listed,) = [entry["pip"] for entry in dependencies if isinstance(entry, dict)]
    assert {pin.split(" ;")[0] for pin in listed} == {
        f"{name}=={version}" for name, version in pins(REQUIREMENTS).items()
    }
    assert {"python=3.11", "pip", "tectonic"} <= {d for d in dependencies if isinstance(d, str)}


def test_environment_yml_is_what_make_lock_writes() -> None:
    written = lock.environment(REQUIREMENTS.read_text("utf-8"))
    assert (ROOT / "environment.yml").read_text("utf-8") == written


def test_markers_are_pinned_with_their_packages() -> None:
    text = (
        "a==1.0 \\\n    --hash=sha256:0\nb==2 ; sys_platform == 'win32' \\\n    --hash=sha256:1\n"
    )
    assert list(lock.pins(text)) == ["a==1.0", "b==2 ; sys_platform == 'win32'"]


@pytest.mark.parametrize("path", [REQUIREMENTS, DEVELOPERS, SLURM], ids=lambda path: path.name)
def test_every_package_is_pinned_with_its_hashes(path: Path) -> None:
    entries = re.split(r"\n(?=\S)", re.sub(r"^\s*#.*\n", "", path.read_text("utf-8"), flags=re.M))
    assert entries
    for entry in entries:
        assert re.match(r"[\w.-]+==\S+ (; .*)?\\\n    --hash=sha256:[0-9a-f]{64}", entry), entry


@pytest.mark.parametrize("name", ["requirements-dev", "requirements-slurm"])
def test_further_packages_go_with_the_pins_of_everybody(name: str) -> None:
    everybody, further = pins(REQUIREMENTS), pins(ROOT / f"{name}.txt")
    shared = everybody.keys() & further.keys()
    assert shared
    assert {name: everybody[name] for name in shared} == {name: further[name] for name in shared}


@pytest.mark.parametrize("name", ["requirements", "requirements-dev", "requirements-slurm"])
def test_what_is_asked_for_is_pinned(name: str) -> None:
    asked = re.findall(r"^([A-Za-z][\w.-]*)", (ROOT / f"{name}.in").read_text("utf-8"), re.M)
    assert asked
    assert {package.lower() for package in asked} <= pins(ROOT / f"{name}.txt").keys()


# .venv


def test_packages_are_installed_with_their_hashes_checked(machine: Machine) -> None:
    status, said = machine.install()
    call = (machine.folder / "calls").read_text()
    assert status == 0, said
    assert "--require-hashes" in call
    assert "--requirement requirements.txt" in call


def test_a_second_run_does_nothing_and_says_nothing(machine: Machine) -> None:
    machine.install()
    machine.calls()
    os.utime(machine.folder / "requirements.txt", (2e9, 2e9))
    (machine.folder / PACKAGES / "mine-1.dist-info").mkdir()
    assert machine.install() == (0, "")
    assert machine.calls() == []


def change_requirements(folder: Path) -> None:
    (folder / "requirements.txt").write_text("# others\n")


def lose_python(folder: Path) -> None:
    (folder / ".venv/bin/python").unlink()


def uninstall(folder: Path) -> None:
    (folder / PACKAGES / "b-1.dist-info").rmdir()


def upgrade(folder: Path) -> None:
    (folder / PACKAGES / "b-1.dist-info").rename(folder / PACKAGES / "b-2.dist-info")


@pytest.mark.row(
    51, "Installed anew; pip's settings cannot move it; what is not ours is set aside whole."
)
@pytest.mark.parametrize("change", [change_requirements, lose_python, uninstall, upgrade])
def test_an_environment_that_is_another_by_now_is_made_anew(
    machine: Machine, change: Callable[[Path], None]
) -> None:
    machine.install()
    machine.calls()
    change(machine.folder)
    assert machine.install()[0] == 0
    assert machine.calls() == ["venv", "pip"]
    assert machine.install() == (0, "")


def test_the_packages_of_developers_are_added_and_serve_everybody(machine: Machine) -> None:
    both = ("requirements.txt", "requirements-dev.txt")
    machine.install()
    machine.calls()
    assert machine.install(*both)[0] == 0
    assert machine.calls() == ["pip"]
    assert machine.install() == (0, "")
    assert machine.install(*both) == (0, "")


@pytest.mark.parametrize(
    ("failing", "cause"),
    [
        ("PIP_STATUS", "The packages could not be installed"),
        ("PINNED_STATUS", "what it was asked to install is not in .venv"),
    ],
)
def test_a_failed_installation_says_what_to_do_and_is_made_anew(
    machine: Machine, failing: str, cause: str
) -> None:
    status, said = machine.install(**{failing: 1})
    assert status == 1
    assert re.search(rf"ERROR: .*{cause}.*\n  -> .*\Z", said.strip())
    machine.calls()
    assert machine.install()[0] == 0
    assert machine.calls() == ["venv", "pip"]


@pytest.mark.row(51)
def test_the_shell_tells_pip_which_index_to_use_but_not_where_to_install(machine: Machine) -> None:
    names = ("TARGET", "PREFIX", "ROOT", "CONSTRAINT", "DRY_RUN", "INDEX_URL")
    machine.install(**{f"PIP_{name}": "x" for name in names}, PIP_USER=1)
    assert (machine.folder / "calls").read_text().endswith(" PIP_INDEX_URL PIP_USER\n")


@pytest.mark.row(52, "Made anew.")
@pytest.mark.parametrize(
    ("moment", "made"), [("VENV_SECONDS", "pyvenv.cfg"), ("PIP_SECONDS", "bin/python")]
)
def test_an_interrupted_installation_is_made_anew(machine: Machine, moment: str, made: str) -> None:
    process = machine.start("setup/environment.sh", "requirements.txt", **{moment: 20})
    while not (machine.folder / ".venv" / made).exists():
        assert process.poll() is None
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    machine.calls()
    status, said = machine.install()
    assert status == 0
    assert "kept as" not in said
    assert machine.calls() == ["venv", "pip"]
    assert not [*machine.folder.glob(".venv.old*")]


def test_what_an_older_installation_left_is_cleared(machine: Machine) -> None:
    machine.install()
    (machine.folder / ".venv/old").mkdir()
    change_requirements(machine.folder)
    machine.install()
    assert not (machine.folder / ".venv/old").exists()


TALKING = PYTHON.replace('install"*)\n', 'install"*)\n        echo Collecting a; echo No such b\n')


@pytest.mark.parametrize("kill", [False, True])
def test_a_terminal_shows_in_one_line_what_pip_says_last(machine: Machine, kill: bool) -> None:
    machine.put("python3.11", TALKING)
    screen, stdout = pty.openpty()
    command = ("setup/environment.sh", "requirements.txt")
    process = machine.start(*command, stdout=stdout, PIP_SECONDS=60 if kill else 3, PIP_STATUS=1)
    os.close(stdout)
    said = b""
    while b" s  No such b" not in said:
        said += os.read(screen, 1000)
    if kill:
        process.kill()  # not its group: nothing may be left that goes on writing
        process.wait(30)
    with suppress(OSError):  # that nobody has it open any more
        while more := os.read(screen, 1000):
            said += more
    assert process.wait(30) != 0
    before, _, after = said.decode().rpartition("\r\x1b[K")
    assert "Collecting a" not in before
    assert after.startswith("Collecting a\r\nNo such b\r\nERROR: The packages could not") != kill


def test_of_two_at_once_one_installs_and_the_other_waits(machine: Machine) -> None:
    processes = [
        machine.start("setup/environment.sh", "requirements.txt", PIP_SECONDS=1) for _ in range(2)
    ]
    said = [process.communicate(timeout=60)[0] for process in processes]
    assert [process.returncode for process in processes] == [0, 0], said
    assert machine.calls() == ["venv", "pip"]


@pytest.mark.row(51)
@pytest.mark.parametrize("name", ["pyvenv.cfg", "mine"])
def test_an_environment_or_folder_of_somebody_else_is_set_aside_whole(
    machine: Machine, name: str
) -> None:
    for number in (1, 2):
        shutil.rmtree(machine.folder / ".venv", ignore_errors=True)
        (machine.folder / ".venv").mkdir()
        (machine.folder / ".venv" / name).write_text(f"precious {number}")
        status, said = machine.install()
        assert status == 0
        assert f"kept as .venv.old-{number}" in said
        kept = machine.folder / f".venv.old-{number}" / name
        assert kept.read_text() == f"precious {number}"


def test_an_environment_that_is_linked_to_is_not_cleared(machine: Machine) -> None:
    machine.install()
    elsewhere = machine.folder / "elsewhere"
    (machine.folder / ".venv").rename(elsewhere)
    (machine.folder / ".venv").symlink_to("elsewhere")
    change_requirements(machine.folder)
    assert machine.install()[0] == 0
    assert (elsewhere / "installed").is_dir()
    assert not (machine.folder / ".venv").is_symlink()


def test_a_machine_without_python_is_told_what_to_install(machine: Machine) -> None:
    (machine.path / "python3.11").unlink()
    status, said = machine.install()
    assert status == 1
    assert re.search(r"ERROR: Python 3\.11 or later .*\n  -> Install one .*\Z", said.strip())


def test_python_without_venv_is_not_enough(machine: Machine) -> None:
    assert machine.install(NO_VENV=1)[0] == 1
    machine.put("python3", PYTHON.replace("${NO_VENV:-0}", "0"))
    assert machine.install(NO_VENV=1)[0] == 0


# TeX

APT = """\
#!/usr/bin/env bash
echo "$*" >> calls
if [[ "$*" == *" install "* ]]; then
    for name in pdflatex kpsewhich; do
        echo "#!/usr/bin/env bash" > "${0%/*}/$name"; chmod 755 "${0%/*}/$name"
    done
fi
"""


@pytest.fixture
def administrator(machine: Machine) -> Machine:
    """Give a Debian machine and the rights to install on it."""
    machine.put("id", "#!/usr/bin/env bash\necho 0\n")
    machine.put("chmod", f'#!/usr/bin/env bash\nexec {shutil.which("chmod")} "$@"\n')
    machine.put("apt-get", APT)
    return machine


def test_tex_is_installed_where_that_is_possible(administrator: Machine) -> None:
    status, said = administrator.run("setup/tex.sh")
    call = (administrator.folder / "calls").read_text().splitlines()[-1]
    assert status == 0, said
    packages = "texlive-latex-base texlive-latex-recommended lmodern"
    assert call.endswith(f"install --yes --no-install-recommends {packages}")
    assert f": {packages}" in said


def test_complete_tex_is_left_as_it_is(administrator: Machine) -> None:
    administrator.run("setup/tex.sh")
    (administrator.folder / "calls").unlink()
    assert administrator.run("setup/tex.sh") == (0, "")
    assert not (administrator.folder / "calls").exists()


def test_a_failed_installation_of_tex_shows_why(administrator: Machine) -> None:
    administrator.put("apt-get", "#!/usr/bin/env bash\necho No space left >&2\nexit 100\n")
    status, said = administrator.run("setup/tex.sh")
    assert status == 1
    assert "No space left" in said
    assert said.splitlines()[-1].startswith("  -> Install it")


def test_without_the_right_to_install_tex_the_remedy_is_told(machine: Machine) -> None:
    machine.put("id", "#!/usr/bin/env bash\necho 1000\n")
    machine.put("apt-get", APT)
    machine.put("sudo", "#!/usr/bin/env bash\nexit 1\n")
    status, said = machine.run("setup/tex.sh")
    assert status == 1
    assert "sudo apt-get install texlive-latex-base" in said.splitlines()[-1]
    assert not (machine.folder / "calls").exists()


def test_tectonic_serves_too(machine: Machine) -> None:
    machine.put("tectonic", "#!/usr/bin/env bash\n")
    assert machine.run("setup/tex.sh") == (0, "")


def test_tex_without_its_packages_is_not_enough(machine: Machine) -> None:
    machine.put("pdflatex", "#!/usr/bin/env bash\n")
    machine.put("kpsewhich", "#!/usr/bin/env bash\nexit 1\n")
    assert machine.run("setup/tex.sh")[0] == 1


# What `make report` says


PAGES = {
    **{"Data": {"from": 2, "to": 3}, "(a) Sums": {"from": 4, "to": 4}},
    **{"(e) Fits": {"from": 8, "to": 9}, "(e)(i)": {"from": 8, "to": 9}},
}
REPLICATION = {
    name: [
        {
            "step_size": step_size,
            "test_accuracy": {"last": accuracy},
            "test_loss": {"last": 0.05},
            "timesteps": 605,
        }
        for accuracy in accuracies
    ]
    for name, step_size, *accuracies in (("first", 0.1, 0.98, 0.99, 0.97), ("last", 10.0, 0.5))
}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """Give a function that prepares a project in which Snakemake can build the given targets."""
    monkeypatch.chdir(tmp_path)
    for folder in ("config", "logs", "report"):
        (tmp_path / folder).mkdir()

    def prepare(
        *possible: str, fetch_says: str = "", dataset: str = "mnist", claims: str = "stop"
    ) -> list[str]:
        report.CONFIG.write_text(
            f"dataset: {dataset}\nclaims: {claims}\ntraining: {{step_sizes: [0.1, 10]}}\n"
        )
        for results in ("results", "results/synthetic"):
            (tmp_path / results / "pages").mkdir(parents=True)
            (tmp_path / results / "replication.json").write_text(json.dumps(REPLICATION))
            for name in ("hw2", "hw2-mine", "hw2-synthetic"):
                (tmp_path / results / f"pages/{name}.json").write_text(json.dumps(PAGES))
        asked: list[str] = []

        def snakemake(target: Path, arguments: object) -> int:
            asked.append(str(target))
            if fetch_says:
                report.FETCH_LOG.write_text(fetch_says)
            if str(target) not in possible:
                return 1
            report.CHECKED.parent.mkdir(exist_ok=True)
            report.CHECKED.touch()  # as a build that ended well leaves it
            return 0

        monkeypatch.setattr(report, "snakemake", snakemake)
        return asked

    return prepare


def test_the_headline_says_where_the_report_is_and_what_came_out(
    project: Callable[..., list[str]], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert project("report/hw2.pdf") == []
    assert report.main([]) == 0
    said = capsys.readouterr().out
    assert str(tmp_path / "report/hw2.pdf") in said
    assert str(tmp_path / "report/hw2.html") in said
    assert "step size 0.1: test accuracy 0.9800 (0.9700 to 0.9900 over 3 seeds), test loss" in said
    assert "step size 10.0: test accuracy 0.5000, test loss" in said
    assert "pages for Gradescope: (a) 4, (e)(i) 8-9\n" in said
    assert "Not signed" in said


def test_without_mnist_the_synthetic_report_is_built_and_the_remedy_comes_last(
    project: Callable[..., list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    asked = project("report/hw2-synthetic.pdf", fetch_says="x\nERROR: no mirror\n  -> Drop it in.")
    assert report.main([]) == 0
    assert asked == ["report/hw2.pdf", "report/hw2-synthetic.pdf"]
    assert "MNIST's four files into resources/mnist" in capsys.readouterr().out.splitlines()[-1]


def test_another_failure_is_not_answered_with_the_synthetic_report(
    project: Callable[..., list[str]],
) -> None:
    asked = project("report/hw2-synthetic.pdf", fetch_says="fetched from ../shared/mnist\n")
    assert report.main([]) == 1
    assert asked == ["report/hw2.pdf"]


def test_an_old_failure_to_fetch_is_not_taken_for_a_new_one(
    project: Callable[..., list[str]],
) -> None:
    asked = project("report/hw2-synthetic.pdf")
    report.FETCH_LOG.write_text("ERROR: no mirror\n  -> Drop it in.")
    assert report.main([]) == 1
    assert asked == ["report/hw2.pdf"]


def test_who_asks_for_synthetic_digits_gets_them(project: Callable[..., list[str]]) -> None:
    asked = project("report/hw2-synthetic.pdf", dataset="synthetic")
    assert report.main([]) == 0
    assert asked == ["report/hw2-synthetic.pdf"]


def test_settings_that_mark_what_does_not_hold_make_a_report_of_another_name(
    project: Callable[..., list[str]],
) -> None:
    asked = project("report/hw2-mine.pdf", claims="mark")
    assert report.main([]) == 0
    assert asked == ["report/hw2-mine.pdf"]


def test_a_name_signs_a_copy_and_is_told_what_it_certifies(
    project: Callable[..., list[str]], capsys: pytest.CaptureFixture[str]
) -> None:
    asked = project("report/hw2.pdf", "report/hw2-signed.pdf")
    assert report.main(["--name=Zo\u00eb 'O\" $HOME", "--with=Me.", "--cores=1"]) == 0
    assert asked == ["report/hw2.pdf", "report/hw2-signed.pdf"]
    noted = json.loads(report.SIGNATURE.read_text("utf-8"))
    assert noted == {"name": "Zo\u00eb 'O\" $HOME", "worked_with": "Me."}
    said = " ".join(capsys.readouterr().out.split())
    assert "certifies in the name of Zo\u00eb 'O\" $HOME that all solutions are entirely" in said


@pytest.mark.parametrize("name", ["", "  ", "W" * 31])
def test_what_is_no_name_signs_nothing(project: Callable[..., list[str]], name: str) -> None:
    asked = project("report/hw2.pdf", "report/hw2-signed.pdf")
    assert report.main([f"--name={name}"]) == 1
    assert asked == []


# Make and CI


def make(*arguments: str, env: dict[str, str] | None = None) -> str:
    """Run make in the project's folder; return what it said."""
    command = ["make", "--no-print-directory", *arguments]
    return subprocess.run(
        command, cwd=ROOT, env=env, capture_output=True, text=True, check=True
    ).stdout


def test_make_alone_shows_every_target() -> None:
    shown = set(re.findall(r"^  make ([a-z-]+) ", make(), re.MULTILINE))
    assert shown >= {"help", "report", "test", "check", "bench", "verify", "clean", "why"}


@pytest.mark.row(54, "It builds, and what it says can be read.")
@pytest.mark.row(62, "One BLAS thread in Snakemake itself; in a job not more than its rule's.")
def test_what_a_shell_sets_for_python_does_not_reach_what_make_starts() -> None:
    shell = {"PYTHONPATH", "PYTHONHOME", "PYTHONSAFEPATH", "PYTHONWARNINGS", "PYTHONIOENCODING"}
    shell |= {"SNAKEMAKE_PROFILE"}
    command = ["make", "--eval", "shown: ; @env", "shown"]
    env = os.environ | dict.fromkeys(shell, "x") | {"OPENBLAS_NUM_THREADS": "64"}
    said = subprocess.check_output(command, cwd=ROOT, env=env, text=True)
    seen = dict(line.split("=", 1) for line in said.splitlines() if "=" in line)
    assert not shell & seen.keys()
    assert seen["OPENBLAS_NUM_THREADS"] == "1"


def test_only_what_is_given_to_make_signs_whatever_the_name_holds() -> None:
    name = """Zo\u00eb O'Neill "x" $HOME `id` & \\ % # (a)"""
    shown = ["--eval", f"shown: ; @{sys.executable} -c 'import sys; print(sys.argv[1:])' $(SIGN)"]
    assert make(*shown, "shown", f"NAME={name}") == f"{[f'--name={name}', '--with=']}\n"
    assert make(*shown, "shown", env=os.environ | {"NAME": "pc"}) == "[]\n"


def test_clean_keeps_what_was_downloaded_and_installed() -> None:
    removed = make("--dry-run", "clean").split()
    assert {"results", "logs", ".snakemake", "report/hw2*.pdf"} <= set(removed)
    assert not {"resources", ".venv", "report"} & set(removed)


def test_every_action_is_pinned_by_its_commit() -> None:
    workflow = (ROOT / ".github/workflows/build.yml").read_text("utf-8")
    uses = re.findall(r"uses: *(\S+)", workflow)
    assert uses
    assert all(re.fullmatch(r"[\w.-]+/[\w.-]+@[0-9a-f]{40}", action) for action in uses)


def test_ci_runs_the_commands_that_people_run() -> None:
    workflow = yaml.safe_load((ROOT / ".github/workflows/build.yml").read_text("utf-8"))
    commands = [step.get("run") for step in workflow["jobs"]["build"]["steps"]]
    assert {"make test", "make report", "make verify", "make check"} <= set(commands)
    assert "\nmake test\n" in (ROOT / ".ci/run").read_text("utf-8")
