"""The pages of (c) and (d) hold a toy network of any size."""

from __future__ import annotations

from pathlib import Path

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
LABELS = [
    *(f"nn/network.py:create_{kind}" for kind in ("weight_matrices", "bias_vectors")),
    *(f"nn/network.py:{name}" for name in ("forward_pass", "layer_backward", "backward_pass")),
    "homework/gradient_check.py:check_gradients",
]


def text(toy: Toy, folder: Path) -> str:
    """Fill the templates of both questions from the record of a toy."""
    files.write_json(folder / "gradients.json", check_gradients(toy))
    pages = latex.environment(ROOT / "report").from_string(PAGES)
    return pages.render(
        gradients=files.read_json(folder / "gradients.json"),
        labels=LABELS,
        author={"name": ""},
        dataset="mnist",
        style=latex.STYLE + listings.STYLE,
        claim=lambda _: latex.Latex("A sentence."),
        zip=zip,
    )


@pytest.mark.skipif(engine() is None, reason="no TeX engine")
@pytest.mark.parametrize("layer_dims", [[4, 2, 1], [10, 12, 1], [80, 3, 1]])
def test_a_toy_of_any_size_is_typeset(tmp_path, make_network, layer_dims) -> None:
    source = tmp_path / "pages.tex"
    source.write_text(text(Toy(*make_network(layer_dims, 70)[:4]), tmp_path), encoding="utf-8")
    typeset(source, {}, tmp_path / "pages.pdf")
    assert (tmp_path / "pages.pdf").stat().st_size > 10_000


def test_a_long_table_and_a_long_printout_say_that_they_are_cut(tmp_path, make_network) -> None:
    cut = text(Toy(*make_network([80, 3, 1], 70)[:4]), tmp_path)
    assert "the first 60 of 70." in cut  # samples
    assert "the first 60 of 247." in cut  # entries of the gradients
    assert "(The first 60 of 88 lines.)" in cut
    assert "the first" not in text(Toy(*make_network([4, 2, 1], 2)[:4]), tmp_path).lower()
