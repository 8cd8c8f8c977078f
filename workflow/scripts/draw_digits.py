"""Draw the synthetic digits into files as MNIST has them."""

from pathlib import Path

from provenance.job import job
from homework.synthetic import write_dataset

with job(snakemake):
    # The rule's four outputs stand in one folder, under MNIST's names.
    folder = Path(snakemake.output.train_images).parent
    config = snakemake.params.synthetic
    write_dataset(folder, config["train_images"], config["test_images"], config["seed"])
