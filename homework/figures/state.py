"""What a large step size does to a network, drawn on axes that the caller owns."""

from __future__ import annotations

from typing import Any

import numpy.typing as npt

#: Each quantity, on axes of its own: its columns in the series and what they are called there.
QUANTITIES = {
    "test loss (nats)": {"test_loss": ""},
    "dead units": {
        "dead_on_training": "zero for all training images",
        "dead_hidden_units": "zero for all test images",
    },
    "outputs at\nthe bounds": {"saturated_outputs": ""},
    "spread of\noutputs": {"output_spread": ""},
}


def draw_state(axes: npt.NDArray[Any], series: dict[str, npt.NDArray[Any]]) -> None:
    """Draw what happens to a network, one quantity below the other: loss, units, outputs."""
    timestep = series["timestep"]
    for ax, (quantity, columns) in zip(axes, QUANTITIES.items(), strict=True):
        for column, label in columns.items():
            ax.plot(timestep, series[column], label=label)
        ax.set_ylabel(quantity)
        if len(columns) > 1:
            ax.legend(loc="lower right")
        if quantity != "test loss (nats)":
            ax.set_ylim(-0.05, 1.05)
    axes[-1].set_xscale("log")
    axes[-1].set_xlim(1, timestep[-1])
    axes[-1].set_xlabel("timestep (SGD updates, logarithmic)")
