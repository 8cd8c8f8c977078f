"""Read the data, fit the line, write down what the report speaks of."""

import numpy as np

from provenance.job import job
from analysis import fit_line, r_squared, read_points, resampled_slopes
from provenance.files import write_json
from provenance.records import write_csv

with job(snakemake):
    path, params = snakemake.input.data, snakemake.params
    x, y = read_points(path, params.x, params.y)
    level = params.bootstrap["level"]
    slopes = resampled_slopes(
        x, y, params.bootstrap["resamples"], np.random.default_rng(params.bootstrap["seed"])
    )
    low, high = np.quantile(slopes, [(1 - level) / 2, (1 + level) / 2])
    slope, intercept = fit_line(x, y)
    facts = {
        "data": path,
        "x": params.x,
        "y": params.y,
        "points": len(x),
        "slope": slope,
        "slope_low": low,
        "slope_high": high,
        "intercept": intercept,
        "r_squared": r_squared(x, y),
        "level": level,
        "resamples": len(slopes),
    }
    write_json(snakemake.output.facts, facts)
    ends = np.array([x.min(), x.max()])
    write_csv(snakemake.output.line, {"x": ends, "y": intercept + slope * ends})
