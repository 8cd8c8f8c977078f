"""A look at the data: some images of each digit."""

from __future__ import annotations

from typing import Any

import numpy.typing as npt

from nn.digits import display_image


def draw_samples(axes: npt.NDArray[Any], images: list[npt.NDArray[Any]], digits: str) -> None:
    """Draw one row of images per digit."""
    for row, rows_images, digit in zip(axes, images, digits, strict=True):
        for ax, image in zip(row, rows_images, strict=False):
            display_image(image, ax)
        # An image's axes are off, and their labels with them.
        row[0].text(
            -0.15, 0.5, digit, transform=row[0].transAxes, ha="right", va="center", fontsize="large"
        )
