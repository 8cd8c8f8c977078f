"""The gallery of mistakes and the figure of what they have in common."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.figure import Figure

from homework.figures.evidence import draw_evidence, draw_key
from homework.figures.gallery import MOST, draw_gallery, gallery_height, mistake_groups
from homework.figures.templates import draw_templates, edges
from homework.linear import templates, train_linear
from tests.homework.drawings import careless_weights, cases, mistakes_of, random_digits


@pytest.mark.parametrize("case", cases())
def test_both_figures_are_drawn_whatever_is_misread(case, tmp_path):
    d, weights = cases()[case]
    rows, facts = mistakes_of(d, weights)
    groups = mistake_groups(rows, d.X_test)
    gallery = Figure(figsize=(6.5, gallery_height(groups, 6.5)), layout="constrained")
    draw_gallery(gallery, groups)
    gallery.savefig(tmp_path / "gallery.pdf")
    evidence = Figure(figsize=(6.5, 3.9), layout="constrained")
    for ax, digit in zip(evidence.subplots(1, 2, sharey=True), "39", strict=True):
        draw_evidence(ax, facts, digit)
        of_digit = facts["digits"][digit]
        title = f"{digit}s: {of_digit['mistakes']} of {of_digit['images']} misread"
        assert ax.get_title("left") == title
    draw_key(evidence)
    keys = [text.get_text() for text in evidence.legends[0].get_texts()]
    assert len(keys) == len(set(keys)) <= 3
    names = [tick.get_text() for tick in evidence.axes[0].get_yticklabels()]
    expected = [f"{facts['labels'][name]}  {facts['letters'][name]}" for name in facts["order"]]
    assert names == expected
    evidence.savefig(tmp_path / "evidence.pdf")


def test_the_gallery_shows_each_mistake_under_its_digit_with_what_is_known_of_it():
    d = random_digits()
    rows, _ = mistakes_of(d, careless_weights(0.1))
    groups = mistake_groups(rows, d.X_test)
    assert sum(len(group.images) for group in groups) == len(rows["row"])
    first_nine = np.flatnonzero(rows["label"] == 9)[0]
    assert np.array_equal(groups[1].images[0], d.X_test[rows["row"][first_nine]])
    index, g, letters = (
        rows[name][first_nine] for name in ("test_index", "probability", "suspicious")
    )
    assert groups[1].captions[0] == f"{index}  {g:.3f}\n{letters}"


def test_a_gallery_of_hundreds_shows_the_worst_and_says_so():
    n = MOST + 10
    rows = {"label": np.full(n, 3), "row": np.arange(n), "probability": np.full(n, 1 - 1e-9)}
    rows |= {"test_index": np.arange(n), "suspicious": np.full(n, "U")}
    threes, nines = mistake_groups(rows, np.zeros((n, 784)))
    assert len(threes.images) == MOST
    assert f"{n}, the worst {MOST} shown" in threes.title
    assert threes.captions[0] == "0  >0.999\nU"
    assert len(nines.images) == 0


def test_each_misread_image_is_drawn_with_its_own_pixels():
    d = random_digits()
    rows, _ = mistakes_of(d, careless_weights(0.1))
    groups = mistake_groups(rows, d.X_test)
    gallery = Figure(figsize=(6.5, 3.0))
    draw_gallery(gallery, groups)
    for ax, group in zip(gallery.axes, groups, strict=True):
        drawn = [np.asarray(image.get_array()).ravel() for image in ax.get_images()]
        assert np.array_equal(np.array(drawn).reshape(-1, 784), group.images)


def test_a_region_is_outlined_by_the_sides_of_its_pixels():
    region = np.zeros((28, 28), bool)
    region[3, 5] = region[3, 6] = True
    found = {frozenset((float(x), float(y)) for x, y in line) for line in edges(region)}
    across = {((x, y), (x + 1, y)) for x in (4.5, 5.5) for y in (2.5, 3.5)}
    down = {((x, 2.5), (x, 3.5)) for x in (4.5, 6.5)}
    assert found == {frozenset(line) for line in across | down}


def test_the_templates_are_drawn_beside_the_average_digits():
    d, weights = random_digits(), careless_weights(0.1)
    linear = train_linear(d, step_size=0.1, batch_size=10, epochs=1, seed=0)
    drawn = templates(d, weights, linear)
    axes = Figure(figsize=(6.5, 1.9)).subplots(1, 4)
    draw_templates(axes, drawn)
    for label in (0, 1):
        shown = axes[label].get_images()[0].get_array()
        assert np.array_equal(shown.ravel(), drawn["average"][label])
    for ax in axes[2:]:
        low, high = ax.get_images()[0].get_clim()
        assert low == -high < 0
