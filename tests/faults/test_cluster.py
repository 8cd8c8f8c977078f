"""Builds on a real cluster: SLURM, started on this host for these tests."""

from __future__ import annotations

import fcntl
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.faults.slurm import Slurm, cluster, why_not
from tests.pipeline.test_sweep import SMALL, SWEEP
from tests.project import LIMIT, RESULTS, Project, copy_built, copy_sources, wait_for

pytest.importorskip(
    "snakemake_executor_plugin_slurm", reason="no plugin: `make test-faults CLUSTER=slurm`"
)
# As a person would, but asking after jobs more often; there is no database to ask (sacct).
ON_CLUSTER = (
    *("--profile", "profiles/slurm", "--slurm-init-seconds-before-status-checks", "2"),
    *("--slurm-status-command", "squeue", "--latency-wait", "20"),
)
STUDY = f"{RESULTS}/memorization.json"


@pytest.fixture(scope="module")
def slurm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slurm]:
    """Run a cluster while the tests of this module run, one at a time on this host."""
    with (Path(tempfile.gettempdir()) / "slurm-of-tests.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if reason := why_not():
            pytest.skip(reason)
        with cluster(tmp_path_factory.mktemp("slurm")) as running:
            yield running


@pytest.fixture
def waiting(reference: Project, tmp_path: Path, slurm: Slurm) -> Iterator[Project]:
    """Return a finished project of which one job has to run again, and will wait."""
    project = copy_built(reference, tmp_path / "waiting")
    project.hold("memorize.py")
    yield project
    (project / "wait").unlink(missing_ok=True)
    for job in slurm.jobs():
        slurm.ask("scancel", job)
    assert project.busy() == []


def sent(project: Project, slurm: Slurm, *arguments: str) -> tuple[subprocess.Popen[bytes], str]:
    """Start a build; return it and its job, which is running and has begun to work."""
    before = slurm.jobs("all")
    log = project / "logs/results/synthetic/memorize.log"
    log.unlink(missing_ok=True)
    build = project.start(*arguments, *ON_CLUSTER, STUDY)
    wait_for(lambda: log.exists() or build.poll() is not None, 90)
    assert log.exists(), said(project)
    (job,) = set(slurm.jobs()) - set(before)
    return build, job


def said(project: Project) -> str:
    """Read what a started build has said."""
    return (project / "said.txt").read_text(encoding="utf-8")


def goes_on(project: Project, reference: Project) -> None:
    """Require that the same command goes on from there and that the record is right."""
    (project / "wait").unlink(missing_ok=True)
    project.builds(*ON_CLUSTER, STUDY)
    assert (project / STUDY).read_bytes() == (reference / STUDY).read_bytes()
    assert project.locks() == []


@pytest.mark.faults
@pytest.mark.row(70, "Report and sweep have the bytes that they have without a cluster.")
def test_the_report_and_a_sweep_are_the_same_as_without_a_cluster(
    reference: Project, slurm: Slurm, tmp_path: Path
) -> None:
    there = copy_sources(reference.folder, tmp_path / "on a cluster")
    here = copy_built(reference, tmp_path / "here")
    for project in (there, here):
        (project / "config/sweep.yaml").write_text(SMALL, encoding="utf-8")
    before = set(slurm.jobs("all"))
    there.builds(*ON_CLUSTER, "all", "sweep", cores=64)
    sizes = slurm.ask("squeue", "-h", "--states=all", "-o", "%i %C")
    sent = dict(line.split() for line in sizes.splitlines())
    assert {sent[job] for job in sent.keys() - before} == {"1"}, "processors of each job"
    assert len(sent.keys() - before) == 2 + 4 + 2 + 8
    here.builds("sweep")
    assert there.results() == here.results()
    assert (there / SWEEP / "sweep.csv").is_file()


@pytest.mark.faults
@pytest.mark.row(71, "Its own last words are told, with the cluster's log and the job's number.")
def test_the_cause_of_a_job_that_failed_is_told(built: Project, slurm: Slurm) -> None:
    built.configure(training={"step_sizes": [0.1, 1e300]})
    ended = built.fails(*ON_CLUSTER, f"{RESULTS}/train/1e+300/summary.json")
    words = ended.last_words(4)
    assert "train failed: training diverged at timestep" in words
    assert "  -> Remove that step size" in words
    assert f"job {slurm.jobs('all')[-1]} of the cluster" in words
    assert ".snakemake/slurm_logs/" in words


@pytest.mark.faults
@pytest.mark.row(72, "The cluster's words are told; nothing is half written.")
@pytest.mark.parametrize("end", ["cancelled", "out of time"])
def test_a_job_that_the_cluster_ends_is_told(
    reference: Project, waiting: Project, slurm: Slurm, end: str
) -> None:
    limit = ("--set-resources", "memorize:runtime=1") if end == "out of time" else ()
    build, job = sent(waiting, slurm, *limit)
    if end == "cancelled":
        slurm.ask("scancel", job)
    assert build.wait(timeout=LIMIT) != 0
    words = said(waiting)
    assert "memorize failed: The job was ended by the cluster: " in words, words
    assert "CANCELLED" in words and ("TIME LIMIT" in words) == (end == "out of time")
    assert waiting.busy() == []
    assert waiting.locks() == [] and not list(waiting.folder.rglob("*.part"))
    goes_on(waiting, reference)


@pytest.mark.faults
@pytest.mark.row(73, "Its job begins again on another node.")
def test_a_node_that_goes_down_loses_no_job(
    reference: Project, waiting: Project, slurm: Slurm
) -> None:
    build, job = sent(waiting, slurm)
    node = slurm.ask("squeue", "-h", "-j", job, "-o", "%N")
    with slurm.without(node):
        wait_for(lambda: slurm.ask("squeue", "-h", "-j", job, "-o", "%t %N") != f"R {node}")
        wait_for(lambda: slurm.jobs() == [job])
        assert slurm.ask("squeue", "-h", "-j", job, "-o", "%N") != node
        (waiting / "wait").unlink()
        assert build.wait(timeout=LIMIT) == 0, said(waiting)
    assert (waiting / STUDY).read_bytes() == (reference / STUDY).read_bytes()


@pytest.mark.faults
@pytest.mark.row(74, "Ctrl-C cancels the jobs; after SIGKILL they go on, and the result is right.")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_a_stopped_build_goes_on(
    reference: Project, waiting: Project, slurm: Slurm, number: signal.Signals
) -> None:
    build, job = sent(waiting, slurm)
    build.send_signal(number)
    if number == signal.SIGTERM:  # Snakemake waits for what is running
        (waiting / "wait").unlink()
    build.wait(timeout=LIMIT)
    if number == signal.SIGINT:
        wait_for(lambda: slurm.jobs() == [])
    assert slurm.jobs() == ([job] if number == signal.SIGKILL else [])
    if number != signal.SIGKILL:
        assert waiting.locks() == []
        assert "ame command" in "".join(said(waiting).splitlines()[-2:])
    goes_on(waiting, reference)
