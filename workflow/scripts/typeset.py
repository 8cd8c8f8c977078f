"""Typeset the report, and close the chain of hashes with it."""

from pathlib import Path

from provenance.job import logged
from provenance.document.typeset import typeset
from provenance.files import read_json, write_json
from provenance.manifest import describe_files, extend

with logged(snakemake):
    given, pdf = snakemake.input, snakemake.output.pdf
    inputs = [given.appendix, *given.figures]
    typeset(Path(given.tex), {Path(path).name: Path(path) for path in inputs}, Path(pdf))
    document = {"tex": describe_files([given.tex, given.appendix]), "pdf": describe_files([pdf])}
    write_json(snakemake.output.manifest, extend(read_json(given.chain), document))
