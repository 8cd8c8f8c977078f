"""The gallery of mistakes and the figure of what they have in common."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.figure import Figure

from homework.figures.evidence import draw_evidence, rule_text
from homework.figures.gallery import MOST, draw_gallery, gallery_height, mistake_groups
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
    names = [tick.get_text() for tick in evidence.axes[0].get_yticklabels()]
    assert names == [facts["labels"][name] for name in facts["order"]]
    evidence.savefig(tmp_path / "evidence.pdf")


def test_the_gallery_shows_each_mistake_under_its_digit_with_its_probability():
    d = random_digits()
    rows, _ = mistakes_of(d, careless_weights(0.1))
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
        (None, 0.1394, "", "$>$ $0.14$"),
        (-18.1, 22.0, "deg", r"$<$ $-18$ or $>$ $22$$^\circ$"),
        (1.0, None, "px", "$<$ $1$ px"),
        (None, None, "px", ""),
    ],
)
def test_a_rule_reads_as_its_bounds(low, high, unit, text):
    assert rule_text({"low": low, "high": high}, unit) == text
