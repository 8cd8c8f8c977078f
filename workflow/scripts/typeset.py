"""Typeset the report."""

from pathlib import Path

from provenance.document.typeset import typeset
from provenance.job import job

with job(snakemake):
    given = snakemake.input
    inputs = [given.appendix, *given.figures]
    typeset(
        Path(given.tex), {Path(path).name: Path(path) for path in inputs}, Path(snakemake.output[0])
    )
