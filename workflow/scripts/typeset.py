"""Typeset the report."""

from pathlib import Path

from workflow.lib.job import logged
from workflow.lib.typesetting import typeset

with logged(snakemake):
    inputs = [snakemake.input.appendix, *snakemake.input.figures]
    typeset(
        Path(snakemake.input.tex),
        {Path(path).name: Path(path) for path in inputs},
        Path(snakemake.output.pdf),
    )
