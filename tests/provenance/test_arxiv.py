"""The archive of what TeX read."""

from __future__ import annotations

import os
import tarfile
from pathlib import Path

import pytest

from provenance import arxiv, files

PDF, ARCHIVE = "report/report.pdf", "report/report.tar.gz"
PARTS = {"tex": "tex/report.tex", "figures": ["figures/b.pdf", "figures/a.pdf"]}


@pytest.fixture
def built(leave) -> None:
    """Work in a folder in which a report was typeset."""
    for path in ("tex/report.tex", "figures/a.pdf", "figures/b.pdf", "typeset.py", PDF):
        files.write_text(path, path)
    leave("draw", ["typeset.py"], ["figures/a.pdf", "figures/b.pdf", "tex/report.tex"])
    leave("typeset", [PARTS["tex"], *PARTS["figures"], "typeset.py"], [PDF], input=PARTS)


def test_it_holds_what_tex_read_side_by_side_and_no_code(built, capsys) -> None:
    assert arxiv.main([PDF, ARCHIVE]) == 0
    with tarfile.open(ARCHIVE) as archive:
        assert archive.getnames() == ["report.tex", "a.pdf", "b.pdf"]
        assert archive.extractfile("b.pdf").read() == b"figures/b.pdf"
    assert capsys.readouterr().out.endswith("compile it with `pdflatex report.tex`\n")


def test_its_bytes_depend_on_no_times_or_rights(built) -> None:
    arxiv.main([PDF, ARCHIVE])
    before = Path(ARCHIVE).read_bytes()
    os.utime("figures/a.pdf", (1, 1))
    Path("figures/b.pdf").chmod(0o600)
    arxiv.main([PDF, ARCHIVE])
    assert Path(ARCHIVE).read_bytes() == before


@pytest.mark.parametrize("path", [PDF, "figures/a.pdf"])
def test_a_report_that_is_not_as_built_is_refused_and_nothing_written(built, capsys, path) -> None:
    files.write_text(path, "edited")
    assert arxiv.main([PDF, ARCHIVE]) == 1
    assert "make report" in capsys.readouterr().err
    assert not Path(ARCHIVE).exists()
