#!/usr/bin/env bash
# pictures.sh: draw the README's pictures anew from what is built: two pages and the rules.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
. setup/common.sh

for tool in pdftoppm pdftotext dot tred; do
    command -v "$tool" >/dev/null ||
        fail "$tool is not on PATH." "On Debian or Ubuntu: apt-get install poppler-utils graphviz"
done
# page TITLE: the number of the page that begins with it.
page() { pdftotext report/hw2.pdf - | awk -v title="$1" 'BEGIN { RS = "\f" } index($0, title) == 1 && !found++ { print NR }'; }
first=$(page "(e)")
for number in "$first" $((first + 1)); do
    pdftoppm -r 60 -gray -png -singlefile -f "$number" -l "$number" report/hw2.pdf \
        "docs/page-$((number - first + 1))"
done
.venv/bin/python -m snakemake --quiet all --rulegraph | tred | dot -Tsvg >docs/rules.svg
say "docs/page-1.png, docs/page-2.png and docs/rules.svg are drawn."
