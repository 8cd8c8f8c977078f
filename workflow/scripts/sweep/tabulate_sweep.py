"""Put all runs of the sweep into one table, and sum up each cell of it."""

from pathlib import Path

from provenance.job import job
from homework.sweep import sum_up, tabulate
from provenance.errors import Failure
from provenance.files import read_json, write_json
from provenance.records import write_csv

with job(snakemake):
    sweep = snakemake.params.sweep
    runs = {}
    for path in snakemake.input.shards:
        width, step_size = Path(path).parts[-3:-1]
        for record in read_json(path):
            runs[int(width), float(step_size), record["seed"]] = record
    if not runs:
        raise Failure("No run of the sweep is there.", "Train some: make sweep")
    table = tabulate(sweep, runs)
    write_csv(snakemake.output.table, table)
    write_json(snakemake.output.facts, {"sweep": sweep, **sum_up(table, sweep["failed_below"])})
