"""Question (f): fit 100 random inputs to 100 labels in as few updates as possible."""

import numpy as np

from provenance.job import job
from homework.memorization import Recipe, differences, differing, memorize, repeat, summarise
from provenance import files, records
from provenance.environment import pin_threads

N, D = 100, 784

with job(snakemake):
    pin_threads()
    config = snakemake.params.memorization
    limit = {"max_updates": config["max_updates"]}
    start, recipe = Recipe(**config["start"]), Recipe(**config["recipe"])
    y = records.read_npz(snakemake.input.digits)["y_train"][:N].astype(np.float64)

    rng = np.random.default_rng(config["seed"])
    X_train_rand = rng.random((len(y), D))
    own = memorize(X_train_rand, y, recipe, rng=rng, **limit)
    seeds = [(config["seed"], k) for k in range(1, config["seeds"] + 1)]
    tried = repeat(y, D, recipe, seeds=seeds, **limit)

    study, few = [], config["study_seeds"]
    for variant in [*(start._replace(**changes) for changes in config["study"]), recipe]:
        attempts = tried[:few]
        if variant != recipe:
            attempts = repeat(y, D, variant, seeds=seeds[:few], **limit)
        row = {"variant": differences(variant, start), **variant._asdict()}
        row |= {"changes": differing(variant, start), "lacks": differing(variant, recipe)}
        study.append(row | summarise(attempts))

    facts = {"n": len(y), "d": D, "mean_label": y.mean(), "seed": config["seed"], **limit}
    facts |= {"start": start._asdict(), "recipe": recipe._asdict()}
    facts |= {"own": summarise([own]) | {"accuracies": own.accuracies}}
    facts |= {"further": summarise(tried), "study": study}
    files.write_json(snakemake.output.facts, facts)
    lists = ("updates", "changes", "lacks")
    table = {key: [row[key] for row in study] for key in study[0] if key not in lists}
    records.write_csv(snakemake.output.study, table)
