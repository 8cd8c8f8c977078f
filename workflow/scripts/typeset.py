"""Typeset the report."""

from pathlib import Path

from provenance.job import job
from provenance.document.typeset import typeset
from provenance.files import sha256
from provenance.receipts import history, read_all

with job(snakemake):
    given = snakemake.input
    history({path: sha256(path) for path in given}, read_all())  # text and appendix of one code
    included = [path for path in given if path not in {given.tex, *given.code}]
    inputs = {Path(path).name: Path(path) for path in included}
    typeset(Path(given.tex), inputs, Path(snakemake.output[0]))
