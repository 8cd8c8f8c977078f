"""Look into report/hw2.pdf as a reader would; its numbers are looked at by its claims.

The typesetting itself refuses undefined references and overfull boxes of more than 2 pt, but
deletes TeX's log; what can be seen of that in the PDF is looked at again here.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pypdf

REPORT = Path("report/hw2.pdf")
MOST_PAGES = 16
MOST_WHITE = 1 / 3
# What is lower is the space between paragraphs, figures and headings.
BAND = 0.06
# The start of each part's bookmark, and its template. Each begins on a page of its own, but for the
# first, which follows the table of contents.
TEXTS = Path("report/questions")
PARTS = {
    "1.1": TEXTS / "data.tex.j2",
    **{f"({path.name[0]})": path for path in sorted(TEXTS.glob("?.tex.j2"))},
    "Appendix": TEXTS / "properties.tex.j2",
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
    for title, template, start, end in zip(
        titles, PARTS.values(), starts, [*starts[1:], len(pages)], strict=True
    ):
        # White space in a PDF's text is chance.
        begins = "".join(pages[start].split()).startswith("".join(title.split()))
        if not begins and start != starts[0]:
            yield f"page {start + 1} does not begin with {title}"
        if lost := [code for code in named(template) if code not in "\n".join(pages[start:end])]:
            yield f"{', '.join(lost)} cannot be found in {title}"
    if "import numpy as np" not in "".join(pages[starts[-1] :]):
        yield "there is no code in the appendix"
    for number, text in enumerate(pages, 1):
        if not text.strip() or "??" in text:
            yield f"page {number} has {'an undefined reference' if text.strip() else 'no text'}"
    # A part's last page may end early, and the first page is for the certification alone.
    early = {0, *(start - 1 for start in starts)}
    for number in range(starts[-1]):
        if number not in early and (white := white_share(number + 1)) > MOST_WHITE:
            yield f"{white:.0%} of page {number + 1} are white"
    if starts[-1] > MOST_PAGES:
        yield f"the report without appendix has {starts[-1]} pages, more than {MOST_PAGES}"
    if "synthetic digits" in pages[0].lower():
        yield "this is the report on synthetic digits"


def named(template: Path) -> list[str]:
    """List the code that answers a question, which its last line names."""
    (listed,) = re.findall(r"<< code\((.*?)\) >>", template.read_text(encoding="utf-8"))
    return [target.split(":")[-1] for target in re.findall(r'"(.*?)"', listed)]


def white_share(page: int) -> float:
    """Measure how much of a page's height, without margins and page number, is in blank bands."""
    command = f"pdftoppm -r 20 -gray -f {page} -l {page} {REPORT}".split()
    picture = subprocess.run(command, check=True, capture_output=True).stdout
    _, size, _, pixels = picture.split(b"\n", 3)
    width, height = map(int, size.split())
    rows = [pixels[k * width : (k + 1) * width] for k in range(height)]
    inked = [min(row) < 250 for row in rows[height * 7 // 110 : height * 102 // 110]]
    blank = "".join(" x"[ink] for ink in inked).split("x")
    return sum(len(band) for band in blank if len(band) > BAND * len(inked)) / len(inked)


if __name__ == "__main__":
    if not REPORT.exists():
        sys.exit(f"{REPORT} does not exist.")
    if found := list(problems()):
        sys.exit("\n".join([f"{REPORT} is not as it should be:", *found]))
    print(f"{REPORT} is as it should be.")
