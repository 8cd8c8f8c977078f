"""Typeset the report."""

from pathlib import Path

from provenance.job import job
from provenance.document.typeset import typeset

with job(snakemake):
    given = snakemake.input
    inputs = {Path(path).name: Path(path) for path in [given.appendix, *given.figures]}
    typeset(Path(given.tex), inputs, Path(snakemake.output[0]))
