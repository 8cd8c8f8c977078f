"""Draw the synthetic digits into files as MNIST has them."""

from pathlib import Path

from workflow.lib.job import logged
from workflow.lib.synthetic import write_dataset

with logged(snakemake):
    # The rule's four outputs stand in one folder, under MNIST's names.
    write_dataset(
        Path(snakemake.output.train_images).parent,
        snakemake.params.n_train,
        snakemake.params.n_test,
        snakemake.params.seed,
    )
