"""The error of finite differences, drawn on axes that the caller owns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from matplotlib.axes import Axes


def draw_steps(ax: Axes, steps: Mapping[str, Any], kink: float | None) -> None:
    """Draw the largest difference from backpropagation against epsilon, the chosen one marked.

    From `kink` on a step can carry a unit over the kink of ReLU; None if there is no such unit.
    """
    epsilon = np.array([step["epsilon"] for step in steps["tried"]])
    difference = np.array([step["absolute"] for step in steps["tried"]])
    for power, name, through, label in (
        (2, "hundredfold", epsilon >= steps["chosen"]["epsilon"], r"$\propto\epsilon^2$"),
        (-1, "hundredth", epsilon <= steps["chosen"]["epsilon"], r"$\propto 1/\epsilon$"),
    ):
        fixed = steps[name]
        guide = fixed["absolute"] * (epsilon[through] / fixed["epsilon"]) ** power
        ax.plot(epsilon[through], guide, color="0.6", linestyle=":", label=label)
    ax.plot(epsilon, difference, "k.-", label="measured")
    chosen = steps["chosen"]
    ax.plot(chosen["epsilon"], chosen["absolute"], "C1D", linestyle="none", label="chosen")
    if kink is not None:
        ax.axvline(kink, color="C0", linestyle="--", label="kink of ReLU")
    ax.set_xscale("log")
    ax.set_yscale("log")
    ax.set_xlabel(r"$\epsilon$")
    ax.set_ylabel("largest difference")
    ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5))
