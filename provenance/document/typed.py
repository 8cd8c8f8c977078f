r"""What a person typed into a report's texts, where a record or a claim should speak.

A text may not hold a number that was not computed, a number word, or outside of a claim a verb or
comparative that states an outcome. What is allowed all the same stands in one file, each phrase
with its reason: `phrases` wherever they stand, `formulas` for numbers inside of formulas.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from jinja2 import nodes

from provenance.document.latex import environment
from provenance.errors import Failure
from provenance.files import read_yaml

NUMBERS = r"(?<![A-Za-z_])\d+(?:(?:[.,]|\{,\})\d+)*(?:e-?\d+)?(?:\s*(?:\\,)?\\?%)?"
NUMBER_WORDS = (
    r"\b(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozen|twice|thrice"
    r"|hundred|thousand|half|halves|thirds?|quarters?|(?:four|fif|six|seven|eigh|nin|ten)ths?"
    r"|per ?cent)\b"
)
OUTCOMES = (
    r"\b(?:improve[sd]?|worsen(?:s|ed)?|falls?|fell|rises?|rose|drop(?:s|ped)?|grows?|grew"
    r"|shrinks?|shrank|reach(?:es|ed)|fail(?:s|ed)?|succeed(?:s|ed)?|explodes?|collapses?|dies?"
    r"|revives?|converges?|diverges?|learn(?:s|ed)|memorize[sd]|agrees?|differs?|exceeds?"
    r"|outperforms?|beats?|overflows?|underflows?|never|always|almost|nearly|only|mostly|better"
    r"|worse|best|worst|higher|lower|larger|smaller|small|faster|slower|fewer"
    r"|(?:more|less) (?:than|often))\b"
)
# What TeX or a template reads as a size, a place or a name.
LAYOUT = re.compile(
    r"\\(?:label|ref|pageref|input|usepackage|documentclass|captionsetup)(?:\[[^]]*\])?\{[^}]*\}"
    r"|\\(?:re)?newcommand\*?\{?\\[A-Za-z@]+\}?(?:\[\d\])*(?:\{[\d.]*\})?|#\d|![\d]+(?:![a-z]+)?"
    r"|\\(?:fontsize\{[^}]*\}\{[^}]*\}|@dottedtocline\{\d\}|pdf[a-z]+=\d+)"
    r"|\\(?:begin\{multicols\}|multicolumn|setcounter\{\w+\}|addtocounter\{\w+\})\{-?\d+\}"
    r"|\\cmidrule(?:\(\w+\))?\{[\d-]+\}|%\.\d+[efg]"
    r"|-?\d*\.?\d+(?:em|ex|pt|cm|mm|in|\\(?:text|line|column)(?:width|height)|\\baselineskip)\b"
)
FORMULA = re.compile(r"\$[^$]+\$|\\\[.*?\\\]|\\begin\{(align|equation|gather)\*?\}.*?\\end\{\1")
# Of these filters the arguments say how something is printed, not what.
FORMATS = ("decimal", "percent", "scientific", "map", "batch")


def require_computed(
    texts: Iterable[str | Path], allowed: str | Path, claims: str | Path | None = None
) -> None:
    """Refuse templates, captions and claims in which anything is typed that `allowed` lacks."""
    exceptions = read_yaml(allowed)
    found = [
        f"{path}: {finding}"
        for path in texts
        for finding in typed(Path(path).read_text(encoding="utf-8"), exceptions)
    ]
    for name, claim in (read_yaml(claims) if claims else {}).items():
        told = typed(claim["sentence"], exceptions, outcomes=False)
        found += [f"{claims}, {name}: {finding}" for finding in told]
    if found:
        raise Failure(
            "The report's texts state what no record stands behind:\n    " + "\n    ".join(found),
            "Print the number from a record, or make the sentence a claim. If it is the task's, "
            f"mathematics or a matter of layout, add it to {allowed} with the reason.",
        )


def typed(
    source: str, allowed: Mapping[str, Mapping[str, str]], *, outcomes: bool = True
) -> Iterator[str]:
    """Yield each number and word of a template that is not allowed, with what is around it."""
    forbidden = "|".join([NUMBERS, NUMBER_WORDS, *([OUTCOMES] if outcomes else [])])
    phrases = _any_of(allowed["phrases"], r"\w")
    numbers = _any_of(allowed["formulas"], r"\d")  # `2x` is two things
    for text in _texts(environment(".").parse(source)):
        left = phrases.sub(" ", LAYOUT.sub(" ", " ".join(text.split())))
        left = FORMULA.sub(lambda formula: numbers.sub(" ", formula[0]), left)
        left = re.sub(r"\\[A-Za-z@]+", " ", left)
        for match in re.finditer(forbidden, left, re.IGNORECASE):
            around = left[max(0, match.start() - 40) : match.end() + 40]
            yield f"{match[0]!r} in ...{' '.join(around.split())}..."


def _any_of(phrases: Mapping[str, str] | None, longer: str) -> re.Pattern[str]:
    """Match any of some phrases, the longest first, but no part of a longer number or word."""
    starts, ends = rf"(?<![{longer}.,])", rf"(?!{longer}|[.,]\d|\s*(?:\\,)?\\?%)"
    longest = sorted(map(str, phrases or {}), key=len, reverse=True)
    bounds = [(starts * text[0].isalnum(), ends * text[-1].isalnum()) for text in longest]
    whole = zip(longest, bounds, strict=True)
    any_of = "|".join(f"{start}{re.escape(text)}{end}" for text, (start, end) in whole)
    return re.compile(any_of or r"(?!)")  # nothing, if there are none


def _texts(tree: nodes.Template) -> Iterator[str]:
    """Yield what a template says: its text, `<>` for each value; each text in these, in quotes."""
    parts = (part for output in tree.find_all(nodes.Output) for part in output.nodes)
    yield "".join(part.data if isinstance(part, nodes.TemplateData) else "<>" for part in parts)
    yield from _constants(tree)


def _constants(node: nodes.Node) -> Iterator[str]:
    """Yield the texts in a template's expressions, and the numbers that may be printed."""
    for child in node.iter_child_nodes():
        match child:
            case nodes.Const(value=str() as text):
                yield f'"{text}"'
            case nodes.Const(value=int() | float() as number) if not isinstance(number, bool):
                yield f"<{number}>"
            case nodes.Compare() | nodes.Test():
                pass  # nothing of that is printed
            case nodes.Call(node=nodes.Name(name="claim" | "range")):
                pass
            case nodes.Getitem(node=printed):
                yield from _constants(nodes.Output([printed]))
            case nodes.Filter(node=nodes.Expr() as printed, name=name) if name in FORMATS:
                yield from _constants(nodes.Output([printed]))
            case _:
                yield from _constants(child)
