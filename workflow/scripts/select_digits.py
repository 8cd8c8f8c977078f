"""Keep the 3s and 9s of a dataset, and measure what the report says about them."""

from provenance.job import job
from homework.dataset import save_digits
from homework.selection import dataset_facts, select
from provenance.files import write_json

with job(snakemake):
    given = snakemake.input
    digits = select(
        (given.train_images, given.train_labels), (given.test_images, given.test_labels)
    )
    save_digits(snakemake.output.digits, digits)
    write_json(snakemake.output.facts, dataset_facts(digits))
