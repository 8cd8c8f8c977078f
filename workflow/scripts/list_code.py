"""Write the code appendix from the files that ran."""

from pathlib import Path

from provenance.job import job
from provenance.document.listings import appendix
from provenance.files import write_text

with job(snakemake):
    paths = [str(path) for path in snakemake.input.listed]
    files = [(path, Path(path).read_text(encoding="utf-8")) for path in paths]
    write_text(snakemake.output[0], appendix(files))
