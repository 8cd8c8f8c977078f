"""Compare backpropagation with finite differences on the toy network."""

from workflow.lib.job import logged
from workflow.lib.gradient_check import check_gradients
from workflow.lib.numerics import check_pins
from workflow.lib.records import write_json
from workflow.lib.toy_pickle import load_toy

with logged(snakemake):
    check_pins()
    write_json(snakemake.output.facts, check_gradients(load_toy(snakemake.input.toy)))
