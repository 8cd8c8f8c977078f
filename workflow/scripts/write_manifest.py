"""Complete the manifest with the document."""

from workflow.lib.job import logged
from workflow.lib.manifest import extend
from workflow.lib.records import read_json, write_json

with logged(snakemake):
    document = {"tex": snakemake.input.tex, "pdf": [snakemake.input.pdf]}
    write_json(snakemake.output[0], extend(read_json(snakemake.input.chain), document))
