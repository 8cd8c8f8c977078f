"""Hash and sum up the large records, once for all reports that are made from them."""

from provenance.job import logged
from provenance.files import write_json
from provenance.manifest import describe_files
from provenance.sums import describe_record

with logged(snakemake):
    given = snakemake.input
    stages = {"data": given.data, "weights": given.weights, "series": given.series}
    described = {stage: describe_files(paths, describe_record) for stage, paths in stages.items()}
    write_json(snakemake.output[0], described)
