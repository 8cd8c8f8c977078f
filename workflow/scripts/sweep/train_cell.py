"""Train with one width and one step size, from several seeds."""

from provenance.job import job
from homework.dataset import load_digits
from homework.replication import replicate
from provenance import files
from provenance.environment import pin_threads

with job(snakemake):
    pin_threads()
    digits, wildcards = load_digits(snakemake.input.digits), snakemake.wildcards
    first, last = map(int, wildcards.seeds.split("-"))
    config = snakemake.params.training
    records = replicate(
        digits,
        range(first, last + 1),
        hidden=int(wildcards.width),
        step_size=float(wildcards.step_size),
        batch_size=min(config["batch_size"], len(digits.X_train)),
        epochs=config["epochs"],
    )
    files.write_json(snakemake.output[0], records)
