"""Builds that are killed or stopped, at moments that nobody chose."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from base64 import urlsafe_b64decode
from pathlib import Path

import pytest

from tests.faults.matrix import row
from tests.faults.project import Project, kill_group, quiet

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


def one_output_of_each_rule(project: Project) -> dict[str, str]:
    """Read from Snakemake's notes which rule made what; the last output of each rule."""
    made = {}
    for note in sorted((project / ".snakemake/metadata").rglob("*")):
        if note.is_file():
            output = urlsafe_b64decode(note.name.replace("@", "")).decode()
            made[json.loads(note.read_text(encoding="utf-8"))["rule"]] = output
    return made


@pytest.mark.faults
@row(1, "Under its final name a file is old, new or absent, never half; the same command goes on.")
def test_each_rule_killed_while_it_writes_leaves_no_half_file(
    reference: Project, fresh: Project
) -> None:
    rules = one_output_of_each_rule(reference)
    assert len(rules) >= 20
    halves = {path: (reference / path).stat().st_size // 2 for path in rules.values()}
    (fresh / "kill.json").write_text(json.dumps(halves), encoding="utf-8")
    fresh.hook(HOOK)
    (fresh / "killed").mkdir()
    for _ in range(2 * len(rules)):
        ended = fresh.build("--keep-going")
        assert fresh.half_done(reference) == []
        if ended.status == 0:
            break
        assert "killed" in ended.last_words() and "same command" in ended.last_words()
    killed = {path.name.replace("!", "/") for path in (fresh / "killed").iterdir()}
    assert killed == set(halves)
    assert fresh.results() == reference.results()


KILLS, KILLS_A_BUILD = 30, 1


@pytest.mark.faults
@row(2, "The same command again goes on; no orphan is left, nothing is half, the result is equal.")
@pytest.mark.parametrize("number", range(KILLS // KILLS_A_BUILD))
def test_a_build_killed_at_any_moment_goes_on_with_the_same_command(
    reference: Project, fresh: Project, number: int
) -> None:
    seconds = float((reference / "done").read_text(encoding="utf-8"))
    moments = random.Random(number)
    for _ in range(KILLS_A_BUILD):
        build = fresh.start()
        time.sleep(moments.uniform(0.0, 0.6 * seconds))
        kill_group(build, signal.SIGKILL)
        assert quiet(fresh) == []
        assert fresh.half_done(reference) == []
    ended = fresh.build()
    assert ended.status == 0, ended.said
    assert fresh.results() == reference.results()
    assert [*fresh.folder.rglob("*.part")] == []


@pytest.mark.faults
@row(2)
def test_jobs_end_when_snakemake_alone_is_killed(fresh: Project) -> None:
    script = fresh / "workflow/scripts/draw_digits.py"
    with script.open("a", encoding="utf-8") as file:
        file.write("    import time\n    time.sleep(60)\n")
    build = fresh.start()
    wait_for(lambda: (fresh / "results/synthetic/idx/t10k-labels-idx1-ubyte.gz").exists())
    time.sleep(0.3)
    build.kill()
    build.wait()
    assert quiet(fresh, 2.0) == []


@row(2)
@pytest.mark.parametrize(
    "left",
    [
        ".snakemake/locks/0.output.lock",
        ".snakemake/seals/.cmVwb3J0LnBkZg==.x1.part",
        ".snakemake/incomplete/.cmVwb3J0LnBkZg==.x1.part",
        ".snakemake/.imports.json.x1.part",
        ".snakemake/first_passes/.hw2.json.x1.part",
        "results/train/.series.csv.x1.part",
        ".report.pdf.x1.part",
    ],
)
def test_only_what_belongs_to_nobody_is_taken_away(tmp_path: Path, left: str) -> None:
    left_behind = tmp_path / left
    left_behind.parent.mkdir(parents=True, exist_ok=True)
    code = (
        "from provenance.locks import clear_after_the_dead as c; c(['results', 'report.pdf']);"
        "print(1, flush=True); input()"
    )
    root = str(Path(__file__).parents[2])

    def reader() -> subprocess.Popen[str]:
        process = subprocess.Popen(
            [sys.executable, "-c", code],
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": root},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        assert process.stdout.readline() == "1\n"
        return process

    with reader() as first:
        left_behind.touch()
        with reader() as second:
            assert left_behind.exists()
            second.kill()
        with reader() as third:
            assert left_behind.exists()
            first.kill()
            first.wait()
            with reader() as fourth:
                assert left_behind.exists(), "the third is still there"
                fourth.kill()
            third.kill()
    with reader() as last:
        assert not left_behind.exists()
        last.kill()


@pytest.mark.faults
@row(3, "Jobs end, no lock is left, the last words say that the same command goes on.")
@pytest.mark.parametrize("to", ["Snakemake", "all"])
def test_a_stopped_build_leaves_no_lock_and_goes_on(
    reference: Project, fresh: Project, to: str
) -> None:
    seconds = float((reference / "done").read_text(encoding="utf-8"))
    moments = random.Random(to)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGINT, signal.SIGTERM):
        build = fresh.start()
        wait_for(lambda: bool(fresh.locks()))  # before that nothing is there to be cleaned up
        time.sleep(moments.uniform(0.0, 0.3 * seconds))
        assert build.poll() is None
        if to == "all":
            kill_group(build, number)
        else:
            build.send_signal(number)
            build.wait(timeout=60)
        said = (fresh / "said.txt").read_text(encoding="utf-8")
        assert build.returncode != 0
        assert fresh.locks() == []
        assert quiet(fresh) == []
        assert fresh.half_done(reference) == []
        assert "ame command" in "".join(said.splitlines()[-2:]), said
    ended = fresh.build()
    assert ended.status == 0, ended.said
    assert fresh.results() == reference.results()


def wait_for(condition) -> None:  # type: ignore[no-untyped-def]
    """Wait until something is so, at most as long as a slow machine needs."""
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.02)


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
@row(3)
@pytest.mark.parametrize("moment", MOMENTS)
@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_signal_that_comes_in_a_bad_moment_stops_the_build(
    reference: Project, fresh: Project, name: str, moment: str
) -> None:
    fresh.hook(STOP_ITSELF.format(moment=MOMENTS[moment], name=name))
    build = fresh.start()
    build.wait(timeout=60)
    assert (fresh / "stopped").exists()
    said = (fresh / "said.txt").read_text(encoding="utf-8")
    assert build.returncode != 0
    assert "Traceback" not in said
    assert "ame command" in "".join(said.splitlines()[-2:]), said
    assert fresh.locks() == []
    assert quiet(fresh) == []
    assert fresh.half_done(reference) == []
    ended = fresh.build()
    assert ended.status == 0, ended.said
    assert fresh.results() == reference.results()
