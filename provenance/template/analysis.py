"""What is computed: a straight line through points, and how sure its slope is."""

import numpy as np

from provenance.errors import Failure
from provenance.records import read_csv


def read_points(path, *names):
    """Read columns of numbers from a CSV file, or say what is wrong with it."""
    columns = read_csv(path)
    for name in names:
        if name not in columns or columns[name].dtype.kind not in "if":
            raise Failure(
                f"{path} has no column of numbers named {name!r}; there are {', '.join(columns)}.",
                "Correct x and y in config/config.yaml, or the file (no empty cells).",
            )
    return [columns[name] for name in names]


def fit_line(x, y):
    """Fit y = intercept + slope x by least squares; return slope and intercept."""
    deviation = x - x.mean()
    slope = deviation @ (y - y.mean()) / (deviation @ deviation)
    return slope, y.mean() - slope * x.mean()


def r_squared(x, y):
    """Give the share of the variance of y that the fitted line explains."""
    slope, intercept = fit_line(x, y)
    left = y - (intercept + slope * x)
    return 1 - left.var() / y.var()


def resampled_slopes(x, y, resamples, rng):
    """Fit the line again to points drawn from these with replacement."""
    draws = rng.integers(0, len(x), (resamples, len(x)))
    # A draw of one point again and again has no slope.
    return np.array([fit_line(x[k], y[k])[0] for k in draws if np.ptp(x[k])])
