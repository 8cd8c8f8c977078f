"""What is computed: a straight line through points, and how sure its slope is."""

import numpy as np


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
