"""List the test images that the network misreads, and what sets them apart."""

from workflow.lib.job import logged
from workflow.lib import records
from workflow.lib.digits import load_digits
from workflow.lib.mistakes import find_mistakes
from workflow.lib.numerics import check_pins

with logged(snakemake):
    check_pins()
    mistakes, facts = find_mistakes(
        load_digits(snakemake.input.digits), records.read_npz(snakemake.input.weights)
    )
    records.write_csv(snakemake.output.mistakes, mistakes)
    records.write_json(snakemake.output.facts, facts)
