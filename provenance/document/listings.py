r"""The code appendix: source files in fancyvrb's Verbatim, with line numbers and link targets.

`code:<path>` is a file's label and `code:<path>:<name>` that of a function, class or rule at its
top level, for \pageref and \hyperref.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator

from provenance.document.latex import escape, printed

# Columns that fit in the text's width (6.5 in) in the listings' font.
WIDTH = 110
TAB_SIZE = 8
# What TeX reads as \, { and } within a listing. A control character is never printed itself.
COMMANDS = str.maketrans({"\\": "\x01", "{": "\x02", "}": "\x03"})
WRAP = r"\codewrap{}".translate(COMMANDS)
DEFINITION = re.compile(r"(?: *(?:rule|checkpoint)|async def|def|class) +([A-Za-z_]\w*)", re.ASCII)

#: What the preamble has to define, after fancyvrb, hyperref and xcolor.
STYLE = r"""
\makeatletter
% The fonts of T1 have a visible space; this one's can be copied, and with it the indentation.
\font\code@font=texnansi-lmtt8 \font\code@small=texnansi-lmtt8 at 5pt
\def\code@space{{\code@font\char32}}
{\catcode`\'=13 \catcode`\`=13 \gdef\code@quotes{\let'\textquotesingle \let`\textasciigrave}}
% An empty line is half as high as the others.
\def\code@line#1{\vrule width0pt height\ifx\relax#1\relax2\else6.4\fi pt depth2.4pt\relax#1}
\newif\ifcode@wrapped
% What is in the margin is not part of the text that is copied.
\ifPDFTeX \def\code@mark#1{\pdfliteral direct{#1}}\else \def\code@mark#1{\special{pdf:code #1}}\fi
\def\code@margin{\code@mark{/Span<</ActualText()>>BDC}\color{gray}\code@small
  \ifcode@wrapped $\hookrightarrow$\global\code@wrappedfalse \else \arabic{FancyVerbLine}\fi
  \code@mark{EMC}}
\newcommand\codewrap{\global\code@wrappedtrue \global\advance\c@FancyVerbLine-1 }
\newcommand\codename[1]{\phantomsection\label{\code@path:#1}\textbf{#1}}
\newcommand\codefile[2]{\subsection*{\normalsize\texttt{#2}}\def\code@path{code:#1}%
  \addcontentsline{toc}{subsection}{\texttt{#2}}\label{code:#1}}
\DefineVerbatimEnvironment{code}{Verbatim}{commandchars=\^^A\^^B\^^C,numbers=left,numbersep=6pt,
  fontsize=\fontsize{8}{8.8}\selectfont,vspace=0pt,formatcom=\offinterlineskip
  \let\FancyVerbFormatLine\code@line \let\FV@Space\code@space \let\theFancyVerbLine\code@margin
  \code@quotes \let\@noligs\relax}
\makeatother
"""


def appendix(files: Iterable[tuple[str, str]]) -> str:
    """Write files as LaTeX, each with its heading; paths are relative to the project's root."""
    listings = []
    for path, text in files:
        label = re.sub(r"[^A-Za-z0-9./_-]", "-", path)
        heading = rf"\codefile{{{label}}}{{{escape(path)}}}"
        lines = "\n".join(_lines(text.rstrip("\n").expandtabs(TAB_SIZE)))
        listings.append(f"{heading}\n\\begin{{code}}\n{lines}\n\\end{{code}}\n")
    return "\n".join(listings)


def definitions(text: str) -> Iterator[tuple[str, str]]:
    """Yield the kind and the name of all that has a label of its own in a file's listing."""
    for found in filter(None, map(DEFINITION.match, text.split("\n"))):
        yield found[0].split()[0], found[1]


def _lines(text: str) -> Iterator[str]:
    """Write a file's lines, the first definition of each name as the target of its label."""
    named = set()
    for line in text.split("\n"):
        characters = unicodedata.normalize("NFC", line)
        plain = "".join(c if printed(c) else f"<U+{ord(c):04X}>" for c in characters)
        pieces = [plain[start : start + WIDTH] for start in range(0, len(plain), WIDTH)]
        found = DEFINITION.match(line)
        written = f"{WRAP}\n".join(map(_written, pieces))
        if found and found[1] not in named:
            named.add(found[1])
            target = rf"\codename{{{found[1]}}}".translate(COMMANDS)
            written = f"{line[: found.start(1)]}{target}{written[found.end(1) :]}"
        yield written


def _written(text: str) -> str:
    """Write a line so that TeX prints it; what would end the listing is no command any more."""
    written = "".join(c if c.isascii() else (printed(c) or c).translate(COMMANDS) for c in text)
    return written.replace(r"\end{", "\\end\x02\x03{")
