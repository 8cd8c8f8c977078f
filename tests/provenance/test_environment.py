"""The environment of every job: variables, NumPy's libraries, packages."""

from __future__ import annotations

import os
import platform
import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest
import threadpoolctl

from provenance import environment
from provenance.environment import UNSET, has_avx2, pin_threads, require_pinned, variables
from provenance.errors import Failure

ROOT = Path(__file__).resolve().parents[2]
AVX2 = "processor : 0\nflags : fpu sse2 avx fma avx2\nprocessor : 1\nflags : fpu\n"


@pytest.mark.parametrize(
    ("machine", "cpuinfo", "answer"),
    [
        ("x86_64", AVX2, True),
        ("x86_64", "flags : fpu avx avx2\n", False),
        ("x86_64", "flags : fpu fma\n", False),
        ("x86_64", "flags : fpu avx2x xfma\n", False),
        ("x86_64", "model name : avx2 fma\n", False),
        ("x86_64", "", False),
        ("x86_64", None, False),
        ("aarch64", AVX2, False),
    ],
)
def test_the_processors_flags_decide(tmp_path, monkeypatch, machine, cpuinfo, answer) -> None:
    monkeypatch.setattr(platform, "machine", lambda: machine)
    if cpuinfo is not None:
        (tmp_path / "cpuinfo").write_text(cpuinfo)
    assert has_avx2(tmp_path / "cpuinfo") is answer


@pytest.mark.parametrize("able", [True, False])
def test_kernels_are_pinned_where_they_run_and_left_alone_where_they_would_crash(
    monkeypatch, able
) -> None:
    monkeypatch.setattr(environment, "has_avx2", lambda: able)
    pinned = variables("/project")
    assert pinned.get("OPENBLAS_CORETYPE") == ("Haswell" if able else None)
    assert ("X86_V4" in pinned.get("NPY_DISABLE_CPU_FEATURES", "").split()) is able


@pytest.mark.parametrize(
    ("base", "writable", "folder"),
    [
        ("/usr", True, "/environment/matplotlib"),
        ("/usr", False, "/project/.snakemake/matplotlib"),
        ("/environment", True, "/project/.snakemake/matplotlib"),
    ],
)
def test_the_list_of_fonts_is_kept_with_the_packages_if_that_is_ours(
    monkeypatch, base, writable, folder
) -> None:
    monkeypatch.setattr(sys, "prefix", "/environment")
    monkeypatch.setattr(sys, "base_prefix", base)
    monkeypatch.setattr(os, "access", lambda path, mode: writable)
    assert variables("/project")["MPLCONFIGDIR"] == folder


CHOICES = ["OPENBLAS_CORETYPE", "NPY_DISABLE_CPU_FEATURES", *UNSET]
OTHERS = {"TZ": "Asia/Tokyo", "PYTHONHASHSEED": "7", **dict.fromkeys(CHOICES, "elsewhere")}


@pytest.mark.row(40, "Jobs get the pinned values, whatever the shell has.")
def test_a_job_in_this_environment_finds_the_project_and_is_the_same_everywhere(tmp_path) -> None:
    (tmp_path / "module.py").write_text("import numpy, time; print(*time.tzname)")
    program = "import module, sys; print(sys.flags.hash_randomization, sys.flags.utf8_mode)\n"
    program += "import os; print(*(os.environ.get(name) for name in sys.argv[1:]))"
    child = subprocess.run(
        [sys.executable, "-c", program, *CHOICES],
        env={"PATH": os.environ["PATH"], **OTHERS, **variables(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert (child.returncode, child.stderr) == (0, "")
    choices = " ".join(variables(tmp_path).get(name, "elsewhere") for name in CHOICES)
    assert child.stdout == f"UTC UTC\n0 1\n{choices}\n"
    assert not list(tmp_path.rglob("*.pyc"))


BLAS = {"internal_api": "openblas", "prefix": "lib", "num_threads": 1, "architecture": "Haswell"}
OPENMP = {"internal_api": "openmp", "prefix": "libgomp", "num_threads": 1}


@pytest.mark.parametrize(
    ("blas", "openmp", "asked", "said"),
    [
        ({}, {}, "Haswell", []),
        ({"num_threads": 8}, {}, "Haswell", ["openblas (lib) runs 8 threads; pinned: 1"]),
        (
            {"architecture": "Zen"},
            {"num_threads": 3},
            "Haswell",
            [
                "openblas (lib) runs its Zen kernel; pinned: Haswell",
                "openmp (libgomp) runs 3 threads; pinned: 1",
            ],
        ),
        ({}, {}, "", ["this processor lacks AVX2, so the kernel Haswell is not pinned"]),
    ],
)
def test_what_is_not_as_pinned_is_a_warning_on_standard_error(
    monkeypatch, capsys, blas, openmp, asked, said
) -> None:
    monkeypatch.setenv("OPENBLAS_CORETYPE", asked)
    loaded = [BLAS | blas, OPENMP | openmp]
    monkeypatch.setattr(threadpoolctl, "threadpool_info", lambda: loaded)
    assert pin_threads() == said
    lines = [f"WARNING: {line}; bytes may differ from the released report's" for line in said]
    assert capsys.readouterr().err.splitlines() == lines


def test_blas_gets_one_thread_whatever_it_had() -> None:
    with threadpoolctl.threadpool_limits(limits=2):
        pin_threads()
        assert {library["num_threads"] for library in threadpoolctl.threadpool_info()} == {1}


def test_the_pinned_packages_are_accepted() -> None:
    require_pinned(ROOT / "requirements.txt")


@pytest.mark.row(35, "Refused before anything is built, each package by name.")
@pytest.mark.parametrize(
    ("pin", "installed"), [("numpy==1.0", version("numpy")), ("no-such-package==1.0", "nothing")]
)
def test_a_package_of_another_version_is_refused_by_name(tmp_path, pin, installed) -> None:
    path = tmp_path / "requirements.txt"
    path.write_text(f"{pin} \\\n    --hash=sha256:00\n")
    with pytest.raises(Failure, match=f"{pin}; installed: {installed}"):
        require_pinned(path)


def test_a_pin_for_another_system_is_passed_over(tmp_path) -> None:
    path = tmp_path / "requirements.txt"
    path.write_text("# for elsewhere\nno-such-package==1.0 ; sys_platform == 'elsewhere' \\\n")
    require_pinned(path)
