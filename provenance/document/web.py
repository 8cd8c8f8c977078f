r"""A web page from the templates of the PDF: the LaTeX that they use, and no other, as HTML.

`environment` fills the same templates, in which `document.html.j2` and `macros.html.j2` take the
place of those for TeX: their macros write HTML, which stands between two marks until the filter
`html` has converted what is LaTeX around it. A command that is not listed here is an error. `page`
numbers what is cited and makes sure that every link leads somewhere.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable
from html import escape
from pathlib import Path
from typing import Any

import jinja2
from latex2mathml.converter import convert
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import PythonLexer, YamlLexer

from provenance.document import latex
from provenance.document.latex import SPECIALS, Latex
from provenance.document.listings import DEFINITION
from provenance.errors import Failure

# Around HTML that is finished, and around what is cited and has no number yet.
RAW, END, CITED, CITED_END = "\x02", "\x03", "\x04", "\x05"

# Each command with the number of its arguments, and what is written. An argument is converted, or
# `anchor` makes an id of it.
COMMANDS = {
    "emph": (1, "<em>{0.html}</em>"),
    "texttt": (1, "<code>{0.html}</code>"),
    "textbf": (1, "<strong>{0.html}</strong>"),
    "paragraph": (1, '\n\n<h3 class="runin">{0.html}</h3>\n\n'),
    "subsection*": (1, '\n\n<h2 class="sub">{0.html}</h2>\n\n'),
    "composed": (3, "{0.html}"),
    "label": (1, '<span id="{0.anchor}"></span>'),
    "ref": (1, f'<a href="#{{0.anchor}}">{CITED}{{0.anchor}}{CITED_END}</a>'),
    "unproven": (1, '<span class="unproven"><strong>[does not hold:</strong> {0.html}]</span>'),
    "evidence": (
        2,
        '<button type="button" class="evidence" popovertarget="evidence-{0.anchor}" '
        'aria-label="Evidence {1.html}">{1.html}</button>',
    ),
    # Layout, which is the style sheet's.
    **dict.fromkeys(
        ["clearpage", "par", "small", "raggedright", "leavevmode", "phantomsection"], (0, "")
    ),
    **dict.fromkeys(["vspace", "hspace*"], (1, "")),
    "setlength": (2, ""),
}
LISTS = {"itemize": "ul", "enumerate": "ol", "description": "dl"}
BLOCKS = {"quote": "blockquote", "center": "div"}
# LaTeX of a character, and the character.
CHARACTERS = {written: character for character, written in SPECIALS.items()} | {
    **{r"\,": "\u202f", r"\ ": " ", r"\quad": "\u2003", r"\dots": "…", "~": "\u00a0", "{}": ""},
    **{"``": "\u201c", "''": "\u201d", "`": "\u2018", "'": "\u2019", "{,}": ","},
    **{"---": "\u2014", "--": "\u2013"},
    **{r"\ensuremath{-}": "\u2212", r"\allowbreak": "<wbr>"},
}


def _either(texts: Iterable[str]) -> str:
    """Match any of these texts, the longest first; a command ends where its letters do."""
    longest = sorted(texts, key=len, reverse=True)
    return "|".join(re.escape(t) + r"(?![a-zA-Z])\s*" * t[-1].isalpha() for t in longest)


TOKEN = re.compile(
    rf"{RAW}(?P<raw>\d+){END}|\\\[(?P<block>.*?)\\\]|\$(?P<inline>[^$]*)\$"
    rf"|(?P<character>{_either(CHARACTERS)})|\\ensuremath(?P<ensured>(?={{))"
    r"|\\begin\{(?P<begin>\w+)\}|\\(?P<command>[a-zA-Z]+\*?|.)|(?P<group>\{)|(?P<rest>.)",
    re.DOTALL,
)
IS_BLOCK = re.compile(r"\s*<(h\d|p|figure|section|ul|ol|dl|pre|table|div|blockquote|details)\b")
FUNCTIONS = re.compile(r"<(m[io])>(log|max|min|exp|sin|cos|arctan)</\1>")
SIGN = re.compile(r"((?:&#x00028;|\()</mo>(?:<mrow>)?)<mo>(?=&#x02212;|-)")
TIGHT = re.compile(r"<mo[^>]*>(&#x0002F;|&#x0007C;|\||&#x02016;)</mo>")


class _Argument(str):
    """An argument of a command, as it is written."""

    @property
    def html(self) -> str:
        return _written(self)

    @property
    def anchor(self) -> str:
        return anchor(self)


def anchor(label: str) -> Latex:
    """Make an id of a label: letters, figures, underscores and hyphens."""
    return Latex(re.sub(r"[^\w-]", "-", label, flags=re.ASCII))


def text(value: Any) -> Latex:
    """Write plain text as HTML."""
    return Latex(escape(str(value)))


def raw(html: str) -> Latex:
    """Mark finished HTML, so that it is not read as LaTeX."""
    return Latex(RAW + html + END)


def html(written: str) -> Latex:
    """Write LaTeX as HTML: paragraphs, and the blocks between them."""
    kept: list[str] = []

    def keep(match: re.Match[str]) -> str:
        kept.append(match[1].strip())
        blank = "\n\n" if IS_BLOCK.match(match[1]) else ""
        return f"{blank}{RAW}{len(kept) - 1}{END}{blank}"

    marked = _written(re.sub(rf"{RAW}([^{END}]*){END}", keep, written))
    blocks = []
    for block in filter(None, map(str.strip, re.split(r"\n\s*\n", marked))):
        filled = re.sub(rf"{RAW}(\d+){END}", lambda match: kept[int(match[1])], block)
        blocks.append(filled if IS_BLOCK.match(filled) else f"<p>{filled}</p>")
    return Latex("\n".join(blocks))


def headings(written: str) -> list[tuple[Latex, Latex]]:
    """List the sections of a text that is HTML already: the id and the title of each."""
    found = re.findall(r'<h2 id="([^"]*)">(.*?)</h2>', written)
    return [(Latex(label), Latex(title)) for label, title in found]


def inline(value: Any) -> Latex:
    """Write a value of a template as HTML within a line."""
    written = html(latex.finalize(value))
    return Latex(re.sub(r"</?p>", "", written).strip())


def _written(source: str) -> str:
    """Convert LaTeX token by token."""
    written, at = [], 0
    while at < len(source):
        match = TOKEN.match(source, at)
        assert match
        kind, value, at = match.lastgroup, match[match.lastgroup or 0], match.end()
        if kind == "raw":
            written.append(match[0])
        elif kind == "character":
            known = CHARACTERS.get(value) or CHARACTERS[value.rstrip()]
            written.append(known if known == "<wbr>" else escape(known, quote=False))
        elif kind in ("block", "inline"):
            written.append(_formula(value, kind))
        elif kind == "ensured":
            value, at = _argument(source, at, r"\ensuremath")
            written.append(_formula(value, "inline"))
        elif kind == "begin":
            if (end := source.find(rf"\end{{{value}}}", at)) < 0:
                raise _unknown(f"the end of {match[0]}")
            written.append(_block(value, source[at:end]))
            at = end + len(rf"\end{{{value}}}")
        elif kind == "command" and value in COMMANDS:
            count, form = COMMANDS[value]
            arguments = []
            for _ in range(count):
                argument, at = _argument(source, at, f"\\{value}")
                arguments.append(_Argument(argument))
            written.append(form.format(*arguments))
            if not count:
                at += len(source[at:]) - len(source[at:].lstrip(" "))
        elif kind == "group":
            value, at = _argument(source, at - 1, "{")
            written.append(_written(value))
        elif kind == "rest" and value not in "}#&^_%$":
            written.append(escape(value, quote=False))
        else:
            raise _unknown(match[0])
    return "".join(written)


def _argument(source: str, at: int, command: str) -> tuple[str, int]:
    """Return what stands in braces here, and where they end."""
    start, depth = source.find("{", at), 0
    if start >= 0 and not source[at:start].strip():
        for brace in re.finditer(r"\\.|[{}]", source[start:]):
            depth += {"{": 1, "}": -1}.get(brace[0], 0)
            if not depth:
                return source[start + 1 : start + brace.start()], start + brace.end()
    raise Failure(
        f"In a template {command} has no argument in braces: {source[at : at + 40]!r}.",
        "Write it, or close the brace.",
    )


def _block(name: str, body: str) -> str:
    """Write an environment."""
    if name in BLOCKS:
        return f"\n\n<{BLOCKS[name]}>{_written(body).strip()}</{BLOCKS[name]}>\n\n"
    if name not in LISTS:
        raise _unknown(rf"\begin{{{name}}}")
    before, *items = re.split(r"\\item(?![a-zA-Z])", body)
    if _written(before).strip():
        raise _unknown(f"{before.strip()!r} in \\begin{{{name}}}")
    written = []
    for item in items:
        label, said = re.fullmatch(r"\s*(?:\[(.*?)\])?(.*)", item, re.DOTALL).groups()  # type: ignore[union-attr]
        if name == "description":
            written.append(f"<dt>{_written(label or '')}</dt><dd>{_written(said).strip()}</dd>")
        else:
            written.append(f"<li>{_written(said).strip()}</li>")
    return f"\n\n<{LISTS[name]}>{''.join(written)}</{LISTS[name]}>\n\n"


def _formula(source: str, display: str) -> str:
    """Write a formula as MathML."""
    tex = re.sub(r"\\\\\[[^]]*\]", r"\\\\", source.strip()).replace(r"\ensuremath", "")
    written = convert(tex, display=display)
    if unknown := re.search(r"\\\w+", written):
        raise _unknown(f"{unknown[0]} in the formula {source.strip()!r}")
    # What may be scrolled can be reached by the keyboard.
    written = written.replace('display="block"', 'display="block" tabindex="0"', 1)
    written = written.replace('xmlns="http://www.w3.org/1998/Math/MathML" ', "", 1)
    written = FUNCTIONS.sub(r'<mi>\2</mi><mspace width="0.17em"/>', written)
    written = SIGN.sub(r'\1<mo form="prefix">', written)
    return TIGHT.sub(r'<mo stretchy="false" lspace="0" rspace="0">\1</mo>', written)


def _unknown(what: str) -> Failure:
    return Failure(
        f"The web page does not know {what}, which a template uses.",
        "Add it to provenance/document/web.py, or use a macro that macros.html.j2 has as well.",
    )


def drawing(path: str, title: str, description: str = "") -> Latex:
    """Take an SVG into the page, with ids of its own and with what is read out instead."""
    name = Path(path).stem
    svg = Path(path).read_text(encoding="utf-8")
    svg = re.sub(r"<metadata>.*?</metadata>|<!--.*?-->", "", svg[svg.index("<svg") :], flags=re.S)
    svg = re.sub(r'\b(id="|href="#|url\(#)', rf"\g<1>{name}-", svg).replace("xlink:href", "href")
    svg = re.sub(r'\sxmlns(:\w+)?="[^"]*"', "", svg)
    said, ids = f'<title id="{name}-t">{text(title)}</title>', f"{name}-t"
    if description:
        said, ids = f'{said}<desc id="{name}-d">{text(description)}</desc>', f"{ids} {name}-d"
    role = f'<svg role="img" aria-labelledby="{ids}"'
    return Latex(svg.replace("<svg", role, 1).replace(">", f">{said}", 1).strip())


def listing(path: str, source: str) -> str:
    """Show a source file in colours; each line has an id, and each definition at the top level."""
    label = anchor(f"code:{path}")
    # Rules are Python with a few more words.
    lexer = YamlLexer if path.endswith(".yaml") else PythonLexer
    source = source.rstrip("\n")
    lines = highlight(source, lexer(stripnl=False), HtmlFormatter(nowrap=True)).split("\n")
    named: set[str] = set()
    for at, line in enumerate(source.split("\n")):
        lines[at] = f'<span id="{label}-{at + 1}">{lines[at]}</span>'
        found = DEFINITION.match(line)
        if found and found[1] not in named:
            named.add(found[1])
            lines[at] = f'<i id="{label}-{found[1]}"></i>{lines[at]}'
    code = "\n".join(lines).rstrip("\n")
    return (
        f"<details><summary><code>{text(path)}</code></summary>\n"
        f'<pre tabindex="0" id="{label}" class="code">{code}</pre></details>'
    )


class _Loader(jinja2.FileSystemLoader):
    """Serve the document and its macros in their other form."""

    def get_source(
        self, environment: jinja2.Environment, template: str
    ) -> tuple[str, str, Callable[[], bool]]:
        other = re.sub(r"^(document|macros)\.tex", r"\1.html", template)
        return super().get_source(environment, other)


def environment(folder: str | Path) -> jinja2.Environment:
    """Read the templates of a document, to fill them for the web."""
    web = latex.environment(folder)
    web.loader = _Loader([folder, latex.TEMPLATES], encoding="utf-8")
    filters = (anchor, headings, html, inline, raw, text)
    web.filters.update({function.__name__: function for function in filters})
    return web


def page(filled: str) -> str:
    """Put in the number of each thing cited, by its place on the page; look where links lead."""
    ids = re.findall(r'\sid="([^"]*)"', filled)
    for name, places in Counter(ids).items():
        if places > 1:
            raise Failure(f"Two places of the web page are called {name}.", "Rename one of them.")
    links = re.findall(r'\s(?:href="#|popovertarget=")([^"]*)', filled)
    if lost := sorted({*links} - {*ids}):
        raise Failure(
            f"On the web page a link leads to {lost[0]}, which is nowhere.", "Correct it."
        )
    counts: Counter[str] = Counter()
    numbers = {}
    for name in ids:
        counts[kind := name.partition("-")[0]] += 1
        numbers[name] = str(counts[kind])
    return re.sub(rf"{CITED}(.*?){CITED_END}", lambda cited: numbers[cited[1]], filled)
