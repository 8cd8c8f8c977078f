"""What misread images have in common, drawn on axes that the caller owns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure


def draw_evidence(ax: Axes, facts: Mapping[str, Any], digit: str) -> None:
    """Draw how often misread and correctly read images of a digit, "3" or "9", show each property.

    `facts` are those of `mistakes.find_mistakes`.
    """
    of_digit, names = facts["digits"][digit], facts["order"]
    compared = [of_digit["properties"][name] for name in names]
    place = np.arange(len(names), dtype=np.float64)
    for group, shift, label, marker, color in (
        ("correct", 0.22, "correctly read test images", "|", "black"),
        ("mistakes", 0.0, "misread test images", "o", "C0"),
    ):
        if of_digit[group]:
            intervals = np.array([one["interval"][group] for one in compared]).T
            ax.hlines(place + shift, *intervals, color=color, linewidth=0.8)
            rates = [one["rate"][group] for one in compared]
            ax.plot(rates, place + shift, marker, color=color, markersize=4, label=label)
    training = of_digit["training"]
    if training["mistakes"]:
        ax.plot(
            [training["properties"][name]["rate"] for name in names],
            place - 0.22,
            linestyle="none",
            marker="D",
            markersize=3.5,
            markerfacecolor="white",
            markeredgecolor="C1",
            label="misread training images",
        )
    ax.set_yticks(place, [f"{facts['labels'][name]}  {facts['letters'][name]}" for name in names])
    ax.set_ylim(len(names) - 0.4, -0.6)
    ax.set_xlim(-0.02, 1.02)
    ax.set_xlabel("share of images with a suspicious value")
    ax.set_title(f"{digit}s: {of_digit['mistakes']} of {of_digit['images']} misread", loc="left")


def draw_key(figure: Figure) -> None:
    """Say once for all panels what the marks are; one may have none, where nothing is misread."""
    marks: dict[str, Artist] = {}
    for ax in figure.axes:
        handles, labels = ax.get_legend_handles_labels()
        marks |= dict(zip(labels, handles, strict=True))
    if marks:
        figure.legend(list(marks.values()), list(marks), loc="outside lower center", ncols=3)
