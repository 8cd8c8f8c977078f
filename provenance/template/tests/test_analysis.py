"""The line is the right one."""

import numpy as np

from analysis import fit_line, r_squared, resampled_slopes

X = np.arange(5.0)


def test_the_line_goes_through_points_that_lie_on_one():
    assert np.allclose(fit_line(X, 2 * X + 1), (2, 1))
    assert np.isclose(r_squared(X, 2 * X + 1), 1)


def test_the_slope_is_that_of_numpy():
    y = np.random.default_rng(0).normal(size=5)
    assert np.allclose(fit_line(X, y), np.polyfit(X, y, 1))


def test_resampled_slopes_of_points_on_a_line_are_all_its_slope():
    assert np.allclose(resampled_slopes(X, 3 * X, 50, np.random.default_rng(1)), 3)
