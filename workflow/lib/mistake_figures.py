"""The misread images and what they have in common, drawn on figures that the caller owns."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

SIDE = 28
#: Images in a row of the gallery, and the most that it shows of a digit.
COLUMNS = 12
MOST = 48
#: Room around an image and below it for its caption, in pixels of the images.
GAP = 4
CAPTION = 10


class Group(NamedTuple):
    """Images under a common heading.

    Attributes
    ----------
    title : str
        The heading.
    images : ndarray of shape (n, 784)
        Ink from 0 to 1.
    captions : sequence of str
        What stands below each image.
    """

    title: str
    images: npt.NDArray[np.float64]
    captions: Sequence[str]


def mistake_groups(
    mistakes: Mapping[str, npt.NDArray[Any]], X_test: npt.NDArray[np.float64]
) -> list[Group]:
    """Sort the misread images by digit, the worst first, with their probabilities as captions.

    Parameters
    ----------
    mistakes : mapping of str to ndarray
        The record of the mistakes.
    X_test : ndarray of shape (m, 784)
        All test images.

    Returns
    -------
    list of Group
        For 3s read as 9s, then for 9s read as 3s.
    """
    groups = []
    for digit, other in ((3, 9), (9, 3)):
        chosen = np.flatnonzero(mistakes["label"] == digit)
        shown = chosen[:MOST]
        number = f"{len(chosen)}" + (f", the worst {MOST} shown" if len(chosen) > MOST else "")
        title = f"{digit}s read as {other}s ({number})"
        if len(chosen):
            title += "; below each the probability of being a 9"
        captions = [f"{g:.3f}" for g in mistakes["probability"][shown]]
        rows = mistakes["row"][shown].astype(np.int64)
        groups.append(Group(title, X_test[rows], captions))
    return groups


def gallery_height(groups: Sequence[Group], width: float) -> float:
    """Return the height in inches of a gallery that is `width` inches wide."""
    pixel = width / _sheet_width()
    return float(
        sum(_weight(group) for group in groups) * (SIDE + CAPTION) * pixel + 0.3 * len(groups)
    )


def draw_gallery(figure: Figure, groups: Sequence[Group]) -> None:
    """Draw groups of small images below each other, each with its caption.

    Parameters
    ----------
    figure : Figure
        An empty figure, about `gallery_height` high.
    groups : sequence of Group
        What to show. A group without images is drawn as its heading alone.
    """
    heights = [_weight(group) for group in groups]
    axes = figure.subplots(len(groups), 1, squeeze=False, gridspec_kw={"height_ratios": heights})
    for ax, group in zip(axes[:, 0], groups, strict=True):
        draw_images(ax, group)


def draw_images(ax: Axes, group: Group) -> None:
    """Draw the images of a group as one picture, so that many cost no more than one.

    Parameters
    ----------
    ax : Axes
        Where to draw.
    group : Group
        What to show.
    """
    ax.set_title(group.title, loc="left")
    ax.set_axis_off()
    line_height = SIDE + CAPTION
    sheet = np.zeros((max(_lines(group) * line_height, 1), _sheet_width()))
    for number, (image, caption) in enumerate(zip(group.images, group.captions, strict=True)):
        line, column = divmod(number, COLUMNS)
        top, left = line * line_height, column * (SIDE + GAP)
        sheet[top : top + SIDE, left : left + SIDE] = image.reshape(SIDE, SIDE)
        ax.text(
            left + SIDE / 2 - 0.5,
            top + SIDE + 1,
            caption,
            ha="center",
            va="top",
            fontsize="x-small",
        )
    if len(group.images):
        ax.imshow(sheet, vmin=0.0, vmax=1.0)


def _lines(group: Group) -> int:
    """Return how many lines of images a group takes."""
    return math.ceil(len(group.images) / COLUMNS)


def _weight(group: Group) -> float:
    """Return a group's share of the height, in lines; a heading alone needs a little too."""
    return max(_lines(group), 0.5)


def _sheet_width() -> int:
    """Return the width of a full line in pixels of the images."""
    return COLUMNS * (SIDE + GAP) - GAP


def draw_evidence(ax: Axes, facts: Mapping[str, Any], digit: str) -> None:
    """Draw how often mistakes and correctly read images of a digit show each property.

    Parameters
    ----------
    ax : Axes
        Where to draw.
    facts : mapping
        What `mistakes.find_mistakes` returned.
    digit : str
        "3" or "9".
    """
    of_digit = facts["digits"][digit]
    names = facts["order"]
    place = np.arange(len(names), dtype=np.float64)
    for group, shift, label, color, hatch in (
        ("mistakes", -0.2, "misread", "C1", "/////"),
        ("correct", 0.2, "correctly read", "white", ""),
    ):
        compared = [of_digit["properties"][name] for name in names]
        rate = np.array([one["rate"][group] for one in compared])
        low, high = np.array([one["interval"][group] for one in compared]).T
        if of_digit[group] == 0:
            continue
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
        ax.errorbar(
            rate,
            place + shift,
            xerr=np.maximum([rate - low, high - rate], 0.0),
            fmt="none",
            ecolor="black",
            elinewidth=0.6,
            capsize=1.5,
        )
    again = of_digit["training"]
    if again["mistakes"]:
        ax.plot(
            [one["rate"] for one in map(again["properties"].get, names) if one],
            [
                at - 0.2
                for at, name in zip(place, names, strict=True)
                if name in again["properties"]
            ],
            marker="D",
            markersize=3,
            linestyle="none",
            markerfacecolor="white",
            markeredgecolor="black",
            label=f"misread training images ({again['mistakes']})",
        )
    for position, name in zip(place, names, strict=True):
        rule = rule_text(of_digit["properties"][name], facts["units"][name])
        ax.text(
            1.03,
            position,
            rule,
            transform=ax.get_yaxis_transform(),
            va="center",
            fontsize="x-small",
        )
    ax.set_yticks(place, [facts["labels"][name] for name in names])
    ax.set_ylim(len(names) - 0.4, -0.6)
    ax.set_xlim(0.0, 1.0)
    ax.grid(visible=False, axis="y")
    ax.set_xlabel("share of images that show it")
    ax.set_title(f"{digit}s: {of_digit['mistakes']} of {of_digit['images']} misread", loc="left")
    if ax.get_legend_handles_labels()[0]:
        ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.14))


def rule_text(compared: Mapping[str, Any], unit: str) -> str:
    """Say in short which values are suspicious, such as "> 0.14" or "< 1.8 or > 3.5 px"."""
    parts = [
        f"{sign} {compared[side]:.2g}"
        for side, sign in (("low", "<"), ("high", ">"))
        if compared[side] is not None
    ]
    text = " or ".join(parts).replace("-", "\N{MINUS SIGN}")
    return text + ("\N{DEGREE SIGN}" if unit == "deg" else f" {unit}".rstrip()) if parts else ""
