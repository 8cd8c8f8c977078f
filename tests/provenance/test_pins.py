"""The environment of every job."""

from __future__ import annotations

import ast
import os
import platform
import subprocess
import sys
from pathlib import Path

import pytest

from provenance import environment as pins
from provenance.environment import environment, has_avx2

AVX2 = "processor : 0\nflags : fpu sse2 avx fma avx2\nprocessor : 1\nflags : fpu\n"


@pytest.fixture
def x86(monkeypatch) -> None:
    """Run a test as on an x86-64 machine."""
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")


def test_the_module_imports_the_standard_library_only() -> None:
    # What it sets must stand before NumPy is loaded.
    tree = ast.parse(Path(pins.__file__).read_bytes())
    names = [a.name for node in ast.walk(tree) if isinstance(node, ast.Import) for a in node.names]
    names += [str(node.module) for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    assert names
    assert {name.split(".")[0] for name in names} <= set(sys.stdlib_module_names)


@pytest.mark.parametrize(
    ("cpuinfo", "answer"),
    [
        (AVX2, True),
        ("flags : fpu avx avx2\n", False),
        ("flags : fpu fma\n", False),
        ("flags : fpu avx2x xfma\n", False),
        ("model name : avx2 fma\n", False),
        ("", False),
    ],
)
def test_the_processors_flags_decide(tmp_path, x86, cpuinfo, answer) -> None:
    (tmp_path / "cpuinfo").write_text(cpuinfo)
    assert has_avx2(tmp_path / "cpuinfo") is answer


def test_another_architecture_is_not_pinned(tmp_path, monkeypatch) -> None:
    (tmp_path / "cpuinfo").write_text(AVX2)
    monkeypatch.setattr(platform, "machine", lambda: "aarch64")
    assert not has_avx2(tmp_path / "cpuinfo")


def test_a_system_without_cpuinfo_is_not_pinned(tmp_path, x86) -> None:
    assert not has_avx2(tmp_path / "missing")


def test_kernels_are_pinned_where_they_run(monkeypatch) -> None:
    monkeypatch.setattr(pins, "has_avx2", lambda: True)
    variables = environment("/project")
    assert variables["OPENBLAS_CORETYPE"] == "Haswell"
    assert "X86_V4" in variables["NPY_DISABLE_CPU_FEATURES"].split()


def test_kernels_are_left_alone_where_they_would_crash(monkeypatch) -> None:
    monkeypatch.setattr(pins, "has_avx2", lambda: False)
    assert not {"OPENBLAS_CORETYPE", "NPY_DISABLE_CPU_FEATURES"} & set(environment("/project"))


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
    assert environment("/project")["MPLCONFIGDIR"] == folder


def test_zone_language_and_dates_are_the_same_everywhere() -> None:
    variables = environment("/project")
    fixed = {"TZ": "UTC", "LC_ALL": "C", "SOURCE_DATE_EPOCH": "0", "PYTHONHASHSEED": "0"}
    assert fixed.items() <= variables.items()
    assert variables["PYTHONPATH"] == "/project"
    assert all(isinstance(value, str) for value in variables.values())


def test_a_job_in_this_environment_finds_the_project_and_loads_numpy(tmp_path) -> None:
    root = Path(pins.__file__).resolve().parents[2]
    child = subprocess.run(
        [sys.executable, "-c", "import numpy, nn.activations, time; print(time.tzname[0])"],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], **environment(root)},
        capture_output=True,
        text=True,
    )
    assert (child.returncode, child.stdout, child.stderr) == (0, "UTC\n", "")
