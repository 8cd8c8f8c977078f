"""Properties of digits, measured on images whose properties are known."""

from __future__ import annotations

import math

import numpy as np
import pytest
from matplotlib.figure import Figure

from homework import comparison, properties
from homework.comparison import summarise
from homework.dataset import Digits
from homework.figures.evidence import draw_evidence, rule_text
from homework.figures.gallery import MOST, draw_gallery, gallery_height, mistake_groups
from homework.mistakes import find_mistakes, network_output
from homework.properties import PROPERTIES, measure
from provenance import files, records

ROW, COLUMN = np.mgrid[0:28, 0:28].astype(np.float64)


def flat(*images):
    return np.array(images, np.float64).reshape(len(images), 784)


def ring(row, column, radius, width=2.0):
    """A circle of ink with soft edges."""
    off = np.abs(np.hypot(ROW - row, COLUMN - column) - radius)
    return np.clip(width / 2 + 0.5 - off, 0.0, 1.0)


def bar(angle=0.0, width=3.0, length=18.0):
    """A bar through the middle that leans to the right by `angle` degrees."""
    lean = math.radians(angle)
    up, right = 13.5 - ROW, COLUMN - 13.5
    along = up * math.cos(lean) + right * math.sin(lean)
    across = right * math.cos(lean) - up * math.sin(lean)
    soft = np.clip(width / 2 + 0.5 - np.abs(across), 0.0, 1.0)
    return soft * np.clip(length / 2 + 0.5 - np.abs(along), 0.0, 1.0)


def square_nine(gap):
    """A square loop whose right side is open over `gap` rows, on a long stem."""
    image = np.zeros((28, 28))
    image[2:13, 8:19] = 1.0
    image[3:12, 9:18] = 0.0
    image[13:26, 18] = 1.0
    image[5 : 5 + gap, 18] = 0.0
    return image


def test_a_ring_has_one_hole_two_rings_two_and_a_bar_none():
    images = flat(ring(13, 13, 6), np.maximum(ring(7, 13, 4), ring(20, 13, 4)), bar())
    assert measure(images)["holes"].tolist() == [1, 2, 0]


def test_a_hole_belongs_to_its_own_image_in_a_stack():
    images = flat(*[ring(13, 13, 6) if k % 3 == 0 else bar(k) for k in range(12)])
    assert measure(images)["holes"].tolist() == [1, 0, 0] * 4


def test_ink_at_the_border_does_not_enclose_the_paper_beside_it():
    frameless = np.zeros((28, 28))
    frameless[10, :14] = frameless[10:20, 14] = frameless[20, :14] = 1.0
    assert measure(flat(frameless))["holes"] == 0


def test_a_closed_upper_loop_has_no_gap():
    assert measure(flat(np.maximum(ring(8, 13, 5), bar())))["loop_gap"] == 0


def test_the_ink_must_grow_by_half_the_opening_to_close_it():
    measured = measure(flat(*[square_nine(gap) for gap in (0, 2, 4, 6)]))
    assert measured["loop_gap"].tolist() == [0, 1, 2, 3]
    assert measured["holes"].tolist() == [1, 0, 0, 0]


def test_a_bar_has_no_loop_to_close():
    assert measure(flat(bar()))["loop_gap"] == properties.FARTHEST_GROWTH + 1


def test_a_hole_below_the_middle_is_not_the_upper_loop():
    image = np.maximum(ring(20, 13, 4), bar() * (ROW < 18))
    measured = measure(flat(image))
    assert measured["holes"] == 1
    assert measured["loop_gap"] > 0


@pytest.mark.parametrize("angle", [-30.0, -10.0, 0.0, 10.0, 30.0])
def test_a_leaning_bar_has_its_angle_as_slant(angle):
    assert measure(flat(bar(angle)))["slant"] == pytest.approx(angle, abs=1.5)


@pytest.mark.parametrize("width", [2.0, 3.0, 4.0, 5.0])
def test_a_long_bar_has_its_width_as_stroke_width(width):
    # The outline includes the bar's ends: 2 L w / (2 L + 2 w).
    expected = 18.0 * width / (18.0 + width)
    assert measure(flat(bar(width=width)))["stroke_width"] == pytest.approx(expected, rel=0.06)


def test_stroke_width_does_not_depend_on_direction():
    widths = measure(flat(bar(0), bar(20), bar(45), bar(70), bar(90)))["stroke_width"]
    assert np.ptp(widths) < 0.15


def test_ink_is_the_mean_grey_level():
    half = np.zeros((28, 28))
    half[:14] = 1.0
    assert measure(flat(half))["ink"] == 0.5


def test_a_bow_at_the_lower_left_counts_as_foot_ink_and_one_at_the_upper_left_as_side_ink():
    stem = bar()
    low = np.maximum(stem, ring(18, 10, 4) * (COLUMN < 12))
    high = np.maximum(stem, ring(9, 10, 4) * (COLUMN < 12))
    measured = measure(flat(stem, low, high))
    assert measured["foot_ink"].argmax() == 1
    assert measured["side_ink"].argmax() == 2


def test_empty_and_full_images_are_measured_without_warnings():
    measured = measure(flat(np.zeros((28, 28)), np.ones((28, 28)), np.eye(28)[:1].repeat(28, 0)))
    assert all(np.isfinite(value).all() for value in measured.values())


def test_measuring_leaves_the_images_as_they_are():
    images = flat(ring(13, 13, 6))
    before = images.copy()
    measure(images)
    assert np.array_equal(images, before)


def random_digits(n_train=30, n_test=40, seed=0):
    """Small drawings: bars as 3s, rings as 9s, in noise that makes some alike."""
    rng = np.random.default_rng(seed)

    def draw(n):
        y = rng.integers(0, 2, n).astype(np.float64)
        y[:2] = 0.0, 1.0
        clean = [ring(13, 13, rng.uniform(4, 8)) if k else bar(rng.uniform(-30, 30)) for k in y]
        noisy = np.clip(flat(*clean) + rng.normal(0, 0.2, (n, 784)), 0.0, 1.0)
        return np.rint(noisy * 255) / 255, y

    (X_train, y_train), (X_test, y_test) = draw(n_train), draw(n_test)
    return Digits(
        X_train,
        X_test=X_test,
        y_train=y_train,
        y_test=y_test,
        train_index=np.arange(n_train),
        test_index=np.arange(n_test) * 7,
    )


def weights_for(bias, seed=0, scale=0.02):
    rng = np.random.default_rng(seed)
    return {
        "W1": rng.normal(0, scale, (784, 5)),
        "b1": np.zeros((1, 5)),
        "W2": rng.normal(0, 1.0, (5, 1)),
        "b2": np.full((1, 1), bias),
    }


def test_nearest_distances_equal_those_of_a_loop():
    d = random_digits()
    own, other = properties.nearest_distances(d.X_test, d.y_test, d.X_train, d.y_train)
    for k, (image, label) in enumerate(zip(d.X_test, d.y_test, strict=True)):
        lengths = np.linalg.norm(d.X_train - image, axis=1)
        assert own[k] == pytest.approx(lengths[d.y_train == label].min(), rel=1e-12)
        assert other[k] == pytest.approx(lengths[d.y_train != label].min(), rel=1e-12)


def test_a_training_image_is_at_distance_zero_from_itself():
    d = random_digits()
    own, _ = properties.nearest_distances(d.X_train, d.y_train, d.X_train, d.y_train)
    assert np.all(own == 0)


def test_distances_need_training_images_of_both_digits():
    d = random_digits()
    with pytest.raises(ValueError, match="expected training images of label 1; got none"):
        properties.nearest_distances(d.X_test, d.y_test, d.X_train, np.zeros(len(d.X_train)))


def test_an_average_image_is_nearest_to_its_own_digit():
    d = random_digits()
    X = np.array([d.X_train[d.y_train == label].mean(axis=0) for label in (0, 1)])
    own, other = properties.average_distances(X, np.array([0.0, 1.0]), d.X_train, d.y_train)
    assert np.all(own < 1e-12)
    assert np.all(other > 1)


def test_a_ratio_with_no_distance_at_all_is_finite():
    zero = np.zeros(1)
    assert properties.ratio(zero, zero) == 1.0
    assert np.isfinite(properties.ratio(np.ones(1), zero))


def test_the_bounds_cut_off_the_unusual_tenth():
    good = np.arange(1000.0)
    for side in ("low", "high", "both"):
        low, high = comparison.bounds(good, side, None)
        assert comparison.is_suspicious(good, low, high).mean() == pytest.approx(0.1, abs=0.002)


def test_strength_is_one_half_for_the_same_values_and_one_for_separate_ones():
    good = np.arange(100.0)
    assert comparison.strength(good, good, "high") == 0.5
    assert comparison.strength(good + 1000, good, "high") == 1.0
    assert comparison.strength(good + 1000, good, "low") == 0.0
    extremes = np.array([-5.0, 500.0])
    assert comparison.strength(extremes, good, "both") == 1.0


def test_strength_equals_the_count_over_all_pairs():
    rng = np.random.default_rng(3)
    bad, good = rng.integers(0, 6, 20).astype(float), rng.integers(0, 6, 50).astype(float)
    pairs = np.sign(bad[:, np.newaxis] - good)
    assert comparison.strength(bad, good, "high") == pytest.approx((pairs.mean() + 1) / 2)


def test_the_p_value_is_the_chance_of_so_many_or_more_suspicious_mistakes():
    value, wrong = np.array([9.0, 9, 0, 0, 0, 0, 0]), np.array([True, True] + [False] * 5)
    found = comparison.compare(value, wrong, "side_ink", 0)
    assert found["count"] == {"mistakes": 2, "correct": 0}
    assert found["p_value"] == pytest.approx(1 / math.comb(7, 2))


@pytest.mark.parametrize(("count", "n"), [(0, 10), (10, 10), (3, 14)])
def test_the_interval_is_wilsons(count, n):
    z, p = 1.959963984540054, count / n
    centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(p * (1 - p) / n + z * z / (4 * n * n))
    assert comparison.interval(count, n) == pytest.approx([centre - half, centre + half], abs=1e-12)
    assert comparison.interval(0, 0) == [0.0, 1.0]


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


def test_mistakes_are_exactly_the_images_on_the_wrong_side_worst_first():
    d = random_digits()
    weights = weights_for(0.1)
    rows, facts = find_mistakes(d, weights)
    g = network_output(d.X_test, weights)
    assert set(rows["row"]) == set(np.flatnonzero((g >= 0.5) != (d.y_test == 1)))
    assert facts["mistakes"] == len(rows["row"]) > 0
    assert np.all(np.diff(rows["margin"]) >= 0)
    assert np.all(rows["margin"] <= 0)
    assert np.array_equal(rows["test_index"], rows["row"] * 7)
    assert np.array_equal(rows["label"], np.where(d.y_test[rows["row"]] == 1, 9, 3))
    assert np.array_equal(rows["predicted"], 12 - rows["label"])
    assert np.array_equal(rows["predicted"] == 9, rows["probability"] >= 0.5)


def perfect_weights(d):
    """One hidden unit that tells the digits of `d` apart, as least squares finds it."""
    X = np.vstack([d.X_train, d.X_test])
    y = np.concatenate([d.y_train, d.y_test])
    w, *_ = np.linalg.lstsq(X, 2 * y, rcond=None)
    return {
        "W1": w[:, np.newaxis],
        "b1": np.zeros((1, 1)),
        "W2": np.full((1, 1), 9.0),
        "b2": np.full((1, 1), -9.0),
    }


def cases():
    d = random_digits()
    only_threes = d._replace(
        X_test=d.X_test[d.y_test == 0],
        y_test=d.y_test[d.y_test == 0],
        test_index=d.test_index[d.y_test == 0],
    )
    return {
        "some of both": (d, weights_for(0.1)),
        "none": (d, perfect_weights(d)),
        "all 3s": (d, weights_for(900.0)),
        "all 9s": (d, weights_for(-900.0)),
        "no 9 in the test set": (only_threes, weights_for(0.1)),
    }


@pytest.mark.parametrize("case", list(cases()))
def test_records_and_figures_are_made_whatever_is_misread(case, tmp_path):
    d, weights = cases()[case]
    rows, facts = find_mistakes(d, weights)
    records.write_csv(tmp_path / "mistakes.csv", rows)
    files.write_json(tmp_path / "mistakes.json", facts)
    rows = records.read_csv(tmp_path / "mistakes.csv")
    facts = files.read_json(tmp_path / "mistakes.json")
    assert len(rows["row"]) == facts["mistakes"]
    groups = mistake_groups(rows, d.X_test)
    figure = Figure(figsize=(6.5, gallery_height(groups, 6.5)), layout="constrained")
    draw_gallery(figure, groups)
    figure.savefig(tmp_path / "gallery.pdf")
    figure = Figure(figsize=(6.5, 3.9), layout="constrained")
    for ax, digit in zip(figure.subplots(1, 2, sharey=True), "39", strict=True):
        draw_evidence(ax, facts, digit)
    figure.savefig(tmp_path / "evidence.pdf")


def test_a_perfect_network_makes_no_mistakes_and_explains_none():
    d = random_digits()
    rows, facts = find_mistakes(d, perfect_weights(d))
    assert facts["mistakes"] == len(rows["row"]) == 0
    for digit in ("3", "9"):
        assert facts["digits"][digit]["explains"] == []
        ink = facts["digits"][digit]["properties"]["ink"]
        assert ink["median"]["mistakes"] is None
        assert (ink["strength"], ink["p_value"]) == (0.5, 1.0)


def test_the_gallery_shows_each_mistake_under_its_digit_with_its_probability():
    d = random_digits()
    rows, _ = find_mistakes(d, weights_for(0.1))
    groups = mistake_groups(rows, d.X_test)
    assert sum(len(group.images) for group in groups) == len(rows["row"])
    first_nine = np.flatnonzero(rows["label"] == 9)[0]
    assert np.array_equal(groups[1].images[0], d.X_test[rows["row"][first_nine]])
    assert groups[1].captions[0] == f"{rows['probability'][first_nine]:.3f}"


def test_a_gallery_of_hundreds_shows_the_worst_and_says_so():
    n = MOST + 10
    rows = {"label": np.full(n, 3), "row": np.arange(n), "probability": np.full(n, 0.9)}
    threes, nines = mistake_groups(rows, np.zeros((n, 784)))
    assert len(threes.images) == MOST
    assert f"{n}, the worst {MOST} shown" in threes.title
    assert len(nines.images) == 0


@pytest.mark.parametrize(
    ("low", "high", "unit", "text"),
    [
        (None, 0.1394, "", "> 0.14"),
        (-18.1, 22.0, "deg", "< \N{MINUS SIGN}18 or > 22\N{DEGREE SIGN}"),
        (1.0, None, "px", "< 1 px"),
        (None, None, "px", ""),
    ],
)
def test_a_rule_reads_as_its_bounds(low, high, unit, text):
    assert rule_text({"low": low, "high": high}, unit) == text
