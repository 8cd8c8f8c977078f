"""Typeset the report."""

from pathlib import Path

from provenance.job import job
from provenance.document.typeset import typeset

with job(snakemake):
    given = snakemake.input
    inputs = [given.appendix, *given.figures]
    typeset(
        Path(given.tex), {Path(path).name: Path(path) for path in inputs}, Path(snakemake.output[0])
    )
