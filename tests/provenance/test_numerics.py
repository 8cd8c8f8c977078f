"""Whether NumPy's libraries are those that were pinned."""

from __future__ import annotations

import pytest
from threadpoolctl import threadpool_info, threadpool_limits

from provenance import numerics
from provenance.numerics import check_pins

BLAS = {
    "internal_api": "openblas",
    "prefix": "libscipy_openblas",
    "num_threads": 1,
    "architecture": "Haswell",
}
OPENMP = {"internal_api": "openmp", "prefix": "libgomp", "num_threads": 1}


@pytest.fixture
def loaded(monkeypatch):
    """Return a function that sets which libraries are loaded; the kernel is asked for by name."""
    monkeypatch.setenv("OPENBLAS_CORETYPE", "Haswell")

    def load(*libraries) -> None:
        monkeypatch.setattr(numerics, "threadpool_info", lambda: list(libraries))

    return load


def test_nothing_is_said_where_the_pins_hold(loaded, capsys) -> None:
    loaded(BLAS, OPENMP)
    assert check_pins() == []
    assert capsys.readouterr().err == ""


def test_another_number_of_threads_is_said(loaded) -> None:
    loaded({**BLAS, "num_threads": 8})
    assert check_pins() == ["openblas (libscipy_openblas) runs 8 threads; pinned: 1"]


def test_another_kernel_is_said(loaded) -> None:
    loaded({**BLAS, "architecture": "SkylakeX"})
    assert check_pins() == [
        "openblas (libscipy_openblas) runs its SkylakeX kernel; pinned: Haswell"
    ]


def test_a_kernel_that_was_not_asked_for_is_said(loaded, monkeypatch) -> None:
    loaded(BLAS)
    monkeypatch.delenv("OPENBLAS_CORETYPE")
    (warning,) = check_pins()
    assert "Haswell is not pinned" in warning


def test_each_difference_is_a_warning_on_standard_error(loaded, capsys) -> None:
    loaded({**BLAS, "num_threads": 2, "architecture": "Zen"}, {**OPENMP, "num_threads": 3})
    warnings = check_pins()
    lines = capsys.readouterr().err.splitlines()
    assert len(warnings) == len(lines) == 3
    for warning, line in zip(warnings, lines, strict=True):
        assert line.startswith(f"WARNING: {warning};")
        assert "bytes may differ" in line


def test_the_library_that_is_really_loaded_can_be_read() -> None:
    assert all(isinstance(warning, str) for warning in check_pins())


def test_blas_gets_one_thread_whatever_it_had() -> None:
    with threadpool_limits(limits=2):
        check_pins()
        assert {library["num_threads"] for library in threadpool_info()} <= {1}
