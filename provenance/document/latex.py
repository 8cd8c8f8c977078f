r"""LaTeX from Jinja templates: the delimiters, the escape filter, the number filters.

A template is LaTeX with `((* blocks *))`, `<< values >>` and `((= comments =))`. A value that
is not marked as LaTeX is text: it appears in the PDF letter by letter, whatever it contains.
Numbers pass through a filter that says how exactly a reader sees them.
"""

from __future__ import annotations

import math
import numbers
import re
import unicodedata
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any

import jinja2

from provenance.errors import Failure

# What TeX would read as a command, set as a quote of another shape or join into a ligature.
# The names work in the text and in PDF bookmarks alike.
SPECIALS = {
    **{character: "\\" + character for character in "{}#$%&_"},
    "\\": r"\textbackslash{}",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\textquotedbl{}",
    "'": r"\textquotesingle{}",
    "`": r"\textasciigrave{}",
}
# What the fonts have beyond Latin 1 that is not a letter with accents; and Ð, which looks like Đ.
SINGLE = "ÐĐđıŁłŊŋŒœ–—‘’‚“”„†‡•‰‹›€№"  # noqa: RUF001
# TeX's accents by Unicode's: those above a letter, then those below.
GRAVE_TO_CARON = "\u0300\u0301\u0302\u0303\u0304\u0306\u0307\u0308\u030a\u030b\u030c"
ABOVE = dict(zip(GRAVE_TO_CARON, "`'^~=u.\"rHv", strict=True))
BELOW = {"\u0323": "d", "\u0326": "textcommabelow", "\u0327": "c", "\u0328": "k", "\u0331": "b"}
# The letters with one accent that can bear a second one.
BEARERS = "ÂÊÔĂÄÖÜâêôăäöü"
#: What every report has in common; a template of its own of the same name comes first.
TEMPLATES = Path(__file__).with_name("templates")

#: What the preamble has to define, after hyperref: a character, its code, what it is put together
#: from. Between the marks nobody sees the parts: who searches or copies finds the character. Some
#: readers heed no marks; for them at least the glyph of both is that which more names have.
STYLE = r"""
\ifPDFTeX
  \pdfglyphtounicode{Eth}{0110}\pdfgentounicode=1
  \DeclareRobustCommand\composed[3]{\leavevmode\pdfliteral direct{/Span<</ActualText<FEFF#2>>>BDC}%
    \textcompwordmark#3\textcompwordmark\pdfliteral direct{EMC}}
\else
  \DeclareRobustCommand\composed[3]{#1}
\fi
\pdfstringdefDisableCommands{\def\composed#1#2#3{#1}}
"""


class Latex(str):
    """Text that is LaTeX already, so that the escape filter leaves it alone."""

    __slots__ = ()


def escape(text: str, key: str | None = None) -> Latex:
    """Write text as LaTeX that prints it literally; `key` tells an error where it comes from."""
    text = unicodedata.normalize("NFC", text)
    written = []
    for character in text:
        if (latex := printed(character)) is None:
            raise _unprintable(character, text, key)
        written.append(latex)
    # Else "--" would be a dash, ",," a quote, and two spaces one.
    return Latex(re.sub("(?<= ) ", r"\\ ", re.sub(r"([-,])(?=\1)", r"\1{}", "".join(written))))


def printed(character: str) -> str | None:
    """Write a character; None if a font of the report cannot print it."""
    if " " <= character <= "~":
        return SPECIALS.get(character, character)
    if "\xa0" <= character <= "\xff" and character not in "\xad\xb8\xd0":
        return character
    parts = character if character in SINGLE else _accented(character)
    return parts and rf"\composed{{{character}}}{{{ord(character):04X}}}{{{parts}}}"


def _accented(character: str) -> str | None:
    """Put a letter together from a plain one and accents; None if TeX cannot do that."""
    parts = unicodedata.normalize("NFD", character)
    letter, marks = parts[0], parts[1:]
    above = [mark for mark in marks if mark in ABOVE]
    below = [mark for mark in marks if mark in BELOW]
    plain = letter.isascii() and letter.isalpha()
    if not plain or not marks or len(marks) > len(above) + len(below):
        return None
    if len(above) > 1 and unicodedata.normalize("NFC", letter + above[0]) not in BEARERS:
        return None
    for mark in above + below:
        letter = rf"\{ABOVE.get(mark) or BELOW[mark]}{{{letter}}}"
    return letter


def _unprintable(character: str, text: str, key: str | None) -> Failure:
    """Name a character that cannot be printed, its code point and where it stands."""
    unnamed = "control character" if unicodedata.category(character) == "Cc" else "without a name"
    what = f"U+{ord(character):04X}, {unicodedata.name(character, unnamed)}"
    where = f" ({key})" if key else ""
    return Failure(
        f"The text {_shown(text)}{where} holds {character!a} ({what}), "
        "which not every font of the report can print.",
        "Write it on one line, in Latin letters (accents of European languages are fine).",
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


def _fixed(x: Decimal, places: int, thousands: str = "") -> str:
    """Print with a fixed number of decimals and a true minus sign."""
    text = f"{x:{thousands}.{places}f}"
    return text.replace("-", r"\ensuremath{-}" if text.strip("-0.") else "")


def _enough(value: Decimal, places: int, whole: int) -> int:
    """Add decimals where nothing or the whole would be said of what is neither."""
    while abs(value) not in (0, whole) and round(abs(value), places) in (0, whole):
        places += 1
    return places


def decimal(x: Any, places: int) -> Latex:
    r"""Print with `places` decimals: `decimal(0.05512, 3)` is `0.055`.

    What is neither 0 nor 1 never looks so: it has more decimals, or is printed by `scientific`.
    """
    value = _finite(x, "decimal")
    if value and not round(value, places):
        return scientific(x)
    return Latex(_fixed(value, _enough(value, places, 1)))


def percent(x: Any, places: int = 2) -> Latex:
    r"""Print a share as a percentage: `percent(0.98267)` is `98.27\,\%`.

    More decimals are printed where 0 or 100 would be said of what is neither.
    """
    value = _finite(x, "percent").scaleb(2)
    return Latex(_fixed(value, _enough(value, places, 100)) + r"\,\%")


def scientific(x: Any, places: int = 1) -> Latex:
    r"""Print as a power of ten: `scientific(1.23e-11)` is `1.2\times10^{-11}` in math mode.

    Of the zeroth power the factor alone, as `decimal` does.
    """
    value = _finite(x, "scientific")
    if value == 0:
        return Latex("0")
    mantissa, exponent = f"{value:.{places}e}".split("e")
    if int(exponent) == 0:
        return decimal(x, places)
    return Latex(rf"\ensuremath{{{mantissa}\times10^{{{int(exponent)}}}}}")


def count(n: Any) -> Latex:
    """Print an integer with thousands apart: `count(12080)` is `12{,}080`."""
    value = _finite(n, "count")
    if value != value.to_integral_value():
        raise Failure(
            f"The filter `count` of a template expects a whole number; got {n!r}.",
            "Use `decimal`, or look in results/ for the record that the value comes from.",
        )
    return Latex(_fixed(value, 0, ",").replace(",", "{,}"))


def verbatim_number(x: Any) -> Latex:
    """Print a number in full, as Python prints it: `0.1`, `1e-15`."""
    _finite(x, "verbatim_number")
    return escape(str(int(x)) if isinstance(x, numbers.Integral) else repr(float(x)))


def breakable(text: str) -> Latex:
    """Escape a path or a condition; a line may end after dots, slashes and underscores."""
    return Latex(re.sub(r"(\.(?!\d)|/|\\_)", r"\1\\allowbreak{}", escape(text)))


def join(values: Iterable[Any], separator: str = "") -> Latex:
    """Join values, each escaped unless it is LaTeX."""
    return Latex(finalize(separator).join(finalize(value) for value in values))


def finalize(value: Any) -> Latex:
    """Print a value of a template: LaTeX, text or a whole number; others need a filter first."""
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


def environment(folder: str | Path) -> jinja2.Environment:
    """Read templates from a folder and this library's, escaping all that is not LaTeX."""
    latex = jinja2.Environment(
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
        loader=jinja2.FileSystemLoader([folder, TEMPLATES], encoding="utf-8"),
    )
    # What a macro, a `set` or a `call` block has put together is LaTeX already.
    latex.concat = lambda parts: Latex("".join(parts))  # type: ignore[method-assign]
    filters = (escape, breakable, decimal, percent, scientific, count, verbatim_number, join)
    latex.filters.update({function.__name__: function for function in filters}, latex=Latex)
    return latex
