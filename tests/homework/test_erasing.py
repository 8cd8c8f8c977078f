"""Erasing: what is gone is what was to go, and the readings are counted."""

from __future__ import annotations

import numpy as np
import pytest

from homework.erasing import erase, without_patches
from homework.properties import find_regions
from tests.homework.drawings import COLUMN, bar, flat, ring


def nines(n):
    """Bars of several widths with a bow at the lower left, as a misread 9 has."""
    return flat(*[np.maximum(bar(width=2 + k), ring(18, 10, 4) * (COLUMN < 12)) for k in range(n)])


def test_without_the_named_region_an_image_is_read_by_the_rest():
    images = nines(3)

    def foot_is_a_three(X):
        return np.where((X * find_regions(images[:1] * 255).foot).sum(axis=1) > 1, 0.1, 0.9)

    facts = erase(images[:1], 1, foot_is_a_three)
    assert facts["misread"] == 1
    assert facts["read"]["named"] == 1.0
    assert facts["read"]["mirrored"] == 0.0
    assert facts["read"]["elsewhere"] == 0.0


@pytest.mark.parametrize(("label", "right"), [(0, 0.0), (1, 1.0)])
def test_a_reader_that_always_says_9_is_right_of_9s_and_wrong_of_3s(label, right):
    facts = erase(nines(4), label, lambda X: np.full(len(X), 0.9))
    assert facts["misread"] == 4
    assert set(facts["read"].values()) == {right}


def test_the_share_of_ink_erased_is_that_of_the_region():
    images = nines(2)
    region = find_regions(np.rint(images * 255)).foot
    share = (images * region).sum(axis=1) / images.sum(axis=1)
    facts = erase(images, 1, lambda X: np.full(len(X), 0.9))
    assert facts["ink"]["named"] == pytest.approx(share.mean(), abs=0.01)


def test_a_patch_holds_as_much_ink_as_the_region_and_lies_around_its_point():
    levels = np.rint(ring(13, 13, 8) * 255).ravel()
    region = (COLUMN < 8).ravel()
    points = np.flatnonzero((levels > 127.5) & ~region)
    images = without_patches(levels, region)
    assert len(images) == len(points)
    for point, image in zip(points, images, strict=True):
        gone = levels - image
        assert np.all(gone[region] == 0)
        assert image[point] == 0
        # The last pixel goes whole.
        assert 0 <= gone.sum() - levels[region].sum() < 255
        row, column = np.divmod(np.flatnonzero(gone), 28)
        kept_row, kept_column = np.divmod(np.flatnonzero((image > 0) & ~region), 28)
        farthest = np.hypot(row - point // 28, column - point % 28).max()
        assert farthest <= np.hypot(kept_row - point // 28, kept_column - point % 28).min()


def test_of_no_misread_image_nothing_is_told():
    facts = erase(np.zeros((0, 784)), 0, lambda X: X[:, 0])
    assert facts["misread"] == 0
    assert set(facts["read"].values()) == {None}


def test_an_image_without_ink_is_read_as_it_is():
    facts = erase(np.zeros((1, 784)), 1, lambda X: np.full(len(X), 0.9))
    assert set(facts["read"].values()) == {1.0}
