"""Look into report/hw2.pdf as a reader would; its numbers are looked at by its claims.

The typesetting itself refuses undefined references and overfull boxes of more than 2 pt, but
deletes TeX's log; what can be seen of that in the PDF is looked at again here.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pypdf

REPORT = Path("report/hw2.pdf")
# Each begins on a page of its own: the start of its bookmark, and a word that stands in it.
PARTS = {
    **{"1.1": "MNIST", "(a)": "finite", "(b)": "sigmoid", "(c)": "loss", "(d)": "gradients"},
    **{"(e)": "accuracy", "(f)": "memorizes", "Appendix": "import numpy as np"},
}


def problems() -> Iterator[str]:
    """Yield whatever is wrong with the report."""
    reader = pypdf.PdfReader(REPORT)
    pages = [page.extract_text() for page in reader.pages]
    # The bookmarks of the highest level.
    marks = {str(m.title): m for m in reader.outline if not isinstance(m, list)}
    titles = [next((t for t in marks if t.startswith(part)), part) for part in PARTS]
    if missing := [title for title in titles if title not in marks]:
        yield f"no bookmark for {', '.join(missing)}"
        return
    starts = [reader.get_destination_page_number(marks[title]) for title in titles]
    if starts != sorted(set(starts)) or 0 in starts:
        yield f"not each part begins on a page of its own: {', '.join(titles)} on {starts}"
    for title, word, start, end in zip(
        titles, PARTS.values(), starts, [*starts[1:], len(pages)], strict=True
    ):
        # White space in a PDF's text is chance.
        if not "".join(pages[start].split()).startswith("".join(title.split())):
            yield f"page {start + 1} does not begin with {title}"
        if word not in "\n".join(pages[start:end]):
            yield f"{word!r} cannot be found in {title}"
    for number, text in enumerate(pages, 1):
        if not text.strip() or "??" in text:
            yield f"page {number} has {'an undefined reference' if text.strip() else 'no text'}"
    if "synthetic digits" in pages[0].lower():
        yield "this is the report on synthetic digits"


if __name__ == "__main__":
    if not REPORT.exists():
        sys.exit(f"{REPORT} does not exist.")
    if found := list(problems()):
        sys.exit("\n".join([f"{REPORT} is not as it should be:", *found]))
    print(f"{REPORT} is as it should be.")
