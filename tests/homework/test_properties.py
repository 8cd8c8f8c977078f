"""Properties of digits, measured on images whose properties are known."""

from __future__ import annotations

import numpy as np
import pytest

from homework.properties import (
    FARTHEST_GROWTH,
    PROPERTIES,
    average_distances,
    find_regions,
    measure,
    measure_test,
    measure_training,
    nearest_distances,
    ratio,
)
from tests.homework.drawings import COLUMN, ROW, bar, flat, random_digits, ring


def square_nine(gap):
    """A square loop whose right side is open over `gap` rows, on a long stem."""
    image = np.zeros((28, 28))
    image[2:13, 8:19] = 1.0
    image[3:12, 9:18] = 0.0
    image[13:26, 18] = 1.0
    image[5 : 5 + gap, 18] = 0.0
    return image


def test_each_image_of_a_stack_has_its_own_holes():
    two_rings = np.maximum(ring(7, 13, 4), ring(20, 13, 4))
    images = flat(ring(13, 13, 6), two_rings, bar(), bar(3), ring(13, 13, 6))
    assert measure(images)["holes"].tolist() == [1, 2, 0, 0, 1]


def test_ink_at_the_border_does_not_enclose_the_paper_beside_it():
    frameless = np.zeros((28, 28))
    frameless[10, :14] = frameless[10:20, 14] = frameless[20, :14] = 1.0
    assert measure(flat(frameless))["holes"] == 0


def test_the_ink_must_grow_by_half_the_opening_to_close_a_loop():
    measured = measure(flat(*[square_nine(gap) for gap in (0, 2, 4, 6)]))
    assert measured["loop_gap"].tolist() == [0, 1, 2, 3]
    assert measured["holes"].tolist() == [1, 0, 0, 0]


def test_a_bar_has_no_loop_to_close():
    assert measure(flat(bar()))["loop_gap"] == FARTHEST_GROWTH + 1


def test_a_hole_below_the_middle_is_not_the_upper_loop():
    measured = measure(flat(np.maximum(ring(20, 13, 4), bar() * (ROW < 18))))
    assert measured["holes"] == 1
    assert measured["loop_gap"] > 0


def test_a_leaning_bar_has_its_angle_as_slant():
    angles = [-30.0, -10.0, 0.0, 10.0, 30.0]
    slants = measure(flat(*map(bar, angles)))["slant"]
    np.testing.assert_allclose(slants, angles, rtol=0, atol=1.5)


def test_a_long_bar_has_its_width_as_stroke_width():
    widths = np.array([2.0, 3.0, 4.0, 5.0])
    measured = measure(flat(*[bar(width=width) for width in widths]))["stroke_width"]
    # The outline includes the bar's ends: 2 L w / (2 L + 2 w).
    np.testing.assert_allclose(measured, 18.0 * widths / (18.0 + widths), rtol=0.06)


def test_stroke_width_does_not_depend_on_direction():
    assert np.ptp(measure(flat(*map(bar, (0, 20, 45, 70, 90))))["stroke_width"]) < 0.15


def test_ink_is_the_mean_grey_level():
    assert measure(flat(ROW < 14))["ink"] == 0.5


def test_a_bow_at_the_lower_left_counts_as_foot_ink_and_one_at_the_upper_left_as_side_ink():
    low, high = (np.maximum(bar(), ring(row, 10, 4) * (COLUMN < 12)) for row in (18, 9))
    measured = measure(flat(bar(), low, high))
    assert measured["foot_ink"].argmax() == 1
    assert measured["side_ink"].argmax() == 2


def test_empty_and_full_images_are_measured_without_warnings():
    measured = measure(flat(np.zeros((28, 28)), np.ones((28, 28)), COLUMN == 0))
    assert all(np.isfinite(value).all() for value in measured.values())


def test_measuring_leaves_the_images_as_they_are():
    images = flat(ring(13, 13, 6))
    before = images.copy()
    measure(images)
    assert np.array_equal(images, before)


def test_nearest_distances_equal_those_of_a_loop():
    d = random_digits()
    own, other = nearest_distances(d.X_test, d.y_test, d.X_train, d.y_train)
    for k, (image, label) in enumerate(zip(d.X_test, d.y_test, strict=True)):
        lengths = np.linalg.norm(d.X_train - image, axis=1)
        assert own[k] == pytest.approx(lengths[d.y_train == label].min(), rel=1e-12)
        assert other[k] == pytest.approx(lengths[d.y_train != label].min(), rel=1e-12)


def test_a_training_image_is_at_distance_zero_from_itself():
    d = random_digits()
    own, _ = nearest_distances(d.X_train, d.y_train, d.X_train, d.y_train)
    assert np.all(own == 0)


def test_no_training_image_is_its_own_neighbour():
    d = random_digits()
    rows = np.array([3, 11, 20])
    measured = measure_training(d, rows)["own_distance"]
    for k, distance in zip(rows, measured, strict=True):
        others = (d.y_train == d.y_train[k]) & (np.arange(len(d.X_train)) != k)
        lengths = np.linalg.norm(d.X_train[others] - d.X_train[k], axis=1)
        assert distance == pytest.approx(lengths.min(), rel=1e-12)


def test_every_property_is_measured_of_test_and_of_training_images():
    d = random_digits()
    for measured, n in ((measure_test(d), len(d.X_test)), (measure_training(d, np.arange(5)), 5)):
        assert list(measured) == list(PROPERTIES)
        assert all(value.shape == (n,) for value in measured.values())
    none = measure_training(d, np.arange(0))
    assert all(value.shape == (0,) for value in none.values())


def test_a_region_and_its_mirror_image_lie_on_both_sides_of_an_upright_axis():
    regions = find_regions(flat(np.maximum(bar(), ring(13, 13.5, 8))) * 255)
    for name in ("side", "foot"):
        here, there = getattr(regions, name), getattr(regions, f"{name}_mirrored")
        assert here.any() and not (here & there).any()
        mirrored = np.fliplr(here.reshape(28, 28))
        assert np.array_equal(mirrored, there.reshape(28, 28))


def test_the_letters_of_the_properties_differ():
    assert len({one.letter for one in PROPERTIES.values()}) == len(PROPERTIES)


@pytest.mark.parametrize("distances", [nearest_distances, average_distances])
def test_distances_need_training_images_of_both_digits(distances):
    d = random_digits()
    with pytest.raises(ValueError, match="expected training images of label 1; got none"):
        distances(d.X_test, d.y_test, d.X_train, np.zeros(len(d.X_train)))


def test_an_average_image_is_nearest_to_its_own_digit():
    d = random_digits()
    averages = np.array([d.X_train[d.y_train == label].mean(axis=0) for label in (0, 1)])
    own, other = average_distances(averages, np.array([0.0, 1.0]), d.X_train, d.y_train)
    assert np.all(own < 1e-12)
    assert np.all(other > 1)


def test_a_ratio_with_no_distance_at_all_is_finite():
    zero = np.zeros(1)
    assert ratio(zero, zero) == 1.0
    assert np.isfinite(ratio(np.ones(1), zero))
