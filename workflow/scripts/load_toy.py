"""Take the toy network from the course's pickle if it was found, else draw one."""

import numpy as np

from provenance.job import job
from provenance import records
from homework.toy import generate_toy, load_toy_pickle, save_toy, toy_facts

with job(snakemake):
    found = snakemake.input.get("pickle") or None
    if found:
        toy = load_toy_pickle(found)
    else:
        toy = generate_toy(np.random.default_rng(snakemake.params.seed))
    save_toy(snakemake.output.arrays, toy)
    records.write_json(snakemake.output.facts, toy_facts(toy, found))
