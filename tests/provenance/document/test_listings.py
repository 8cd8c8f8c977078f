"""The code appendix: every character is there, every line fits, and it can be copied and linked."""

import re
from pathlib import Path

import pytest

from provenance.document import latex, listings
from provenance.document.listings import WIDTH, appendix
from tests.provenance.document.test_typeset import needs_tex, needs_text, text_of, typeset_text

STYLE = latex.STYLE + listings.STYLE
# Every printable ASCII character, and indentation.
PYTHON = r'''"""Docstring with \backslash, {braces} and `ticks`."""


@decorated
def train(x: float, *, rate: float = 1e-3) -> dict[str, float]:
    # 100 % of $x & y_1 ^ ~ #!

    if x != rate and x << 2 or not ~x:
        return {"a": x @ x, 'b': x ^ 1, f"{x!r:>{10}}": -- x}
            # ,, ?` !` << >> fi ff -- '' width 3pt
'''


def copied(folder: Path, text: str, *options: str) -> str:
    """Typeset one file; give what a reader copies of it."""
    return text_of(typeset_text(folder, appendix([("a.py", text)]), STYLE), *options)


@needs_tex
@needs_text
@pytest.mark.parametrize(
    "text",
    [
        PYTHON,
        "\\begin{code}\n\\end{code}\n\\end{Verbatim}x\n\\end\n\\codewrap{} \\\\ {}\n",
        "rule train:\n    shell:\n        'cp {input}'\n",
        "name: Zo\u00eb \u0141 Nguy\u1ec5n \u201cquoted\u201d # 100%\n",
    ],
)
def test_what_is_copied_is_the_code_without_numbers(tmp_path: Path, text: str) -> None:
    # After the heading; before the page's number.
    lines = list(filter(str.strip, copied(tmp_path, text, "-layout").split("\n")))[1:-1]
    margin = min(len(line) - len(line.lstrip()) for line in lines)
    # pdftotext shows two spaces within a line as one; the indentation is exact.
    assert [_indent_and_words(line[margin:]) for line in lines] == [
        _indent_and_words(line) for line in text.split("\n") if line
    ]


def _indent_and_words(line: str) -> tuple[int, list[str]]:
    return len(line) - len(line.lstrip()), line.split()


@needs_tex
@needs_text
@pytest.mark.parametrize(
    ("text", "shown"),
    [("# \u0416", "# <U+0416>"), ("a\0b\x01\x02", "a<U+0000>b<U+0001><U+0002>")],
)
def test_a_character_that_the_fonts_lack_is_shown_by_its_code_point(
    tmp_path: Path, text: str, shown: str
) -> None:
    assert shown in copied(tmp_path, text)


def test_tabs_are_expanded() -> None:
    assert "\nab      c\n" in appendix([("Makefile", "ab\tc\n")])


@needs_tex
@needs_text
def test_lines_are_numbered_and_a_wide_one_is_wrapped_and_counts_once(tmp_path: Path) -> None:
    import pypdf

    wide = "x" * (2 * WIDTH + 50)
    # `typeset` refuses what sticks out.
    pdf = typeset_text(tmp_path, appendix([("a.py", f"a\n{wide}\nb\n")]), STYLE)
    assert [len(part) for part in re.findall("x+", text_of(pdf))] == [WIDTH, WIDTH, 50]
    # pypdf shows the margin too.
    shown = pypdf.PdfReader(pdf).pages[0].extract_text()
    assert re.sub(r"\s|x", "", shown.partition("a.py")[2]).startswith("1a2")
    assert "3b" in re.sub(r"\s", "", shown)


@needs_tex
@needs_text
def test_files_and_their_definitions_can_be_linked(tmp_path: Path) -> None:
    import pypdf

    text = "import x\n" * 300 + "class Net:\n    def f(self): ...\n\n\nasync def run_all(): ...\n"
    twice = "def f(): ...\n\n\ndef f(): ...\n"
    targets = ["nn/a_b.py", "nn/a_b.py:Net", "nn/a_b.py:run_all", "c.smk:train", "d.py:f"]
    links = " ".join(rf"\hyperref[code:{t}]{{to}} \pageref{{code:{t}}}" for t in targets)
    files = [("nn/a_b.py", text), ("c.smk", "rule train:\n"), ("d.py", twice)]
    pdf = typeset_text(tmp_path, rf"\tableofcontents {links}\newpage {appendix(files)}", STYLE)
    first = " ".join(text_of(pdf).split("\f")[0].split())
    assert "to 2 to 6 to 6 to 6 to 6" in first
    assert "nn/a_b.py . . ." in first
    outline = pypdf.PdfReader(pdf).outline
    assert [entry["/Title"] for entry in outline] == ["nn/a_b.py", "c.smk", "d.py"]
