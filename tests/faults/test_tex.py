"""TeX that fails or is missing."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest

from tests.project import PDF, Project


@pytest.mark.faults
@pytest.mark.skipif(not shutil.which("pdflatex"), reason="pdflatex is not here")
@pytest.mark.row(
    26,
    "The line with `!`, its place and what to correct; the package or engine to install; "
    "an endless loop ends at a time limit. The report of the build before stays.",
)
@pytest.mark.parametrize(
    ("line", "said", "remedy"),
    [
        (r"\nosuchcommand", "! Undefined control sequence", "Correct the template"),
        (r"\AtBeginDocument{\ref{no}}", "`no' on page", "Correct the templates in report/"),
    ],
)
def test_an_error_in_a_template_is_explained(
    built: Project, line: str, said: str, remedy: str
) -> None:
    before = (built / PDF).read_bytes()
    preamble = "provenance/document/templates/preamble.tex.j2"  # no part of the web page
    built.append(preamble, f"\n{line}\n")
    ended = built.fails()
    assert (built / PDF).read_bytes() == before
    assert f"{PDF} is still that of an earlier build" in ended.said
    assert "typeset_synthetic failed: " in ended.last_words()
    assert said in ended.last_words()
    assert remedy in ended.last_words(1)


@pytest.mark.faults
@pytest.mark.row(26)
def test_a_missing_engine_is_named_with_what_to_install(built: Project, tmp_path: Path) -> None:
    (built / PDF).unlink()
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in (
        "bash",
        "sh",
        "env",
        "which",
    ):  # the last for the SLURM plugin, where it is installed
        found = next(Path(p, name) for p in os.get_exec_path() if Path(p, name).exists())
        (tools / name).symlink_to(found)
    ended = built.fails(PATH=str(tools))
    assert "No TeX engine is on PATH" in ended.last_words(2)
    assert "apt-get install" in ended.last_words(1)
