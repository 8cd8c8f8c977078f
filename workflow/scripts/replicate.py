"""Train with one step size again, from several further seeds."""

from provenance.job import job
from homework.dataset import load_digits
from homework.replication import replicate
from provenance import files
from provenance.environment import pin_threads
from provenance.errors import Failure

with job(snakemake):
    pin_threads()
    digits, wildcards = load_digits(snakemake.input.digits), snakemake.wildcards
    first, last = map(int, wildcards.seeds.split("-"))
    config = snakemake.params.training
    config |= {"batch_size": min(config["batch_size"], len(digits.X_train))}
    step_size = float(wildcards.step_size)
    records = replicate(digits, range(first, last + 1), step_size=step_size, **config)
    for record in records:
        if "diverged_at" in record:
            raise Failure(
                "Training with step size {} and seed {seed} diverged at timestep {diverged_at}: "
                "expected finite losses.".format(step_size, **record),
                "Remove that step size from training.step_sizes in config/config.yaml.",
            )
    files.write_json(snakemake.output[0], records)
