"""A sentence of the report, as a terminal shows it."""

from __future__ import annotations

import re

# What a sentence has for TeX, and what a reader of plain text has for it.
TEX = {
    r"(?<!\\)\$": "",
    r"~?\\ref\{\w+:(\w+)\}": r" (\1)",
    r"(?<!\\)~": " ",
    r"\\,": "\u202f",
    r"\{,\}": ",",
    r"\\times": "·",
    r"\\[lr]Vert ?": "‖",
    r"\^\{([^{}]*)\}": r"^\1",
    r"\\(?:ensuremath|emph|text\w+) *\{([^{}]*)\}": r"\1",
    r"\\([a-zA-Z]+|[%&#_$])": r"\1",
}


def plain(sentence: str) -> str:
    """Give a sentence without what only TeX needs."""
    for pattern, replacement in TEX.items():
        sentence = re.sub(pattern, replacement, sentence)
    return sentence
