r"""The code appendix: source files as LaTeX that is quick to typeset and good to copy from.

Each line of code becomes one `\codeline{...}`. TeX breaks no lines here: a line that is too
wide is broken in Python, and TeX only has to set boxes of one fixed font width. The font is
Latin Modern Mono in the encoding `texnansi`, because that one has a real space (T1 has a
visible one in its place): the spaces of the indentation reach the PDF as characters. Line
numbers are marked so that they are left out when text is copied.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import cache
from pathlib import PurePosixPath
from typing import Any, ClassVar, NamedTuple

from pygments.lexer import Lexer, inherit, words
from pygments.lexers.configs import IniLexer
from pygments.lexers.data import YamlLexer
from pygments.lexers.make import MakefileLexer
from pygments.lexers.markup import TexLexer
from pygments.lexers.python import PythonLexer
from pygments.lexers.special import TextLexer
from pygments.token import Comment, Keyword, Name, Operator, String
from pygments.token import _TokenType as TokenType

from provenance.errors import Failure
from provenance.document.latex import escape

# Columns that fit in the text's width (6.5 in) in the listings' font (8 pt, 4.2 pt a column).
WIDTH = 100
TAB_SIZE = 8


class SnakemakeLexer(PythonLexer):
    """Python with Snakemake's keywords at the start of a line."""

    name = "Snakemake"
    tokens: ClassVar[dict[str, list[Any]]] = {
        "root": [
            (r"^[ \t]*(rule|checkpoint|module|use rule)(?=[ \t]+\w*[ \t]*:)", Keyword),
            (
                words(
                    (
                        *("input", "output", "params", "log", "benchmark", "message", "threads"),
                        *(
                            "resources",
                            "script",
                            "shell",
                            "run",
                            "priority",
                            "wildcard_constraints",
                        ),
                        *("configfile", "include", "localrules", "ruleorder", "workdir"),
                        *(
                            "onsuccess",
                            "onerror",
                            "onstart",
                            "envvars",
                            "default_target",
                            "retries",
                        ),
                    ),
                    prefix=r"^[ \t]*",
                    suffix=r"(?=[ \t]*:)",
                ),
                Keyword,
            ),
            inherit,
        ]
    }


class TemplateLexer(TexLexer):
    """LaTeX with the report's Jinja delimiters."""

    name = "LaTeX template"
    tokens: ClassVar[dict[str, list[Any]]] = {
        "root": [
            (r"\(\(=(.|\n)*?=\)\)", Comment),
            (r"\(\(\*(.|\n)*?\*\)\)", Keyword),
            (r"<<(.|\n)*?>>", Name.Function),
            inherit,
        ]
    }


LEXERS: dict[str, type[Lexer]] = {
    "python": PythonLexer,
    "snakemake": SnakemakeLexer,
    "yaml": YamlLexer,
    "latex": TemplateLexer,
    "ini": IniLexer,
    "makefile": MakefileLexer,
    "text": TextLexer,
}
LANGUAGES = {
    ".py": "python",
    ".smk": "snakemake",
    ".yaml": "yaml",
    ".yml": "yaml",
    ".json": "yaml",
    ".j2": "latex",
    ".tex": "latex",
    ".mplstyle": "ini",
    ".ini": "ini",
    ".toml": "ini",
    ".mk": "makefile",
}

# Four styles that grey print keeps apart: bold, bold, slanted dark, slanted grey. The first
# token type that contains the one at hand decides.
STYLES: tuple[tuple[TokenType, str], ...] = (
    (String.Doc, "c"),
    (String.Interpol, ""),
    (String.Affix, "s"),
    (String, "s"),
    (Comment, "c"),
    (Keyword, "k"),
    (Operator.Word, "k"),
    (Name.Function, "d"),
    (Name.Class, "d"),
    (Name.Decorator, "d"),
    (Name.Tag, "k"),
    (Name.Attribute, ""),
)

# Characters that TeX would not read as themselves while a listing is read. The commands, which
# `listing_style` defines, are digits, for which LaTeX has no use: the page's head may be set
# while they are defined.
CODE_CHARACTERS = {
    "\\": r"\0",
    "{": r"\1",
    "}": r"\2",
    "'": r"\3",
    "`": r"\4",
    "^": r"\5",
    "~": r"\6",
}


class Piece(NamedTuple):
    """A run of characters of one style ("" is plain) within a line of code."""

    style: str
    text: str


Line = list[Piece]


def language_of(path: str) -> str:
    """Tell a file's language from its name."""
    name = PurePosixPath(path).name
    if name in ("Snakefile", "Makefile"):
        return name.lower().replace("snakefile", "snakemake")
    return LANGUAGES.get(PurePosixPath(path).suffix, "text")


def appendix(files: Sequence[tuple[str, str]]) -> str:
    r"""Write all files as LaTeX, each with its heading.

    Parameters
    ----------
    files : sequence of (path, text)
        In the order in which they appear; the path is relative to the project's root.

    Returns
    -------
    str
        LaTeX. `\pageref{code:<path>}` finds a file from elsewhere in the report.
    """
    return "\n".join(
        f"{_heading(path)}\n{highlight(path, text, language_of(path))}" for path, text in files
    )


def _heading(path: str) -> str:
    """Write a file's heading, bookmark and label."""
    # A label may hold any plain character; a path may be broken in the heading after a slash.
    label = re.sub(r"[^A-Za-z0-9./_-]", "-", path)
    name = escape(path)
    shown = name.replace("/", "/\\allowbreak{}")
    return rf"\codefile{{{shown}}}{{{name}}}{{code:{label}}}"


def highlight(path: str, text: str, language: str) -> str:
    """Write one file's text as LaTeX.

    Parameters
    ----------
    path : str
        For messages.
    text : str
        The file's content.
    language : str
        One of `LEXERS`.

    Returns
    -------
    str
        One `codelines` environment. No line is wider than the text.

    Raises
    ------
    Failure
        If the language is not known.
    """
    if language not in LEXERS:
        raise Failure(
            f"No lexer is known for {path} (language {language!r}).",
            f"Use one of {', '.join(LEXERS)}, or add it to LEXERS in provenance/document/listings.py.",
        )
    lines = _lines(text.expandtabs(TAB_SIZE), language)
    written = [_code_line(line) for line in lines]
    commands = _with_page_breaks([_plain(line) for line in lines], written)
    return "\n".join(["\\begin{codelines}", *commands, "\\end{codelines}", ""])


def _lines(text: str, language: str) -> list[Line]:
    """Split a text into lines of styled pieces; neighbours of one style are one piece."""
    lexer = LEXERS[language](stripnl=False, ensurenl=False)
    lines: list[Line] = [[]]
    for token, value in lexer.get_tokens(text.rstrip("\n")):
        style = _style(token)
        for number, part in enumerate(value.split("\n")):
            if number:
                lines.append([])
            _append(lines[-1], style, part)
    return lines


@cache
def _style(token: TokenType) -> str:
    """Name the style of a token."""
    return next((style for kind, style in STYLES if token[: len(kind)] == kind), "")


def _append(line: Line, style: str, text: str) -> None:
    """Add characters to a line; spaces go with what stands before them."""
    if line and (line[-1].style == style or not text.strip()):
        line[-1] = Piece(line[-1].style, line[-1].text + text)
    elif text:
        line.append(Piece(style if text.strip() else "", text))


def _plain(line: Line) -> str:
    """Give a line's characters without their styles."""
    return "".join(piece.text for piece in line).rstrip()


def _code_line(line: Line) -> str:
    """Write a line, and the rest of it on further lines if it is wider than the text."""
    plain = _plain(line)
    rest = _printable(line)
    indent = min(len(plain) - len(plain.lstrip()) + 4, WIDTH // 2)
    first, rest = _split(rest, WIDTH)
    written = [f"\\codeline{{{_latex(first)}}}"]
    while rest:
        first, rest = _split(rest, WIDTH - indent)
        written.append(f"\\codewrap{{{indent}}}{{{_latex(first)}}}")
    return "\n".join(written)


def _printable(line: Line) -> Line:
    """Replace each character that the fonts lack by its code point, and drop spaces at the end."""
    pieces = [Piece(style, "".join(map(_glyph, text))) for style, text in line]
    if pieces:
        pieces[-1] = Piece(pieces[-1].style, pieces[-1].text.rstrip(" "))
    return pieces


def _glyph(character: str) -> str:
    """Keep a character that the fonts have; name the others."""
    if " " <= character <= "~":
        return character
    try:
        escape(character)
    except Failure:
        return f"<U+{ord(character):04X}>"
    return character


def _split(line: Line, width: int) -> tuple[Line, Line]:
    """Take what fits in `width` columns, preferably up to a space, and what is left."""
    plain = "".join(piece.text for piece in line)
    if len(plain) <= width:
        return line, []
    space = plain.rfind(" ", width * 2 // 3, width) + 1
    return _cut(line, space if space and plain[:space].strip() else width)


def _cut(line: Line, column: int) -> tuple[Line, Line]:
    """Cut a line in two."""
    left: Line = []
    right: Line = []
    for style, text in line:
        if text[:column]:
            left.append(Piece(style, text[:column]))
        if text[column:]:
            right.append(Piece(style, text[column:]))
        column = max(0, column - len(text))
    return left, right


def _latex(line: Line) -> str:
    """Write pieces as LaTeX."""
    return "".join(
        rf"\code{style}{{{_characters(text)}}}" if style else _characters(text)
        for style, text in line
    )


def _characters(text: str) -> str:
    """Write characters so that TeX reads each of them as itself."""
    if text.isascii():
        return "".join(CODE_CHARACTERS.get(character, character) for character in text)
    return "".join(
        CODE_CHARACTERS.get(character, character)
        if character.isascii()
        else rf"\codeother{{{escape(character)}}}"
        for character in unicodedata.normalize("NFC", text)
    )


def _with_page_breaks(lines: Sequence[str], written: Sequence[str]) -> list[str]:
    """Say between any two lines whether a page may end there."""
    commands = []
    for number, line in enumerate(lines):
        following = lines[number + 1] if number + 1 < len(lines) else ""
        if not line:
            top_level = following[:1] not in ("", " ", "#", ")", "]", "}")
            commands.append("\\codegap" if top_level else "\\codeskip")
            continue
        commands.append(written[number])
        if following and _together(number, len(lines), line, following):
            commands.append("\\nobreak")
    return commands


def _together(number: int, total: int, line: str, following: str) -> bool:
    """Tell whether a line and the next one belong on one page."""
    opens = re.match(r"\s*(@|(async )?def |class |(rule|checkpoint) |[\w.-]+:$)", line) is not None
    closes = following.lstrip()[:1] in (")", "]", "}")
    return number < 3 or number >= total - 3 or opens or closes
