"""Take the toy network from the trusted pickle if it was found, else draw one."""

import numpy as np

from provenance.job import job
from homework import toy
from provenance.files import write_json

with job(snakemake):
    found, trusted = snakemake.input.get("pickle"), snakemake.params.sha256
    if found:
        network = toy.load_pickle(found, trusted)
    else:
        network = toy.generate(np.random.default_rng(snakemake.params.seed))
    toy.save(snakemake.output.arrays, network)
    write_json(snakemake.output.facts, toy.facts(network, trusted if found else None))
