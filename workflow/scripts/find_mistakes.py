"""List the test images that the network misreads, and what sets them apart."""

from provenance.job import job
from homework.dataset import load_digits
from homework.linear import templates, train_linear
from homework.mistakes import find_mistakes
from provenance import files, records
from provenance.environment import pin_threads

with job(snakemake):
    pin_threads()
    digits = load_digits(snakemake.input.digits)
    weights = records.read_npz(snakemake.input.weights)
    linear = train_linear(digits, **snakemake.params.linear)
    mistakes, facts = find_mistakes(digits, weights, linear)
    records.write_csv(snakemake.output.mistakes, mistakes)
    files.write_json(snakemake.output.facts, facts)
    records.write_npz(snakemake.output.templates, **templates(digits, weights, linear))
