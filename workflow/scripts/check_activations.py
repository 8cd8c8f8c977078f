"""Evaluate the activations at the inputs that the handout asks about."""

from workflow.lib.job import logged
from workflow.lib.activation_check import check_activations
from workflow.lib.records import write_json

with logged(snakemake):
    write_json(snakemake.output.facts, check_activations())
