"""Write the code appendix from the files that ran, for the PDF and for the web page."""

from pathlib import Path

from provenance.job import job
from provenance.document.listings import appendix
from provenance.document.web import listing
from provenance.files import write_text

with job(snakemake):
    paths = [str(path) for path in snakemake.input.listed]
    files = [(path, Path(path).read_text(encoding="utf-8")) for path in paths]
    write_text(snakemake.output.tex, appendix(files))
    write_text(snakemake.output.html, "\n".join(listing(*file) for file in files))
