"""Compare backpropagation with finite differences on the toy network."""

from provenance.job import logged
from homework.gradient_check import check_gradients
from provenance.numerics import check_pins
from provenance.records import write_json
from homework.toy import load_toy

with logged(snakemake):
    check_pins()
    write_json(snakemake.output.facts, check_gradients(load_toy(snakemake.input.toy)))
