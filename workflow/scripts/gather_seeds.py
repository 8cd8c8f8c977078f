"""List all runs of the first and of the last step size, the report's own first."""

from provenance.job import job
from homework.runs import in_common
from provenance.files import read_json, write_json

with job(snakemake):
    given = snakemake.input
    facts = {}
    for name in ("first", "last"):
        shards = [read_json(path) for path in given[f"{name}_seeds"]]
        facts[name] = [read_json(given[name]), *(record for shard in shards for record in shard)]
    # A seed that diverged has misread nothing.
    facts["misread"] = in_common(run for run in facts["first"] if "misread" in run)
    for run in facts["first"] + facts["last"]:
        run.pop("misread", None)  # counted, and in the runs' own records
    write_json(snakemake.output[0], facts)
