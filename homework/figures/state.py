"""What a large step size does to a network, drawn on axes that the caller owns."""

from __future__ import annotations

from typing import Any

import numpy.typing as npt


def draw_state(axes: npt.NDArray[Any], series: dict[str, npt.NDArray[Any]]) -> None:
    """Draw what happens to a network: its test loss above, its units and outputs below."""
    above, below = axes
    timestep = series["timestep"]
    above.plot(timestep, series["test_loss"], color="black")
    above.set_ylabel("test loss (nats)")
    for column, label in (
        ("dead_hidden_units", "dead hidden units"),
        ("saturated_outputs", "saturated outputs"),
        ("output_spread", "spread of the outputs"),
    ):
        below.plot(timestep, series[column], label=label)
    below.set_xscale("log")
    below.set_xlim(1, timestep[-1])
    below.set_ylim(-0.03, 1.03)
    below.set_xlabel("timestep (SGD updates, logarithmic)")
    below.set_ylabel("share; largest - smallest")
    below.legend(loc="center right")
