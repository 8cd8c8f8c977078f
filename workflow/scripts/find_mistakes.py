"""List the test images that the network misreads, and what sets them apart."""

from provenance.job import logged
from provenance import records
from homework.dataset import load_digits
from homework.mistakes import find_mistakes
from provenance.numerics import check_pins

with logged(snakemake):
    check_pins()
    mistakes, facts = find_mistakes(
        load_digits(snakemake.input.digits), records.read_npz(snakemake.input.weights)
    )
    records.write_csv(snakemake.output.mistakes, mistakes)
    records.write_json(snakemake.output.facts, facts)
