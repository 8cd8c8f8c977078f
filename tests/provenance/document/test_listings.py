"""The code appendix: every character is there, every line fits, and it can be copied."""

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.provenance.document.test_typeset import needs_tex, needs_text, text_of, typeset_text
from provenance.document import listings
from provenance.errors import Failure
from provenance.document.listing_style import LISTING_STYLE
from provenance.document.listings import appendix, highlight, language_of

# Every printable ASCII character, and indentation.
PYTHON = r'''"""Docstring with \backslash, {braces} and `ticks`."""


@decorated
def train(x: float, *, rate: float = 1e-3) -> dict[str, float]:
    # 100 % of $x & y_1 ^ ~ #!
    if x != rate and x << 2 or not ~x:
        return {"a": x @ x, 'b': x ^ 1, f"{x!r:>{10}}": -- x}
            # ,, ?` !` << >> fi ff -- ''
'''
SOURCES = {
    "python": PYTHON,
    "snakemake": 'rule train:\n    input:\n        "a",\n    shell:\n        "cp {input}"\n',
    "yaml": '# comment\nname: "x"\nlist:\n  - 1e-3\n  - ~\n',
    "latex": "((* if x *))\n  \\emph{<< x | decimal(2) >>} $a_1^2$ %\n((= n =))\n((* endif *))\n",
    "ini": "axes.grid: True  # comment\n[section]\nkey = value\n",
    "makefile": "report: all\n        @$(PYTHON) -m x $<\n",
    "text": "plain text \\ { } ~\n",
}


def characters_of(latex: str) -> list[str]:
    """Undo the listing: the lines as a reader sees them, wrapped lines joined again."""
    lines: list[str] = []
    for line in latex.splitlines():
        if line in (r"\codeskip", r"\codegap"):
            lines.append("")
        elif match := re.fullmatch(r"\\codeline\{(.*)\}", line):
            lines.append(_plain(match[1]))
        elif match := re.fullmatch(r"\\codewrap\{\d+\}\{(.*)\}", line):
            lines[-1] += _plain(match[1])
    return lines


def _plain(latex: str) -> str:
    """Drop the styles and read the commands as characters."""
    braces = re.sub(r"\\code[kdsc]\{|\}|\{", "", latex)
    back = {command: character for character, command in listings.CODE_CHARACTERS.items()}
    return re.sub(r"\\\d", lambda match: back[match[0]], braces)


@pytest.mark.parametrize("language", SOURCES)
def test_every_character_of_the_source_is_listed(language: str) -> None:
    source = SOURCES[language]
    assert characters_of(highlight("x", source, language)) == source.rstrip("\n").split("\n")


@given(st.lists(st.text(st.characters(min_codepoint=32, max_codepoint=126)), min_size=1))
@settings(deadline=None, max_examples=50)
def test_no_text_is_lost_or_too_wide(lines: list[str]) -> None:
    source = "\n".join(line.rstrip() for line in lines).rstrip("\n")
    latex = highlight("x", source, "python")
    assert [line.rstrip() for line in characters_of(latex)] == source.split("\n")
    for indent, content in re.findall(r"^\\code(?:line|wrap\{(\d+)\})\{(.*)\}$", latex, re.M):
        assert int(indent or 0) + len(_plain(content)) <= listings.WIDTH


def test_a_wide_line_is_broken_at_a_space_and_indented() -> None:
    latex = highlight("x", "    call(" + ", ".join(["argument"] * 20) + ")", "python")
    first, second, *_ = re.findall(r"\\code(?:line|wrap\{8\})\{(.*)\}", latex)
    assert first.endswith("argument, ")
    assert second.startswith("argument")


def test_a_file_of_one_endless_word_is_broken_too() -> None:
    latex = highlight("x", "x" * 250, "text")
    assert [len(part) for part in re.findall(r"\{(x+)\}", latex)] == [100, 96, 54]


def test_neighbours_of_one_style_are_one_group() -> None:
    assert r"\codec{# several words, one comment}" in highlight(
        "x", "# several words, one comment", "python"
    )


@pytest.mark.parametrize(
    ("path", "language"),
    [
        ("Snakefile", "snakemake"),
        ("Makefile", "makefile"),
        ("workflow/rules/data.smk", "snakemake"),
        ("nn/losses.py", "python"),
        ("report/questions/a.tex.j2", "latex"),
        ("report/report.mplstyle", "ini"),
        ("config/config.yaml", "yaml"),
        ("LICENSE", "text"),
    ],
)
def test_the_language_follows_from_the_name(path: str, language: str) -> None:
    assert language_of(path) == language


def test_an_unknown_language_is_refused() -> None:
    with pytest.raises(Failure, match="'cobol'"):
        highlight("x", "y", "cobol")


def test_definitions_are_good_places_for_a_page_break() -> None:
    latex = highlight("x", "a = 1\n\n\n@f\ndef g():\n    x = 1\n\n    y = 1\n", "python")
    assert latex.count(r"\codegap") == 1
    assert latex.count(r"\codeskip") == 2
    assert "\\codeline{\\coded{@f}}\n\\nobreak" in latex


def test_a_character_that_the_fonts_lack_is_shown_by_its_code_point() -> None:
    assert "<U+0416>" in highlight("x", "# \u0416", "python")


@needs_tex
@needs_text
def test_the_appendix_can_be_copied_with_its_indentation(tmp_path: Path) -> None:
    wide = "    values = [" + ", ".join(str(n) for n in range(100, 130)) + "]\n"
    files = [(f"nn/m_{language}", source) for language, source in SOURCES.items()]
    body = appendix(
        [("nn/losses.py", PYTHON + wide), *files, ("e.yaml", "name: Zo\u00eb # \u0416\n")]
    )
    pdf = typeset_text(
        tmp_path,
        rf"\tableofcontents See \pageref{{code:nn/losses.py}}. {body}",
        LISTING_STYLE,
    )
    copied = text_of(pdf, "-layout").split("\n")
    for source in SOURCES.values():
        # pdftotext shows two spaces before a comment as one; the indentation is exact.
        for line in filter(None, source.split("\n")):
            indent, words = re.fullmatch(r"( *)(.*)", line).groups()
            assert any(
                re.fullmatch(re.escape(indent) + r" +".join(map(re.escape, words.split())), other)
                for other in copied
            ), line
    assert any("name: Zo\u00eb # <U+0416>" in line for line in copied)
    assert re.fullmatch(r" *nn/losses\.py( \.)+ +1", copied[1] or copied[2])
    assert any("See 1." in line for line in copied)


@needs_tex
def test_a_long_appendix_is_typeset_quickly_and_has_bookmarks(tmp_path: Path) -> None:
    import pypdf

    source = "".join(PYTHON.replace("train", f"train_{n}") for n in range(100))
    pdf = typeset_text(tmp_path, appendix([("nn/a_b.py", source)]), LISTING_STYLE)
    reader = pypdf.PdfReader(pdf)
    assert [entry["/Title"] for entry in reader.outline] == ["nn/a_b.py"]
    assert len(reader.pages) > 10
    assert "\n        return {" in re.sub(r"\n\d+ ", "\n", reader.pages[1].extract_text())
