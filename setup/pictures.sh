#!/usr/bin/env bash
# pictures.sh: draw the README's pictures anew from what is built: two pages and the rules.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. setup/common.sh

for tool in pdftoppm dot tred; do
    command -v "$tool" >/dev/null ||
        fail "$tool is not on PATH." "On Debian or Ubuntu: apt-get install poppler-utils graphviz"
done
page() { # page TITLE: the number of the page where a question begins
    .venv/bin/python - "$1" <<'PYTHON'
import sys
import pypdf
reader = pypdf.PdfReader("report/hw2.pdf")
pages = (reader.get_destination_page_number(mark) + 1
         for mark in reader.outline if not isinstance(mark, list) and mark.title.startswith(sys.argv[1]))
print(next(pages))
PYTHON
}
first=$(page "(e)")
for number in "$first" $((first + 1)); do
    pdftoppm -r 60 -gray -png -singlefile -f "$number" -l "$number" report/hw2.pdf \
        "docs/page-$((number - first + 1))"
done
.venv/bin/python -m snakemake --quiet all --rulegraph | tred | dot -Tsvg >docs/rules.svg
say "docs/page-1.png, docs/page-2.png and docs/rules.svg are drawn."
