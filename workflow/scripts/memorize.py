"""Question (f): fit 100 random inputs to 100 labels in as few updates as possible."""

import numpy as np

from provenance.job import job
from homework import memorization
from homework.memorization import VARIANTS, memorize, share_right
from nn.network import forward_pass
from provenance import files, records
from provenance.environment import pin_threads

N, D = 100, 784

with job(snakemake):
    pin_threads()
    config = snakemake.params.memorization
    seed, recipe, slow = config["seed"], config["recipe"], config["start"]
    widths = sorted({*config["widths"], recipe["width"]})
    step_sizes = sorted({*config["step_sizes"], recipe["step_size"]})
    y = records.read_npz(snakemake.input.digits)["y_train"][:N].astype(np.float64)

    # The report's own run.
    X_train_rand = np.random.default_rng(seed).random((len(y), D))

    def start(variant, width):
        """Draw a network; always from the same random numbers."""
        rng = np.random.default_rng((seed, 0))
        return memorization.start(X_train_rand, y, VARIANTS[variant], width, rng)

    def drawn(network):
        """Measure how wide the hidden layer is and how the weights of each layer scatter."""
        return {"width": network.Ws[1].size, "deviations": [float(W.std()) for W in network.Ws]}

    def first_update(network, step_size):
        """Make one update; say what it did, and why."""
        outputs = memorize(network, y, step_size, max_updates=1)
        said = {"step_size": step_size, "after": share_right(outputs[-1], y)}
        return said | memorization.explain(network, y, step_size, outputs)

    network = start("sine", recipe["width"])
    own = {"before": share_right(forward_pass(*network)[0], y)}
    own |= drawn(network) | {"bias": network.bs[1].item()}
    # Of two independent draws the squares of the difference average twice the variance.
    S = network.X @ network.Ws[0]
    own |= {"radians_apart": float(np.sqrt(2 * S.var(axis=0, ddof=1).mean()))}
    steps = {"recipe": recipe["step_size"], "smallest": step_sizes[0], "largest": step_sizes[-1]}
    own |= {name: first_update(network, step_size) for name, step_size in steps.items()}

    # The same inputs with ReLU units, which take longer.
    slower = start("relu", slow["width"])
    path = memorize(slower, y, slow["step_size"], max_updates=slow["max_updates"])
    updates = len(path) - 1 if share_right(path[-1], y) == 1 else None
    slow = {**slow, **drawn(slower), "updates": updates}

    # Other inputs and networks.
    seeds = [(seed, k) for k in range(1, config["attempts"] + 1)]
    found = memorization.study(y, D, widths, step_sizes, seeds)
    at_recipe = widths.index(recipe["width"]), step_sizes.index(recipe["step_size"])
    variants = {
        name: {
            **variant._asdict(),
            "activation": variant.activation.__name__,
            "bias": variant.bias.__name__,
            "likeness": memorization.likeness(start(name, recipe["width"])),
            **memorization.summarise(found[name], widths, step_sizes),
        }
        for name, variant in VARIANTS.items()
    }
    sine = found["sine"][:, *at_recipe]
    succeeded = [own["recipe"]["after"] == 1, *sine.tolist()]
    counts = found["sine"].sum(axis=0)
    facts = {
        **{"n": len(y), "d": D, "seed": seed, "mean_label": float(y.mean())},
        **{"recipe": recipe, "own": own, "start": slow, "attempts": len(seeds)},
        **{"widths": widths, "step_sizes": step_sizes, "cells": counts.size},
        **{"variants": variants, "order": [*variants]},
        "by_width": counts[:, at_recipe[1]].tolist(),
        "by_step_size": counts[at_recipe[0]].tolist(),
        "seeds": [{"one_update": one} for one in succeeded],
    }
    files.write_json(snakemake.output.facts, facts)
