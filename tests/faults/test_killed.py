"""Builds that are killed or stopped, at moments that nobody chose."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.project import ROOT, Project, kill_group, seconds_of, wait_for

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")

# Each Python runs this first. When a file named in kill.json is opened for writing, under
# its own or a temporary name, the kernel is asked to kill the process once the file has half of
# its bytes; each file once.
HOOK = """
import json, os, resource, signal, sys
from pathlib import Path
targets = json.loads(Path("kill.json").read_text()) if Path("kill.json").exists() else {}
def kill_half_way(event, arguments):
    if event == "open" and isinstance(arguments[0], str) and arguments[2] & os.O_ACCMODE:
        path = os.path.relpath(arguments[0])
        for target, half in targets.items():
            folder, name = os.path.split(target)
            if os.path.dirname(path) == folder and name in os.path.basename(path):
                mark = "killed/" + target.replace("/", "!")
                if not os.path.exists(mark):
                    os.close(os.open(mark, os.O_CREAT | os.O_WRONLY))
                    signal.signal(signal.SIGXFSZ, signal.SIG_DFL)
                    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
                    resource.setrlimit(resource.RLIMIT_FSIZE, (half, half))
sys.addaudithook(kill_half_way)
"""


def goes_on(project: Project, reference: Project) -> None:
    """Require that the same command again gives what an undisturbed build gives."""
    project.builds()
    assert project.results() == reference.results()
    assert [*project.folder.rglob("*.part")] == []


@pytest.mark.faults
@pytest.mark.row(
    1, "Under its final name a file is old, new or absent, never half; the same command goes on."
)
def test_each_rule_killed_while_it_writes_leaves_no_half_file(
    reference: Project, fresh: Project
) -> None:
    jobs = reference.jobs()
    assert len(jobs) >= 20
    last = [max(job.outputs) for job in jobs.values()]
    halves = {path: (reference / path).stat().st_size // 2 for path in last}
    (fresh / "kill.json").write_text(json.dumps(halves), encoding="utf-8")
    fresh.hook(HOOK)
    (fresh / "killed").mkdir()
    for _ in jobs:
        ended = fresh.build("--keep-going")
        assert fresh.half_done(reference) == []
        if ended.status == 0:
            break
        assert "killed" in ended.last_words() and "same command" in ended.last_words()
    killed = {path.name.replace("!", "/") for path in (fresh / "killed").iterdir()}
    assert killed == set(halves)
    goes_on(fresh, reference)


@pytest.mark.faults
@pytest.mark.row(
    2, "The same command again goes on; no orphan is left, nothing is half, the result is equal."
)
@pytest.mark.parametrize("seed", range(3))
def test_a_build_killed_at_any_moment_goes_on_with_the_same_command(
    reference: Project, fresh: Project, seed: int
) -> None:
    moments = random.Random(seed)
    for _ in range(4):
        build = fresh.start()
        time.sleep(moments.uniform(0.0, 0.6 * seconds_of(reference)))
        kill_group(build, signal.SIGKILL)
        assert fresh.busy() == []
        assert fresh.half_done(reference) == []
    goes_on(fresh, reference)


@pytest.mark.faults
@pytest.mark.row(2)
def test_jobs_end_when_snakemake_alone_is_killed(fresh: Project) -> None:
    fresh.append("workflow/scripts/draw_digits.py", "    import time\n    time.sleep(600)\n")
    build = fresh.start()
    wait_for((fresh / "results/synthetic/idx/t10k-labels-idx1-ubyte.gz").exists)
    build.kill()
    build.wait()
    assert fresh.busy() == []


# Takes away what dead builds left; then it is one that lives, until it is killed.
LIVING = """
from provenance.folder import clear_after_the_dead
clear_after_the_dead(["results", "report.pdf"])
print("there", flush=True)
input()
"""


@pytest.mark.row(2)
def test_only_what_belongs_to_nobody_is_taken_away(tmp_path: Path) -> None:
    names = [
        *(".snakemake/locks/0.output.lock", ".snakemake/incomplete/.cmVwb3J0LnBkZg==.x1.part"),
        *("results/train/.series.csv.x1.part", ".report.pdf.x1.part"),
    ]

    def there_are() -> list[str]:
        return [name for name in names if (tmp_path / name).exists()]

    def begin() -> subprocess.Popen[str]:
        begun = subprocess.Popen(
            [sys.executable, "-c", LIVING],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert begun.stdout and begun.stdout.readline() == "there\n"
        return begun

    def end(process: subprocess.Popen[str]) -> None:
        process.kill()
        process.communicate()

    first = begin()
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    second = begin()
    end(first)
    third = begin()
    assert there_are() == names, "the second is still there"
    end(second)
    end(third)
    end(begin())
    assert there_are() == []


def has_ended_in_a_line(
    project: Project, reference: Project, build: subprocess.Popen[bytes]
) -> None:
    """Require that a build was stopped and that it says how to go on, and nothing else is left."""
    said = (project / "said.txt").read_text(encoding="utf-8")
    assert build.wait(timeout=60) != 0
    assert "ame command" in "".join(said.splitlines()[-2:]), said
    assert project.locks() == []
    assert project.busy() == []
    assert project.half_done(reference) == []


@pytest.mark.faults
@pytest.mark.row(3, "Jobs end, no lock is left, the last words say that the same command goes on.")
def test_a_stopped_build_leaves_no_lock_and_goes_on(reference: Project, fresh: Project) -> None:
    moments = random.Random(0)
    for number in (signal.SIGINT, signal.SIGTERM):
        for to_all in (False, True, False, True):
            build = fresh.start()
            wait_for(fresh.locks)  # before that nothing is there to be cleaned up
            # Eight of these are less than a build, for each goes on from where the last one was.
            time.sleep(moments.uniform(0.0, 0.1 * seconds_of(reference)))
            assert build.poll() is None
            if to_all:
                kill_group(build, number)
            else:
                build.send_signal(number)
                build.wait(timeout=60)
            has_ended_in_a_line(fresh, reference, build)
    goes_on(fresh, reference)


# Snakemake runs this first: it sends itself a signal at the first thing that it does once `moment`
# has come.
STOP_ITSELF = """
import os, signal, sys
def stop(event, arguments, done=[]):
    if not done and {moment} and not os.path.exists("stopped"):
        done.append(True)
        os.mkdir("stopped")
        os.kill(os.getpid(), signal.{name})
sys.addaudithook(stop)
"""
MOMENTS = {
    "it has locked the folder": "os.path.exists('.snakemake/locks/0.output.lock')",
    "it notes down a job": "event == 'open' and '.snakemake/metadata/' in str(arguments[0])",
}


@pytest.mark.faults
@pytest.mark.row(3)
def test_a_signal_that_comes_in_a_bad_moment_stops_the_build(
    reference: Project, fresh: Project
) -> None:
    for moment in MOMENTS.values():
        for name in ("SIGINT", "SIGTERM"):
            fresh.hook(STOP_ITSELF.format(moment=moment, name=name))
            build = fresh.start()
            build.wait(timeout=60)
            (fresh / "stopped").rmdir()
            assert "Traceback" not in (fresh / "said.txt").read_text(encoding="utf-8")
            has_ended_in_a_line(fresh, reference, build)
    (fresh / "stopped").mkdir()
    goes_on(fresh, reference)
