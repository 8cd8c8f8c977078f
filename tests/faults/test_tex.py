"""TeX that fails, is missing or never ends."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.faults.matrix import row
from tests.faults.project import Project
from tests.provenance.document import test_typeset as test_typesetting
from tests.provenance.document.test_typeset import needs_pdftex, needs_tex

TEMPLATE = "report/questions/a.tex.j2"


@pytest.mark.faults
@needs_pdftex
@row(
    26,
    "The line with `!`, its place and what to correct; the package or engine to install; "
    "an endless loop ends at a time limit.",
)
@pytest.mark.parametrize(
    ("line", "said", "remedy"),
    [
        (r"\nosuchcommand", "! Undefined control sequence", "Correct the template"),
        (r"\usepackage{x}", "! LaTeX Error: Can be used only in preamble", "Correct the template"),
        (r"See \ref{nowhere}.", "`nowhere' on page", "Correct the templates in report/"),
    ],
)
def test_an_error_in_a_template_is_explained(
    built: Project, line: str, said: str, remedy: str
) -> None:
    with (built / TEMPLATE).open("a", encoding="utf-8") as file:
        file.write(f"\n{line}\n")
    ended = built.build()
    assert ended.status != 0
    assert "typeset_synthetic failed: " in ended.last_words()
    assert said in ended.last_words()
    assert remedy in ended.last_words(1)


@pytest.mark.faults
@row(26)
def test_a_missing_engine_is_named_with_what_to_install(built: Project, tmp_path: Path) -> None:
    (built / "report/hw2-synthetic.pdf").unlink()
    tools = tmp_path / "bin"
    tools.mkdir()
    for name in ("bash", "sh", "env"):
        found = next(Path(p, name) for p in os.get_exec_path() if Path(p, name).exists())
        (tools / name).symlink_to(found)
    ended = built.build(PATH=str(tools))
    assert ended.status != 0
    assert "No TeX engine is on PATH" in ended.last_words(2)
    assert "apt-get install" in ended.last_words(1)


@needs_pdftex
@row(26)
def test_a_missing_package_is_named_with_what_to_install(tmp_path: Path) -> None:
    test_typesetting.test_a_missing_package_is_named_with_what_to_install(tmp_path)


@needs_tex
@row(26)
def test_an_endless_loop_is_stopped(tmp_path: Path) -> None:
    test_typesetting.test_an_endless_loop_is_stopped(tmp_path)
