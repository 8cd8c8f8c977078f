"""Hash and sum up the large records, once for all reports that are made from them."""

from workflow.lib.job import logged
from workflow.lib.files import write_json
from workflow.lib.manifest import describe_files
from workflow.lib.sums import describe_record

with logged(snakemake):
    given = snakemake.input
    stages = {"data": given.data, "weights": given.weights, "series": given.series}
    described = {stage: describe_files(paths, describe_record) for stage, paths in stages.items()}
    write_json(snakemake.output[0], described)
