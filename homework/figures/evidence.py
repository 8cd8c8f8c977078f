"""What misread images have in common, drawn on axes that the caller owns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes


def draw_evidence(ax: Axes, facts: Mapping[str, Any], digit: str) -> None:
    """Draw how often misread and correctly read images of a digit, "3" or "9", show each property.

    `facts` are those of `mistakes.find_mistakes`.
    """
    of_digit = facts["digits"][digit]
    names = facts["order"]
    properties = [of_digit["properties"][name] for name in names]
    place = np.arange(len(names), dtype=np.float64)
    for group, shift, label, color, hatch in (
        ("mistakes", -0.2, "misread", "C1", "/////"),
        ("correct", 0.2, "correctly read", "white", ""),
    ):
        if of_digit[group] == 0:
            continue
        rate = np.array([compared["rate"][group] for compared in properties])
        low, high = np.array([compared["interval"][group] for compared in properties]).T
        ax.barh(
            place + shift,
            rate,
            height=0.38,
            edgecolor="black",
            linewidth=0.5,
            label=f"{label} test images ({of_digit[group]})",
            facecolor=color,
            hatch=hatch,
        )
        error = np.maximum([rate - low, high - rate], 0.0)
        ax.errorbar(
            rate, place + shift, xerr=error, fmt="none", ecolor="black", elinewidth=0.6, capsize=1.5
        )
    again = of_digit["training"]
    if again["mistakes"]:
        seen = [at for at, name in enumerate(names) if name in again["properties"]]
        ax.plot(
            [again["properties"][names[at]]["rate"] for at in seen],
            place[seen] - 0.2,
            marker="D",
            markersize=3,
            linestyle="none",
            markerfacecolor="white",
            markeredgecolor="black",
            label=f"misread training images ({again['mistakes']})",
        )
    beside = ax.get_yaxis_transform()
    for at, name, compared in zip(place, names, properties, strict=True):
        rule = rule_text(compared, facts["units"][name])
        ax.text(1.03, at, rule, transform=beside, va="center")
    ax.set_yticks(place, [facts["labels"][name] for name in names])
    ax.set_ylim(len(names) - 0.4, -0.6)
    ax.set_xlim(0.0, 1.0)
    ax.grid(visible=False, axis="y")
    ax.set_xlabel("share of images that show it")
    ax.set_title(f"{digit}s: {of_digit['mistakes']} of {of_digit['images']} misread", loc="left")
    if ax.get_legend_handles_labels()[0]:
        ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.17))


def rule_text(compared: Mapping[str, Any], unit: str) -> str:
    """Say in short which values are suspicious, such as "> 0.14" or "< 1.8 or > 3.5 px"."""
    parts = [
        f"${sign}$ ${compared[side]:.2g}$"
        for side, sign in (("low", "<"), ("high", ">"))
        if compared[side] is not None
    ]
    text = " or ".join(parts)
    return text + (r"$^\circ$" if unit == "deg" else f" {unit}".rstrip()) if parts else ""
