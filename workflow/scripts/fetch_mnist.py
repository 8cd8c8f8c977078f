"""Complete the cache of MNIST's files from the mirrors that the config names."""

from pathlib import Path

from provenance.job import job
from homework.packing import packed_again
from provenance.mirrors import fetch, read_sums

with job(snakemake):
    fetch(
        Path(snakemake.output.train_images).parent,
        snakemake.config["mirrors"],
        read_sums("config/mnist.sha256"),
        what="MNIST",
        remedy="Build the report on digits that the pipeline draws itself: "
        "`snakemake --cores 2 report/hw2-synthetic.pdf` (`make report` does so by itself)",
        remake=packed_again,
    )
