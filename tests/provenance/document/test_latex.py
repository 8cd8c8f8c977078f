"""The escape filter, the number filters and the Jinja environment."""

import math
import subprocess
import unicodedata
from pathlib import Path

import jinja2
import numpy as np
import pypdf
import pytest

from provenance.document import latex
from provenance.document.latex import Latex, environment, escape, printed
from provenance.errors import Failure
from tests.provenance.document.test_typeset import needs_tex, needs_text, text_of, typeset_text

# What must appear in the PDF as it stands in the config.
LITERAL = [
    r"R&D_50% #1 ~^\{}$",
    r"\input{/etc/passwd}",
    r"\write18{touch canary}",
    r"\csname end\endcsname",
    "a < b > c | d \" e ' f ` g",
    "-- --- ---- <<x>> ,,y,, ''z'' ``w`` ?` !`",
    "x@y.z/(1+2)=[3]*4;5:6!?",
    "Zoë Ångström, José Ñuñez, François, Straße",
    "Łódź, Příbram, Győr, Ş\u0131rnak, Đorđe, Ærø",
    "Jānis Bērziņš, Ștefan, Žydrūnas, Nguyễn, Phạm, ǖ",
    "\u201cquoted\u201d \u2018so\u2019 \u2013 \u2014 \u20ac",
]
ACCEPTED = [chr(code) for code in range(0x20, 0xD800) if printed(chr(code))]


@pytest.mark.row(24)
@pytest.mark.row(25)
@needs_tex
@needs_text
def test_all_that_is_accepted_appears_literally_in_the_pdf(tmp_path: Path) -> None:
    # `typeset` refuses a missing character; math mode or an unknown command would stop TeX.
    cases = [*LITERAL, *ACCEPTED]
    # \texttt as well: there the ligatures are others.
    body = "\n\n".join(
        rf"{font}{{START{escape(case)}END}}" for case in cases for font in (r"\textrm", r"\texttt")
    )
    text = text_of(typeset_text(tmp_path, body, latex.STYLE)).replace("\n", " ")
    found = [_as_searched(part.split("END")[0]) for part in text.split("START")[1:]]
    assert found == [_as_searched(case) for case in cases for _ in range(2)]


def _as_searched(text: str) -> str:
    """Compare what a reader can search for: no-break spaces and such are the plain ones."""
    return unicodedata.normalize("NFKC", text).strip()


@needs_tex
def test_a_letter_that_looks_like_another_is_itself_for_a_simple_reader_too(tmp_path: Path) -> None:
    pdf = typeset_text(tmp_path, escape("Đorđe"), latex.STYLE)
    assert "Đorđe" in pypdf.PdfReader(pdf).pages[0].extract_text().replace("\u200c", "")


@needs_tex
@needs_text
def test_accents_reach_the_document_s_properties(tmp_path: Path) -> None:
    name = "Nguyễn Đ. Bērziņš Zoë & Co."
    pdf = typeset_text(tmp_path, "x", rf"{latex.STYLE}\hypersetup{{pdfauthor={{{escape(name)}}}}}")
    properties = subprocess.run(["pdfinfo", pdf], check=True, capture_output=True).stdout.decode()
    assert f" {name}\n" in properties


def test_all_of_latin_1_and_more_is_accepted() -> None:
    latin_1 = {chr(code) for code in (*range(0x20, 0x7F), *range(0xA0, 0x100))}
    # The soft hyphen is invisible, and the cedilla alone is no character that anyone types.
    assert latin_1 - {*ACCEPTED} == {"\u00ad", "\u00b8"}
    assert len(ACCEPTED) > 500


@pytest.mark.row(24)
@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("\u0416\u0443\u043a", "U+0416, CYRILLIC CAPITAL LETTER ZHE"),
        ("\u6f22", "U+6F22"),
        ("smile \U0001f600", "U+1F600, GRINNING FACE"),
        ("q\u0301", "U+0301, COMBINING ACUTE ACCENT"),
        ("\u01b0", "U+01B0, LATIN SMALL LETTER U WITH HORN"),
        ("\ud800", "U+D800"),
        ("\u202e", "U+202E"),
    ],
)
def test_a_character_that_the_fonts_lack_is_named(text: str, named: str) -> None:
    with pytest.raises(Failure) as error:
        escape(text, "author.name")
    assert named in str(error.value)
    assert "author.name" in str(error.value)
    assert str(error.value).isascii()


@pytest.mark.row(24)
@pytest.mark.parametrize("character", ["\n", "\r", "\t", "\0", "\x1b", "\x7f", "\x85"])
def test_a_control_character_is_refused(character: str) -> None:
    with pytest.raises(Failure, match="control character"):
        escape(f"A{character}B")


def test_combining_characters_are_composed_first() -> None:
    assert escape("e\u0301") == escape("\u00e9") == "\u00e9"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (latex.percent(0.98267), r"98.27\,\%"),
        (latex.percent(1, 0), r"100\,\%"),
        (latex.percent(-0.00001), r"\ensuremath{-}0.001\,\%"),
        (latex.percent(0.0), r"0.00\,\%"),
        (latex.percent(0.9967, 0), r"99.7\,\%"),
        (latex.percent(0.99996), r"99.996\,\%"),
        (latex.decimal(1.3e-6, 4), r"\ensuremath{1.3\times10^{-6}}"),
        (latex.decimal(0.0, 4), "0.0000"),
        (latex.decimal(0.99997, 4), "0.99997"),
        (latex.decimal(-1.004, 2), r"\ensuremath{-}1.004"),
        (latex.decimal(1.0, 2), "1.00"),
        (latex.percent(np.float64(0.285)), r"28.50\,\%"),
        (latex.decimal(0.05512, 3), "0.055"),
        (latex.decimal(-2.5, 1), r"\ensuremath{-}2.5"),
        (latex.decimal(1e22, 0), "1" + 22 * "0"),
        (latex.scientific(1.23e-11), r"\ensuremath{1.2\times10^{-11}}"),
        (latex.scientific(-12345, 2), r"\ensuremath{-1.23\times10^{4}}"),
        (latex.scientific(9.99e-5, 0), r"\ensuremath{1\times10^{-4}}"),
        (latex.scientific(0.0), "0"),
        (latex.scientific(2.345), "2.3"),
        (latex.scientific(0.99999), "0.99999"),
        (latex.count(12080), "12{,}080"),
        (latex.count(np.int64(999)), "999"),
        (latex.count(-1234567.0), r"\ensuremath{-}1{,}234{,}567"),
        (latex.verbatim_number(0.1), "0.1"),
        (latex.verbatim_number(np.float64(1e-15)), "1e-15"),
        (latex.verbatim_number(7), "7"),
    ],
)
def test_a_number_is_printed_as_its_filter_says(written: Latex, expected: str) -> None:
    assert written == expected


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, None, "1", True, [1]])
@pytest.mark.parametrize(
    "number_filter",
    [
        latex.percent,
        lambda x: latex.decimal(x, 2),
        latex.scientific,
        latex.count,
        latex.verbatim_number,
    ],
)
def test_what_is_no_finite_number_is_refused(number_filter, value: object) -> None:
    with pytest.raises(Failure, match="expects a finite number; got"):
        number_filter(value)


def test_a_count_is_a_whole_number() -> None:
    with pytest.raises(Failure, match=r"got 2\.5"):
        latex.count(2.5)


def render(folder: Path, template: str, **values: object) -> str:
    """Render one template."""
    (folder / "t.tex.j2").write_text(template)
    return environment(folder).get_template("t.tex.j2").render(**values)


@pytest.mark.parametrize(
    ("template", "expected"),
    [
        ("<< name >> << n >>", r"A\&B 3"),
        ("<< name | latex >>", "A&B"),
        ('<< "50%" >>', r"50\%"),
        ("((= not << shown >> =))x", "x"),
        ("((* if n == 3 *))\nyes\n((* endif *))\n", "yes\n"),
        ("((* macro m(x) *))\\emph{<< x >>}((* endmacro *))<< m(name) >>", r"\emph{A\&B}"),
        ("((* set s *))\\emph{<< name >>}((* endset *))<< s >>", r"\emph{A\&B}"),
        (
            "((* macro m() *))[<< caller() >>]((* endmacro *))"
            "((* call m() *))<< name >>((* endcall *))",
            r"[A\&B]",
        ),
        ('<< ["a_b", marked] | join(", ") >>', r"a\_b, \emph{x}"),
        ("$f(x) = {{a}}$ \\(((1))\\) {%\n", "$f(x) = {{a}}$ \\(((1))\\) {%\n"),
    ],
)
def test_a_template_escapes_what_is_not_latex(tmp_path: Path, template: str, expected: str) -> None:
    assert render(tmp_path, template, name="A&B", n=3, marked=Latex(r"\emph{x}")) == expected


def test_latex_glued_to_text_is_escaped_rather_than_trusted(tmp_path: Path) -> None:
    assert render(tmp_path, '<< marked ~ "&" >>', marked=Latex("{x}")) == r"\{x\}\&"


def test_a_name_that_is_not_defined_stops_the_rendering(tmp_path: Path) -> None:
    with pytest.raises(jinja2.UndefinedError, match="'nothing' is undefined"):
        render(tmp_path, "<< nothing >>")


@pytest.mark.parametrize("value", [0.1 + 0.2, None, True, [1], {"a": 1}, np.float64(2)])
def test_a_value_without_a_filter_is_refused(tmp_path: Path, value: object) -> None:
    with pytest.raises(Failure, match="without a filter"):
        render(tmp_path, "<< value >>", value=value)
