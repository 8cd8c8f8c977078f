"""Two builds at the same time."""

from __future__ import annotations

import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from tests.project import DIGITS, LIMIT, Project, copy_sources, kill_group, wait_for


@pytest.mark.faults
@pytest.mark.row(16, "Both succeed, or one refuses clearly and changes nothing.")
@pytest.mark.parametrize("second_waits", [False, True])
def test_two_builds_in_one_folder_do_each_other_no_harm(
    reference: Project, fresh: Project, second_waits: bool
) -> None:
    first = fresh.start()
    if second_waits:
        wait_for((fresh / "results").exists)
    second = fresh.build()
    if second.status != 0:
        assert "lock" in second.last_words(), second.last_words()
        assert "--unlock" in second.last_words() or "make unlock" in second.last_words()
    one = first.wait(timeout=LIMIT)
    said = (fresh / "said.txt").read_text(encoding="utf-8")
    assert one == 0 or second.status == 0, said
    assert fresh.half_done(reference) == []
    fresh.builds()
    assert fresh.results() == reference.results()


@pytest.mark.faults
@pytest.mark.row(16)
def test_two_folders_share_one_cache(reference: Project, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    cache.mkdir()
    projects = [copy_sources(reference.folder, tmp_path / name) for name in ("one", "two")]
    for project in projects:
        project.pretend_mnist(reference)
        (project / "resources").mkdir()
        (project / "resources/mnist").symlink_to(cache)
    for _ in range(2):
        (cache / "train-labels-idx1-ubyte.gz").write_text("damaged", encoding="utf-8")
        builds = [project.start(DIGITS) for project in projects]
        assert [build.wait(timeout=LIMIT) for build in builds] == [0, 0], [
            (project / "said.txt").read_text(encoding="utf-8") for project in projects
        ]
        names = sorted(path.name for path in cache.iterdir())
        assert names.pop(-1) == "train-labels-idx1-ubyte.gz.damaged"
        assert projects[0].results() == projects[1].results() != {}
        for project in projects:
            shutil.rmtree(project / "results")
        for path in cache.iterdir():
            path.unlink()


# Snakemake on a host of that name; what other builds have locked is not locked there.
DIGITS_DRAWN = "results/synthetic/digits.npz"
ON_HOST = """\
hostname "$0"
for file in .snakemake/builds/*; do
    [ -e "$file" ] && cp "$file" "../${file##*/}" && mount --bind "../${file##*/}" "$file"
done
exec "$@"
"""


def on_host(name: str) -> tuple[str, ...]:
    """Return the beginning of a command that is to run on another host."""
    return ("unshare", "--mount", "--uts", "sh", "-c", ON_HOST, name)


def may_unshare() -> bool:
    """Tell whether this user may make hosts of his own."""
    command = ["unshare", "--mount", "--uts", "true"]
    return bool(shutil.which("unshare")) and subprocess.run(command, check=False).returncode == 0


@pytest.mark.faults
@pytest.mark.row(
    75,
    "The second refuses and names the first's host and process; the first is not disturbed. If it "
    "was killed, the second says what to remove.",
)
@pytest.mark.skipif(not may_unshare(), reason="only root may pretend to be two hosts")
def test_another_hosts_build_is_left_alone(reference: Project, fresh: Project) -> None:
    builds = fresh / ".snakemake/builds"
    half_written = fresh / "results/synthetic/.digits.npz.x.part"
    fresh.hold("draw_digits.py")
    for killed in (True, False):
        (fresh / "wait").touch()
        first = fresh.start(DIGITS_DRAWN, prefix=on_host("first"))
        wait_for(fresh.locks)
        wait_for((fresh / "logs/draw_digits.log").exists)
        half_written.parent.mkdir(parents=True, exist_ok=True)
        half_written.touch()
        (entry,) = builds.iterdir()
        assert entry.name.startswith("first-")
        if killed:
            kill_group(first, signal.SIGKILL)
        second = fresh.fails(prefix=on_host("second"))
        assert "A build of the host first (process " in second.last_words()
        assert f"remove .snakemake/builds/{entry.name}" in second.last_words()
        assert fresh.locks() and half_written.exists()
        (fresh / "wait").unlink()
        if killed:
            entry.unlink()
            fresh.builds(DIGITS_DRAWN, prefix=on_host("second"))
            assert not half_written.exists() and not fresh.locks()
            shutil.rmtree(fresh / "results")
        else:
            assert first.wait(timeout=LIMIT) == 0, (fresh / "said.txt").read_text("utf-8")
    assert (fresh / DIGITS_DRAWN).read_bytes() == (reference / DIGITS_DRAWN).read_bytes()
