"""A real SLURM cluster on this host: four nodes of its own, all its files in one folder."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psutil

from tests.project import wait_for

PROGRAMS = (
    "setpriv",
    "munged",
    "mungekey",
    "slurmctld",
    "slurmd",
    "sbatch",
    "squeue",
    "scancel",
    "scontrol",
)
# The plugin has SLURM_CONF removed from the surroundings of jobs; they find this one.
CONF = Path("/etc/slurm/slurm.conf")
NODES = ("n1", "n2", "n3", "n4")
SLURMD = ("slurmd", "-D", "-N")
SETTINGS = """\
ClusterName=test
SlurmctldHost=localhost(127.0.0.1)
SlurmUser=root
SlurmdUser=root
CommunicationParameters=NoCtldInAddrAny,NoInAddrAny
AuthType=auth/munge
AuthInfo=socket={folder}/munge/socket,cred_expire=5
CryptoType=crypto/munge
SlurmctldPort=46819
SlurmctldPidFile={folder}/slurmctld.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdPidFile={folder}/%n.pid
SlurmdLogFile={folder}/%n.log
SlurmdSpoolDir={folder}/spool/%n
StateSaveLocation={folder}/state
ProctrackType=proctrack/pgid
TaskPlugin=task/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill
AccountingStorageType=accounting_storage/none
SchedulerType=sched/backfill
SchedulerParameters=batch_sched_delay=0,sched_min_interval=0,sched_interval=2,bf_interval=2
ReturnToService=2
SlurmdTimeout=10
KillWait=5
MinJobAge=300
OverTimeLimit=0
MailProg=/bin/true
NodeName=n[1-4] NodeHostname=localhost NodeAddr=127.0.0.1 Port=[46821-46824] CPUs=2 \
RealMemory=4000 State=UNKNOWN
PartitionName=main Nodes=ALL Default=YES MaxTime=INFINITE DefMemPerCPU=1000 State=UP
"""


def why_not() -> str:
    """Say why no cluster can be started here."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return "a cluster is started by root, on Linux"
    if CONF.is_symlink() and not any(map(psutil.pid_exists, _controller())):
        CONF.unlink()  # left by tests that were killed
    if CONF.exists():
        return f"{CONF} is there: this host has a cluster of its own"
    missing = [program for program in PROGRAMS if not shutil.which(program)]
    return f"not installed: {', '.join(missing)}" if missing else ""


def _controller() -> list[int]:
    """Read the process id that the controller of such a cluster has left, if it is one of ours."""
    place = CONF.resolve().with_name("slurmctld.pid")
    if CONF.exists() and f"SlurmctldPidFile={place}" not in CONF.read_text(encoding="utf-8"):
        return [os.getpid()]  # somebody else's
    return [int(place.read_text(encoding="utf-8"))] if place.exists() else []


class Slurm:
    """The cluster; its daemons run until `stop`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.daemons: list[subprocess.Popen[bytes]] = []

    def start(self) -> None:
        """Start key service, controller and nodes, and wait until jobs can be sent."""
        munge = self.folder / "munge"
        for name in ("munge", "state", *(f"spool/{node}" for node in NODES)):
            (self.folder / name).mkdir(parents=True)
        munge.chmod(0o700)
        key = munge / "key"
        subprocess.run(["mungekey", "--create", "--bits=1024", f"--keyfile={key}"], check=True)
        (self.folder / "slurm.conf").write_text(
            SETTINGS.format(folder=self.folder), encoding="utf-8"
        )
        CONF.parent.mkdir(exist_ok=True)
        CONF.symlink_to(self.folder / "slurm.conf")
        files = [f"--{name}-file={munge / name}" for name in ("key", "pid", "seed", "log")]
        socket = munge / "socket"
        self._run("munged", "--foreground", "--force", f"--socket={socket}", *files)
        wait_for(socket.exists)
        self._run("slurmctld", "-D")
        for node in NODES:
            self._run(*SLURMD, node)
        wait_for(lambda: self.ask("sinfo", "-h", "-o", "%D %t") == "4 idle")
        assert self.ask("sinfo", "-h", "-o", "%D %t") == "4 idle", self.ask("sinfo")

    def _run(self, *command: str) -> None:
        """Start a daemon, which also ends if these tests are killed."""
        command = ("setpriv", "--pdeathsig", "TERM", *command)
        with (self.folder / "said").open("ab") as said:
            self.daemons.append(
                subprocess.Popen(
                    [*command],
                    stdin=subprocess.DEVNULL,
                    stdout=said,
                    stderr=said,
                    start_new_session=True,
                )
            )

    def ask(self, *command: str) -> str:
        """Run one of SLURM's commands; return what it says."""
        ended = subprocess.run(command, stdout=subprocess.PIPE, text=True, timeout=60, check=False)
        return ended.stdout.strip()

    def jobs(self, states: str = "running") -> list[str]:
        """List the ids of the jobs in these states."""
        return self.ask("squeue", "-h", "-o", "%i", f"--states={states}").split()

    @contextmanager
    def without(self, node: str) -> Iterator[None]:
        """Have a node down while the block runs, with all that ran on it."""
        daemon = next(d for d in self.daemons if d.args[-len(SLURMD) - 1 :] == [*SLURMD, node])
        for process in [psutil.Process(daemon.pid), *_below(daemon.pid)]:
            process.kill()
        daemon.wait()
        self.daemons.remove(daemon)
        yield
        self._run(*SLURMD, node)
        wait_for(lambda: self.ask("sinfo", "-h", "-o", "%D %t") == "4 idle")

    def stop(self) -> None:
        """End all jobs and daemons, whatever state they are in."""
        with suppress(subprocess.TimeoutExpired):
            self.ask("scancel", "--full", "--signal=KILL", "--user=root")
            wait_for(lambda: not self.jobs("running,completing"), 20)
        for daemon in reversed(self.daemons):  # the key service last
            below = _below(daemon.pid)
            daemon.terminate()
            try:
                daemon.wait(timeout=20)
            except subprocess.TimeoutExpired:
                daemon.kill()
                daemon.wait()
            for process in below:
                with suppress(psutil.Error):
                    process.kill()
        CONF.unlink(missing_ok=True)


def _below(pid: int) -> list[psutil.Process]:
    """List the processes below one."""
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.Error:
        return []


@contextmanager
def cluster(folder: Path) -> Iterator[Slurm]:
    """Run a cluster while the block runs; its daemons end whatever happens."""
    slurm = Slurm(folder)
    try:
        slurm.start()
        yield slurm
    finally:
        slurm.stop()
