"""Compare backpropagation with finite differences on the toy network."""

from provenance.job import job
from homework import toy
from homework.gradient_check import check_gradients
from provenance.environment import pin_threads
from provenance.files import write_json

with job(snakemake):
    pin_threads()
    write_json(snakemake.output.facts, check_gradients(toy.load(snakemake.input.toy)))
