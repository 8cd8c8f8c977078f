"""Typeset the report, and note which question stands on which pages."""

from pathlib import Path

from provenance.job import job
from provenance.document.pages import pages_of
from provenance.document.typeset import typeset
from provenance.files import sha256, write_json
from provenance.receipts import history, read_all

with job(snakemake, may_run_programs=True):
    given = snakemake.input
    history({path: sha256(path) for path in given}, read_all())  # text and appendix of one code
    included = [path for path in given if path not in {given.tex, *given.code}]
    inputs = {Path(path).name: Path(path) for path in included}
    contents = typeset(Path(given.tex), inputs, Path(snakemake.output[0]))
    if pages := snakemake.output.get("pages"):
        write_json(pages, pages_of(contents))
