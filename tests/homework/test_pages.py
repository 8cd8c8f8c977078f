"""Pages hold a toy network of any size and tables of any length."""

from __future__ import annotations

from pathlib import Path

import pypdf
import pytest

from homework.gradient_check import check_gradients
from homework.toy import Toy
from provenance import files
from provenance.document import latex, listings
from provenance.document.typeset import engine, typeset
from tests.project import ROOT

PAGES = r"""((* include "preamble.tex.j2" *))
\begin{document}
((* include "questions/c.tex.j2" *))
((* include "questions/d.tex.j2" *))
((* for label in labels *))\label{code:<< label | latex >>}((* endfor *))
\end{document}
"""
TABLE = r"""((* include "preamble.tex.j2" *))
((* from "macros.tex.j2" import table *))
\begin{document}
<< table("steps", "The trainings.", "rr", ["step size", "loss"], rows) >>
\end{document}
"""
LABELS = [
    *(f"nn/network.py:create_{kind}" for kind in ("weight_matrices", "bias_vectors")),
    *(f"nn/network.py:{name}" for name in ("forward_pass", "layer_backward", "backward_pass")),
    "homework/gradient_check.py:check_gradients",
]


def text(toy: Toy, folder: Path) -> str:
    """Fill the templates of both questions from the record of a toy."""
    files.write_json(folder / "gradients.json", check_gradients(toy))
    gradients = files.read_json(folder / "gradients.json")
    return filled(PAGES, gradients=gradients, labels=LABELS)


def filled(pages: str, **values: object) -> str:
    """Fill templates."""
    return (
        latex.environment(ROOT / "report")
        .from_string(pages)
        .render(
            values,
            work="A report",
            name="",
            mark="",
            marked=False,
            style=latex.STYLE + listings.STYLE,
            claim=lambda _: latex.Latex("A sentence."),
            zip=zip,
        )
    )


@pytest.mark.skipif(engine() is None, reason="no TeX engine")
@pytest.mark.row(45, "It is typeset; what is longer still is cut and says so.")
@pytest.mark.parametrize("layer_dims", [[4, 2, 1], [10, 12, 1], [80, 3, 1]])
def test_a_toy_of_any_size_is_typeset(tmp_path, make_network, layer_dims) -> None:
    source = tmp_path / "pages.tex"
    source.write_text(text(Toy(*make_network(layer_dims, 70)[:4]), tmp_path), encoding="utf-8")
    typeset(source, {}, tmp_path / "pages.pdf")
    assert (tmp_path / "pages.pdf").stat().st_size > 10_000


@pytest.mark.skipif(engine() is None, reason="no TeX engine")
@pytest.mark.row(45)
def test_a_table_of_55_rows_breaks_over_pages(tmp_path) -> None:
    rows = [[str(k), "0.1"] for k in range(55)]
    (tmp_path / "table.tex").write_text(filled(TABLE, rows=rows), encoding="utf-8")
    typeset(tmp_path / "table.tex", {}, tmp_path / "table.pdf")
    pages = [page.extract_text() for page in pypdf.PdfReader(tmp_path / "table.pdf").pages]
    assert len(pages) == 2
    assert all("step size" in page for page in pages)


@pytest.mark.row(45)
def test_a_long_table_and_a_long_printout_say_that_they_are_cut(tmp_path, make_network) -> None:
    cut = text(Toy(*make_network([80, 3, 1], 70)[:4]), tmp_path)
    assert "the first 60 of 70." in cut  # samples
    assert "the first 60 of 247." in cut  # entries of the gradients
    assert "(The first 60 of 88 lines.)" in cut
    assert "the first" not in text(Toy(*make_network([4, 2, 1], 2)[:4]), tmp_path).lower()
