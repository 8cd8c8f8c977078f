"""Two builds at the same time."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.project import DIGITS, LIMIT, Project, copy_sources, wait_for


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
