"""Misread against correctly read images: closed forms, and what must be found and what not."""

from __future__ import annotations

import math

import numpy as np
import pytest

from homework.comparison import bounds, compare, interval, is_suspicious, strength, summarise
from homework.properties import PROPERTIES


@pytest.mark.parametrize("side", ["low", "high", "both"])
def test_the_bounds_cut_off_the_unusual_tenth(side):
    good = np.arange(1000.0)
    assert is_suspicious(good, *bounds(good, side, None)).mean() == pytest.approx(0.1, abs=0.002)


@pytest.mark.parametrize("side", ["low", "high", "both"])
@pytest.mark.parametrize("n", [1, 7, 10, 995, 1000])
def test_never_more_than_the_unusual_tenth_lies_beyond_a_bound_ties_or_not(n, side):
    for good in (np.arange(float(n)), np.arange(float(n)) // 4, np.zeros(n)):
        assert is_suspicious(good, *bounds(good, side, None)).mean() <= 0.1


def test_the_shares_that_really_lie_beyond_the_bounds_are_told():
    y, wrong = np.repeat([0.0, 1.0], 100), np.zeros(200, bool)
    values = {name: np.tile(np.arange(100.0), 2) for name in PROPERTIES}
    values["loop_gap"] = np.tile(np.repeat([0.0, 1.0, 2.0], (3, 94, 3)), 2)
    assert summarise(values, y, wrong)["beyond"] == {"min": 0.03, "max": 0.1}


def test_several_suspicious_properties_are_counted_with_and_without_the_distances():
    y, wrong = np.repeat([0.0, 1.0], 100), np.tile(np.arange(100) >= 98, 2)
    values = {name: np.zeros(200) for name in PROPERTIES}
    for name in ("own_distance", "distance_ratio", "side_ink", "foot_ink", "ink"):
        values[name] = np.where(wrong, 1.0, 0.0)
    values["holes"] = y  # one in each 9
    facts = summarise(values, y, wrong)
    assert (facts["measured"], facts["distances"], facts["seen_in_image"]) == (10, 3, 7)
    # Much ink on the upper left is suspicious in a 3, at the lower left in a 9; of both, amounts.
    for digit in "39":
        several = facts["digits"][digit]["several"]
        assert several["all"] == {"mistakes": 1.0, "correct": 0.0}
        assert several["seen_in_image"] == {"mistakes": 0.0, "correct": 0.0}


def test_a_cut_bounds_the_suspicious_side_whatever_was_measured():
    assert bounds(np.arange(9.0), "high", 0.5) == (None, 0.5)
    assert bounds(np.zeros(0), "low", 1.0) == (1.0, None)
    assert bounds(np.zeros(0), "both", None) == (None, None)


def test_strength_is_one_half_for_the_same_values_and_one_for_separate_ones():
    good = np.arange(100.0)
    assert strength(good, good, "high") == 0.5
    assert strength(good + 1000, good, "high") == 1.0
    assert strength(good + 1000, good, "low") == 0.0
    assert strength(np.array([-5.0, 500.0]), good, "both") == 1.0
    assert strength(good, np.zeros(0), "both") == 0.5


def test_strength_equals_the_count_over_all_pairs():
    rng = np.random.default_rng(3)
    bad, good = rng.integers(0, 6, 20).astype(float), rng.integers(0, 6, 50).astype(float)
    pairs = np.sign(bad[:, np.newaxis] - good)
    assert strength(bad, good, "high") == pytest.approx((pairs.mean() + 1) / 2)


def test_values_equally_far_below_and_above_the_middle_tie():
    for n in range(2, 60):
        good = np.arange(float(n))
        # Of the n values the lowest beats all but itself and the highest.
        assert strength(good[:1], good, "both") == pytest.approx((n - 2 + 2 / 2) / n, abs=1e-12)


def test_the_p_value_is_the_chance_of_so_many_or_more_suspicious_mistakes():
    value, wrong = np.array([9.0, 9, 0, 0, 0, 0, 0]), np.arange(7) < 2
    found = compare(value, wrong, "side_ink", 0)
    assert found["count"] == {"mistakes": 2, "correct": 0}
    assert found["p_value"] == pytest.approx(1 / math.comb(7, 2))


@pytest.mark.parametrize(("count", "n"), [(0, 10), (10, 10), (3, 14)])
def test_the_interval_is_wilsons(count, n):
    z, p = 1.959963984540054, count / n
    centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    assert interval(count, n) == pytest.approx([centre - half, centre + half], abs=1e-12)


def test_the_interval_of_nothing_says_nothing():
    assert interval(0, 0) == [0.0, 1.0]


def test_a_property_that_all_mistakes_show_is_found_and_one_that_none_shows_is_not():
    rng = np.random.default_rng(0)
    y = np.repeat([0.0, 1.0], 500)
    wrong = np.tile(np.arange(500) < 20, 2)
    values = {name: rng.normal(size=1000) for name in PROPERTIES}
    values["own_distance"] = values["own_distance"] + 10 * wrong
    facts = summarise(values, y, wrong)
    assert facts["order"][0] == "own_distance"
    for digit in ("3", "9"):
        assert facts["digits"][digit]["explains"] == ["own_distance"]
        found = facts["digits"][digit]["properties"]["own_distance"]
        assert found["rate"]["mistakes"] == 1.0
        assert found["rate"]["correct"] == pytest.approx(0.1, abs=0.01)
