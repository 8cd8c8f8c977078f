r"""LaTeX from Jinja templates: the delimiters, the escape filter, the number filters.

A template is LaTeX with `((* blocks *))`, `<< values >>` and `((= comments =))`. A value that
is not marked as LaTeX is text: it appears in the PDF letter by letter, whatever it contains.
Numbers pass through a filter that says how many digits a reader gets.
"""

from __future__ import annotations

import math
import numbers
import unicodedata
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any

import jinja2
import jinja2.ext

from provenance.errors import Failure


class Latex(str):
    """Text that is LaTeX already, so that the escape filter leaves it alone."""

    __slots__ = ()


# What TeX would read as a command, set as a quote of another shape or join into a ligature.
# The names work in the text and in PDF bookmarks alike.
SPECIALS = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "#": r"\#",
    "$": r"\$",
    "%": r"\%",
    "&": r"\&",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    "'": r"\textquotesingle{}",
    "`": r"\textasciigrave{}",
}

# Letters and signs of T1 and TS1 that are not a base letter with an accent.
NAMED = {
    0x00A0: "~",
    0x00A1: r"\textexclamdown{}",
    0x00A2: r"\textcent{}",
    0x00A3: r"\textsterling{}",
    0x00A4: r"\textcurrency{}",
    0x00A5: r"\textyen{}",
    0x00A6: r"\textbrokenbar{}",
    0x00A7: r"\textsection{}",
    0x00A8: r"\textasciidieresis{}",
    0x00A9: r"\textcopyright{}",
    0x00AA: r"\textordfeminine{}",
    0x00AB: r"\guillemotleft{}",
    0x00AC: r"\textlnot{}",
    0x00AE: r"\textregistered{}",
    0x00AF: r"\textasciimacron{}",
    0x00B0: r"\textdegree{}",
    0x00B1: r"\textpm{}",
    0x00B2: r"\texttwosuperior{}",
    0x00B3: r"\textthreesuperior{}",
    0x00B4: r"\textasciiacute{}",
    0x00B5: r"\textmu{}",
    0x00B6: r"\textparagraph{}",
    0x00B7: r"\textperiodcentered{}",
    0x00B9: r"\textonesuperior{}",
    0x00BA: r"\textordmasculine{}",
    0x00BB: r"\guillemotright{}",
    0x00BC: r"\textonequarter{}",
    0x00BD: r"\textonehalf{}",
    0x00BE: r"\textthreequarters{}",
    0x00BF: r"\textquestiondown{}",
    0x00C6: r"\AE{}",
    0x00D0: r"\DH{}",
    0x00D7: r"\texttimes{}",
    0x00D8: r"\O{}",
    0x00DE: r"\TH{}",
    0x00DF: r"\ss{}",
    0x00E6: r"\ae{}",
    0x00F0: r"\dh{}",
    0x00F7: r"\textdiv{}",
    0x00F8: r"\o{}",
    0x00FE: r"\th{}",
    0x0110: r"\DJ{}",
    0x0111: r"\dj{}",
    0x0131: r"\i{}",
    0x0141: r"\L{}",
    0x0142: r"\l{}",
    0x014A: r"\NG{}",
    0x014B: r"\ng{}",
    0x0152: r"\OE{}",
    0x0153: r"\oe{}",
    0x2013: r"\textendash{}",
    0x2014: r"\textemdash{}",
    0x2018: r"\textquoteleft{}",
    0x2019: r"\textquoteright{}",
    0x201A: r"\quotesinglbase{}",
    0x201C: r"\textquotedblleft{}",
    0x201D: r"\textquotedblright{}",
    0x201E: r"\quotedblbase{}",
    0x2020: r"\textdagger{}",
    0x2021: r"\textdaggerdbl{}",
    0x2022: r"\textbullet{}",
    0x2030: r"\textperthousand{}",
    0x2039: r"\guilsinglleft{}",
    0x203A: r"\guilsinglright{}",
    0x20AC: r"\texteuro{}",
    0x2116: r"\textnumero{}",
    0x2122: r"\texttrademark{}",
}

# Combining accent -> TeX's accent command.
ACCENTS = {
    0x0300: "`",
    0x0301: "'",
    0x0302: "^",
    0x0303: "~",
    0x0306: "u",
    0x0307: ".",
    0x0308: '"',
    0x030A: "r",
    0x030B: "H",
    0x030C: "v",
    0x0327: "c",
    0x0328: "k",
}

# The letters of Latin Extended-A that T1 (the Cork encoding) has as one glyph with an accent;
# any other would be pasted together and could be neither searched nor copied.
# fmt: off
CORK = frozenset((
    0x0102, 0x0103, 0x0104, 0x0105, 0x0106, 0x0107, 0x010C, 0x010D, 0x010E, 0x010F, 0x0118,
    0x0119, 0x011A, 0x011B, 0x011E, 0x011F, 0x0130, 0x0139, 0x013A, 0x013D, 0x013E, 0x0143,
    0x0144, 0x0147, 0x0148, 0x0150, 0x0151, 0x0154, 0x0155, 0x0158, 0x0159, 0x015A, 0x015B,
    0x015E, 0x015F, 0x0160, 0x0161, 0x0162, 0x0163, 0x0164, 0x0165, 0x016E, 0x016F, 0x0170,
    0x0171, 0x0178, 0x0179, 0x017A, 0x017B, 0x017C, 0x017D, 0x017E,
))
# fmt: on


def _accented(code: int) -> str:
    """Write an accented letter as an accent command and its letter."""
    base, accent = unicodedata.decomposition(chr(code)).split()
    return f"\\{ACCENTS[int(accent, 16)]}{{{chr(int(base, 16))}}}"


def _characters() -> dict[str, str]:
    """Build the table of every character that may appear, with its LaTeX."""
    table = {chr(code): chr(code) for code in range(0x20, 0x7F)} | SPECIALS
    table |= {chr(code): latex for code, latex in NAMED.items()}
    latin_1 = frozenset(range(0xC0, 0x100)) - NAMED.keys()
    return table | {chr(code): _accented(code) for code in sorted(latin_1 | CORK)}


CHARACTERS = _characters()


def escape(text: str, key: str | None = None) -> Latex:
    r"""Write text as LaTeX that prints it literally.

    Parameters
    ----------
    text : str
        Any text. It is brought to Unicode's composed form (NFC) first.
    key : str, optional
        Where the text comes from, for the message of an error: a key of the config.

    Returns
    -------
    Latex
        Pure ASCII, the same for pdfTeX and XeTeX, good in the text and in bookmarks.

    Raises
    ------
    Failure
        If a character is a control character, or has no glyph in the report's fonts.
    """
    text = unicodedata.normalize("NFC", text)
    written = []
    previous = ""
    for character in text:
        latex = CHARACTERS.get(character)
        if latex is None:
            raise _unprintable(character, text, key)
        if character == previous and character in "-,":
            latex = "{}" + latex  # keep "--" and ",," from becoming a dash and a quote
        if character == previous == " ":
            latex = "\\ "
        written.append(latex)
        previous = character
    return Latex("".join(written))


def _unprintable(character: str, text: str, key: str | None) -> Failure:
    """Name a character that cannot be printed, its code point and where it stands."""
    where = f" ({key})" if key else ""
    code = f"U+{ord(character):04X}"
    if unicodedata.category(character) == "Cc":
        cause = f"The text {_shown(text)}{where} holds the control character {code}."
        return Failure(cause, "Write the text on one line, without tabs or control characters.")
    name = unicodedata.name(character, "a character without a name")
    return Failure(
        f"The text {_shown(text)}{where} holds {character!a} ({code}, {name}), "
        "for which the report's fonts have no glyph.",
        "Write it with Latin letters (accents of European languages are fine).",
    )


def _shown(text: str) -> str:
    """Quote a text for a message, in ASCII and not too long."""
    return ascii(text if len(text) <= 60 else text[:57] + "...")


def _finite(x: Any, name: str) -> Decimal:
    """Take a number as the decimal of its shortest repr; refuse what is no finite number."""
    if isinstance(x, numbers.Real) and not isinstance(x, bool) and math.isfinite(x):
        return Decimal(str(int(x)) if isinstance(x, numbers.Integral) else repr(float(x)))
    raise Failure(
        f"The filter `{name}` of a template expects a finite number; got {x!r}.",
        "Look in the template for the value, and in results/ for the record it comes from.",
    )


def _fixed(x: Decimal, digits: int, name: str) -> str:
    """Print with a fixed number of decimals and a true minus sign."""
    if digits < 0:
        raise ValueError(f"{name}: digits must be >= 0; got {digits}")
    text = f"{x:.{digits}f}"
    if text.startswith("-"):
        return text[1:] if not text.strip("-0.") else r"\ensuremath{-}" + text[1:]
    return text


def decimal(x: Any, digits: int) -> Latex:
    r"""Print with `digits` decimals: `decimal(0.05512, 3)` is `0.055`."""
    return Latex(_fixed(_finite(x, "decimal"), digits, "decimal"))


def percent(x: Any, digits: int = 2) -> Latex:
    r"""Print a share as a percentage: `percent(0.98267)` is `98.27\,\%`."""
    return Latex(_fixed(_finite(x, "percent").scaleb(2), digits, "percent") + r"\,\%")


def scientific(x: Any, digits: int = 1) -> Latex:
    r"""Print as a power of ten: `scientific(1.23e-11)` is `1.2\times10^{-11}` in math mode."""
    value = _finite(x, "scientific")
    if value == 0:
        return Latex("0")
    mantissa, exponent = f"{value:.{digits}e}".split("e")
    return Latex(rf"\ensuremath{{{mantissa}\times10^{{{int(exponent)}}}}}")


def count(n: Any) -> Latex:
    """Print an integer with thousands apart: `count(12080)` is `12{,}080`."""
    value = _finite(n, "count")
    if value != value.to_integral_value():
        raise Failure(
            f"The filter `count` of a template expects a whole number; got {n!r}.",
            "Use `decimal`, or look in results/ for the record that the value comes from.",
        )
    text = f"{int(value):,}".replace(",", "{,}")
    return Latex(text.replace("-", r"\ensuremath{-}"))


def verbatim_number(x: Any) -> Latex:
    """Print every digit that the number has, as Python prints it: `0.1`, `1e-15`."""
    _finite(x, "verbatim_number")
    return escape(str(int(x)) if isinstance(x, numbers.Integral) else repr(float(x)))


def join(values: Iterable[Any], separator: str = "") -> Latex:
    """Join values, each escaped unless it is LaTeX."""
    return Latex(finalize(separator).join(finalize(value) for value in values))


def finalize(value: Any) -> Latex:
    """Decide how a value of a template is printed; Jinja calls this for each `<< value >>`.

    Raises
    ------
    Failure
        If the value is neither text nor a whole number: such a value passes a filter first.
    """
    if isinstance(value, Latex):
        return value
    if isinstance(value, str):
        return escape(value)
    if isinstance(value, jinja2.Undefined):
        return Latex(str(value))  # a StrictUndefined raises here and names itself
    if isinstance(value, numbers.Integral) and not isinstance(value, bool):
        return Latex(str(int(value)))
    raise Failure(
        f"A template prints a {type(value).__name__} ({_shown(repr(value))}) without a filter.",
        "Say how it is printed: decimal, percent, scientific, count or verbatim_number.",
    )


FILTERS = {
    "escape": escape,
    "latex": Latex,
    "decimal": decimal,
    "percent": percent,
    "scientific": scientific,
    "count": count,
    "verbatim_number": verbatim_number,
    "join": join,
}


class LatexEnvironment(jinja2.Environment):
    """A Jinja environment whose output is LaTeX.

    What a macro, a `set` block or a `call` block has put together is LaTeX already; Jinja
    puts all of them together with `concat`.
    """

    concat = staticmethod(lambda parts: Latex("".join(parts)))


def environment(folder: str | Path) -> jinja2.Environment:
    """Read templates from `folder`.

    Parameters
    ----------
    folder : str or Path
        Where the templates are.

    Returns
    -------
    jinja2.Environment
        Strict about names that are not defined; every value that is not `Latex` is escaped;
        the number filters are there under their names.
    """
    latex = LatexEnvironment(
        block_start_string="((*",
        block_end_string="*))",
        variable_start_string="<<",
        variable_end_string=">>",
        comment_start_string="((=",
        comment_end_string="=))",
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=jinja2.StrictUndefined,
        finalize=finalize,
        loader=jinja2.FileSystemLoader(folder, encoding="utf-8"),
    )
    latex.filters.update(FILTERS)
    return latex
