"""Complete the cache of MNIST's files from the mirrors that the config names."""

import sys
from pathlib import Path

from provenance.job import job
from provenance.mirrors import fetch

with job(snakemake):
    folder = Path(snakemake.output.train_images).parent
    # The log takes stderr; a progress bar is for the person at the terminal.
    fetch(folder, snakemake.config["mirrors"], terminal=sys.__stderr__)
