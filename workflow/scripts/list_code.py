"""Write the code appendix from the files that ran."""

from pathlib import Path

from workflow.lib.job import logged
from workflow.lib.files import write_text
from workflow.lib.listings import appendix

with logged(snakemake):
    paths = [str(path) for path in snakemake.input.listed]
    files = [(path, Path(path).read_text(encoding="utf-8")) for path in paths]
    write_text(snakemake.output[0], appendix(files))
