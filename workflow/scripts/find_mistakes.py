"""List the test images that the network misreads, and what sets them apart."""

from provenance.job import job
from homework.dataset import load_digits
from homework.mistakes import find_mistakes
from provenance import files, records
from provenance.environment import pin_threads

with job(snakemake):
    pin_threads()
    mistakes, facts = find_mistakes(
        load_digits(snakemake.input.digits), records.read_npz(snakemake.input.weights)
    )
    records.write_csv(snakemake.output.mistakes, mistakes)
    files.write_json(snakemake.output.facts, facts)
