"""Keep the 3s and 9s of a dataset, and measure what the report says about them."""

from provenance.job import job
from nn.digits import IdxError, dataset_facts, read_threes_nines
from homework.dataset import Digits, save_digits
from provenance.errors import Failure
from provenance.records import write_json

with job(snakemake):
    source = snakemake.input
    try:
        X_train, y_train, train_index = read_threes_nines(source.train_images, source.train_labels)
        X_test, y_test, test_index = read_threes_nines(source.test_images, source.test_labels)
    except IdxError as error:
        raise Failure(
            str(error), "Move that file away and build again: it is then made anew."
        ) from error
    digits = Digits(X_train, y_train, X_test, y_test, train_index, test_index)
    save_digits(snakemake.output.digits, digits)
    write_json(snakemake.output.facts, dataset_facts(X_train, y_train, X_test, y_test))
