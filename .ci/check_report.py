"""Look into report/hw2.pdf as a reader would, and at its headline number.

The typesetting itself refuses undefined references and overfull boxes of more than 2 pt, but
deletes TeX's log; what can be seen of that in the PDF is looked at again here.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pypdf
import yaml

REPORT = Path("report/hw2.pdf")
LEAST_ACCURACY = 0.98
# Each begins on a page of its own: the start of its bookmark.
PARTS = ["1.1", "(a)", "(b)", "(c)", "(d)", "(e)", "(f)", "Appendix"]
# Words that every reader of the report could search for, each with the part where it stands.
WORDS = {"(a)": "finite", "(b)": "sigmoid", "(e)": "accuracy", "Appendix": "import numpy as np"}


def problems() -> Iterator[str]:
    """Yield whatever is wrong with the report."""
    reader = pypdf.PdfReader(REPORT)
    pages = [page.extract_text() for page in reader.pages]
    starts = {title: reader.get_destination_page_number(b) for title, b in bookmarks(reader)}
    found = {part: [t for t in starts if t.startswith(part)] for part in PARTS}
    yield from (f"no bookmark for {part}" for part in PARTS if not found[part])
    titles = [found[part][0] for part in PARTS if found[part]]
    numbers = [starts[title] for title in titles]
    if numbers != sorted(set(numbers)) or 0 in numbers:
        yield f"not each part begins on a page of its own: {', '.join(titles)} on {numbers}"
    for title, number in zip(titles, numbers, strict=True):
        if not plain(pages[number]).startswith(plain(title)):
            yield f"page {number + 1} does not begin with {title}"
    for number, text in enumerate(pages, 1):
        if not text.strip():
            yield f"page {number} has no text"
        if "??" in text:
            yield f"page {number} has an undefined reference"
    ends = [*numbers[1:], len(pages)]
    for title, start, end in zip(titles, numbers, ends, strict=True):
        for part, words in WORDS.items():
            if title.startswith(part) and words not in "\n".join(pages[start:end]):
                yield f"{words!r} cannot be found in {title}"
    if "synthetic digits" in pages[0].lower():
        yield "this is the report on synthetic digits"
    yield from inaccuracy()


def bookmarks(reader: pypdf.PdfReader) -> Iterator[tuple[str, pypdf.generic.Destination]]:
    """Yield the bookmarks of the highest level."""
    for entry in reader.outline:
        if not isinstance(entry, list):
            yield str(entry.title), entry


def plain(text: str) -> str:
    """Drop white space, which a PDF's text has by chance."""
    return "".join(text.split())


def inaccuracy() -> Iterator[str]:
    """Yield a complaint if the network of the report learnt too little."""
    config = yaml.safe_load(Path("config/config.yaml").read_text(encoding="utf-8"))
    step_size = float(config["training"]["step_sizes"][0])
    summary = json.loads(Path(f"results/train/{step_size}/summary.json").read_text("utf-8"))
    accuracy = summary["test_accuracy"]["last"]
    if not accuracy >= LEAST_ACCURACY:
        yield f"test accuracy at step size {step_size}: {accuracy}, expected {LEAST_ACCURACY}"


if __name__ == "__main__":
    if not REPORT.exists():
        sys.exit(f"{REPORT} does not exist.")
    if found := list(problems()):
        sys.exit("\n".join([f"{REPORT} is not as it should be:", *found]))
    print(f"{REPORT} is as it should be.")
