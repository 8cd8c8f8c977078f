"""Chain the hashes of everything that the report is made of."""

from workflow.lib.job import logged
from workflow.lib.manifest import extend
from workflow.lib.packages import require_pinned
from workflow.lib.records import write_json

with logged(snakemake):
    for requirements in snakemake.input.pins:
        require_pinned(requirements)
    names = ("pins", "sources", "data", "weights", "series", "facts", "figures")
    write_json(snakemake.output[0], extend({}, {name: snakemake.input[name] for name in names}))
