"""From LaTeX's table of contents to pages."""

from __future__ import annotations

from pathlib import Path

from provenance.document.pages import pages_of
from provenance.document.typeset import typeset
from tests.provenance.document.test_typeset import needs_tex, write_document

PARTS = [
    *[("section", "(a) Sums", 2), ("section", "(b) Signs", 4), ("paragraph", "(i)", 4)],
    *[
        ("paragraph", "(ii)", 5),
        ("paragraph", "An aside.", 6),
        ("subsection", r"\texttt {a.py}", 6),
        ("section", "Code", 8),
    ],
]
CONTENTS = "".join(f"\\contentsline {{{x}}}{{{y}}}{{{z}}}{{{x}*.1}}%\n" for x, y, z in PARTS)


def span(first: int, last: int) -> dict[str, int]:
    """Say from which page to which."""
    return {"from": first, "to": last}


def test_a_section_ends_before_the_next_and_a_paragraph_where_the_next_begins() -> None:
    assert pages_of(CONTENTS) == {
        "(a) Sums": span(2, 3),
        "(b) Signs": span(4, 7),
        "(b)(i)": span(4, 5),
        "(b)(ii)": span(5, 7),
    }


def test_parts_on_one_page_stand_on_that_page() -> None:
    parts = "".join(
        f"\\contentsline {{section}}{{{x}}}{{3}}{{section.1}}%\n" for x in ("A", "B", "C")
    )
    assert pages_of(parts) == {"A": span(3, 3), "B": span(3, 3)}


def test_without_contents_there_are_no_pages() -> None:
    assert pages_of("") == {}


@needs_tex
def test_what_latex_writes_is_understood(tmp_path: Path) -> None:
    body = (
        r"\tableofcontents\clearpage\section*{(a) Sums}\addcontentsline{toc}{section}{(a) Sums}x"
        r"\clearpage x\clearpage\section*{End}\addcontentsline{toc}{section}{End}"
    )
    contents = typeset(write_document(tmp_path, body), {}, tmp_path / "out.pdf")
    assert pages_of(contents) == {"(a) Sums": span(2, 3)}
