"""Write the code appendix from the files that ran."""

from pathlib import Path

from workflow.lib.job import logged
from workflow.lib.listings import appendix
from workflow.lib.records import write_text

with logged(snakemake):
    paths = [str(path) for path in snakemake.input.listed]
    files = [(path, Path(path).read_text(encoding="utf-8")) for path in paths]
    write_text(snakemake.output[0], appendix(files))
