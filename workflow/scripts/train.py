"""Train the handout's network with one step size."""

import numpy as np

from provenance.job import job
from homework.dataset import load_digits
from homework.replication import afterwards
from homework.runs import summarise
from nn.training import series, train
from provenance import files, records
from provenance.environment import pin_threads
from provenance.errors import Failure

with job(snakemake):
    pin_threads()
    config = snakemake.params.training
    digits = load_digits(snakemake.input.digits)
    settings = {
        "layer_dims": [digits.X_train.shape[1], config["hidden"], 1],
        "step_size": float(snakemake.wildcards.step_size),
        "batch_size": min(config["batch_size"], len(digits.X_train)),
        "epochs": config["epochs"],
    }
    try:
        run = train(
            *digits[:4],
            **settings,
            rng=np.random.default_rng(config["seed"]),
            threads=snakemake.threads,
        )
    except FloatingPointError as error:
        raise Failure(
            str(error), "Remove that step size from training.step_sizes in config/config.yaml."
        ) from error
    columns = series(run.history)
    records.write_csv(snakemake.output.series, columns)
    arrays = {}
    for k, layer in enumerate(zip(run.weight_matrices, run.biases, strict=True), start=1):
        arrays[f"W{k}"], arrays[f"b{k}"] = layer
    records.write_npz(snakemake.output.weights, **arrays)
    facts = {"seed": config["seed"], **settings, **summarise(columns)}
    facts |= afterwards(digits, run.weight_matrices, run.biases)
    files.write_json(snakemake.output.summary, facts)
