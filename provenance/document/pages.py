r"""On which pages each part of a document stands, by the contents that LaTeX wrote (.toc)."""

from __future__ import annotations

import re
from itertools import pairwise

ENTRY = re.compile(
    r"^\\contentsline *\{(section|paragraph(?=\}\{\(\w+\)\}))\}\{(.*)\}\{(\d+)\}\{[^{}]*\}%?$",
    re.MULTILINE,
)


def pages_of(contents: str) -> dict[str, dict[str, int]]:
    """Give the first and the last page of each section, and of each numbered paragraph: "(i)".

    Parameters
    ----------
    contents : str
        The lines of the .toc file.

    Returns
    -------
    dict
        `from` and `to` by title; a paragraph is named after its section's first word as well:
        "(e)(i)". A paragraph goes on to the page where the next one begins, a section, which
        begins a page, to the one before the next. The last section is left out: where it ends is
        not in the contents.
    """
    entries = [(level, title, int(page)) for level, title, page in ENTRY.findall(contents)]
    starts = [page for level, _, page in entries if level == "section"]
    pages, section = {}, ""
    for (level, title, first), (following, _, begins) in pairwise(entries):
        if level == "section":
            section = title
            after = min((page for page in starts if page > first), default=first + 1)
        else:
            title, after = section.split()[0] + title, begins + (following == level)
        pages[title] = {"from": first, "to": max(first, after - 1)}
    return pages
