"""Look for the cause of the last step size's failure, by experiments."""

from provenance.job import job
from homework.dataset import load_digits
from homework.interventions import direction, intervene
from provenance import files
from provenance.environment import pin_threads

with job(snakemake):
    pin_threads()
    digits, params = load_digits(snakemake.input.digits), snakemake.params
    first = params.training["seed"]
    settings = {
        "hidden": params.training["hidden"],
        "batch_size": min(params.training["batch_size"], len(digits.X_train)),
    }
    experiments, large = params.interventions, params.step_sizes[-1]
    facts = intervene(
        digits,
        range(first, first + experiments["seeds"]),
        small=params.step_sizes[0],
        large=large,
        between=experiments["step_sizes"],
        epochs=experiments["epochs"],
        **settings,
    )
    seeds = range(first, first + experiments["direction_seeds"])
    facts |= {"seeds": experiments["seeds"], "epochs": experiments["epochs"]}
    facts |= {"direction": direction(digits, seeds, step_size=large, **settings)}
    files.write_json(snakemake.output[0], facts)
