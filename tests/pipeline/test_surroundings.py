"""The same tree gives the same bytes wherever, whenever and by whomever it is built."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest

from tests.pipeline.project import PDF, build, clean_environment, copy_unbuilt, products, snakemake

Copy = Callable[[Path], Path]

LONG_AGO = 1_000_000_000  # in 2001


def environment(**changes: str) -> dict[str, str]:
    """Return the environment with changes; an empty value removes a variable."""
    variables = {**clean_environment(), **changes}
    return {key: value for key, value in variables.items() if value}


def accents(copy: Copy, folder: Path) -> Path:
    """Build in a folder with spaces and accents, by a name with a quote."""
    return build(copy(folder / "H\u00e9 l\u00e0, it's \u00e9t\u00e9"))


def long_path(copy: Copy, folder: Path) -> Path:
    """Build in a folder whose path is very long."""
    return build(copy(folder.joinpath(*["a_folder_with_a_rather_long_name"] * 12)))


def one_core(copy: Copy, folder: Path) -> Path:
    """Build one job at a time."""
    return build(copy(folder / "p"), "--cores", "1")


def four_cores(copy: Copy, folder: Path) -> Path:
    """Build on more cores than there are."""
    return build(copy(folder / "p"), "--cores", "4")


def other_order(copy: Copy, folder: Path) -> Path:
    """Build piece by piece, the last things first, with the other scheduler."""
    copy(folder / "p")
    for target in ("memorization.json", "figures/state.pdf", "figures/samples.pdf"):
        build(folder / "p", f"results/synthetic/{target}", "--scheduler", "greedy")
    return build(folder / "p", "--scheduler", "greedy")


def other_zone(copy: Copy, folder: Path) -> Path:
    """Build elsewhere on the globe and in another language."""
    languages = {"LANG": "tr_TR.UTF-8", "LC_ALL": "tr_TR.UTF-8", "LANGUAGE": "tr"}
    return build(copy(folder / "p"), environment=environment(TZ="Pacific/Kiritimati", **languages))


def plain_language(copy: Copy, folder: Path) -> Path:
    """Build where no language is set at all."""
    return build(copy(folder / "p"), environment=environment(LC_ALL="C", LANG="C"))


def other_dates(copy: Copy, folder: Path) -> Path:
    """Build from sources dated long ago, with another date in the environment."""
    copy(folder / "p")
    for path in (folder / "p").rglob("*"):
        os.utime(path, (LONG_AGO, LONG_AGO))
    return build(folder / "p", environment=environment(SOURCE_DATE_EPOCH="1234567890"))


def no_home(copy: Copy, folder: Path) -> Path:
    """Build without a home, and with hints to Python and OpenBLAS that are not ours."""
    hints = {"PYTHONHASHSEED": "7", "OPENBLAS_CORETYPE": "Nehalem", "OMP_NUM_THREADS": "3"}
    return build(copy(folder / "p"), environment=environment(HOME="", USER="", LOGNAME="", **hints))


def private(copy: Copy, folder: Path) -> Path:
    """Build with a umask that lets nobody else read."""
    build(copy(folder / "p"), before=("sh", "-c", 'umask 077; exec "$@"', "sh"))
    assert stat.S_IMODE((folder / "p" / PDF).stat().st_mode) == 0o600
    return folder / "p"


def other_user(copy: Copy, folder: Path) -> Path:
    """Build as a user without rights, whose home cannot be written to."""
    if os.geteuid() != 0 or not shutil.which("setpriv"):
        pytest.skip("only root can build as somebody else")
    copy(folder / "p")
    for path in [folder / "p", *(folder / "p").rglob("*")]:
        os.chown(path, 65534, 65534)
    # The interpreter may lie in a folder of root's, so this user may look anywhere.
    look = ("--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search")
    become = ("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", *look)
    return build(folder / "p", before=become, environment=environment(HOME="/nonexistent"))


def warm(copy: Copy, folder: Path) -> Path:
    """Build twice, the second time from what the first left in its caches."""
    build(copy(folder / "p"))
    shutil.rmtree(folder / "p/results")
    (folder / "p" / PDF).unlink()
    return build(folder / "p")


TELLING = [accents, no_home]
OTHERS = [
    *(long_path, one_core, four_cores, other_order, other_zone, plain_language),
    *(other_dates, private, other_user, warm),
]


@pytest.mark.parametrize(
    "surroundings",
    [*TELLING, *(pytest.param(each, marks=pytest.mark.faults) for each in OTHERS)],
    ids=lambda function: function.__name__,
)
def test_every_file_has_the_same_bytes(built, tmp_path, surroundings) -> None:
    there = surroundings(partial(copy_unbuilt, built), tmp_path)
    expected = products(built)
    assert len(expected) > 30
    assert products(there) == expected
    assert "Nothing to be done" in snakemake(there, "-n").stdout
    shutil.rmtree(tmp_path, ignore_errors=True)
