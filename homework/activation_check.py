"""What the activation functions return where the handout asks: question (b)."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import numpy.typing as npt

from nn.activations import clip_margin, sigmoid_activation


def check_activations() -> dict[str, Any]:
    """Evaluate the sigmoid at the handout's inputs, and the formula as written beside it."""
    moderate, extreme = np.asarray([1.0, 0.0, -1.0]), np.asarray([-1000, 1000])
    return {
        "moderate": _evaluate(moderate),
        "extreme": _evaluate(extreme),
        "naive": [
            {"input": int(s), "warnings": warnings_of(naive_sigmoid, np.array([float(s)]))}
            for s in extreme
        ],
        "clip_margin": float(clip_margin(np.float64)),
        "everywhere": _everywhere(),
    }


def _everywhere() -> dict[str, Any]:
    """Look at what the sigmoid returns over all that a float64 can be, and at its logarithms."""
    largest = float(np.finfo(np.float64).max)
    sizes = np.concatenate([np.linspace(0.01, 64.0, 6400), 2.0 ** np.arange(7, 1024), [largest]])
    s = np.concatenate([-sizes, [0.0], sizes])
    out, _ = sigmoid_activation(s)
    return {
        "inputs": len(s),
        "largest_input": largest,
        "least": float(out.min()),
        "most": float(out.max()),
        "largest_logarithm": float(np.abs(np.log([out, 1 - out])).max()),
        "warnings": warnings_of(sigmoid_activation, s),
    }


def naive_sigmoid(s: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Sigmoid as its formula stands, for showing where that fails."""
    return 1 / (1 + np.exp(-s))


def warnings_of(function: Any, s: npt.NDArray[Any]) -> list[str]:
    """List the floating-point warnings, underflow among them, that a call raises."""
    with warnings.catch_warnings(record=True) as caught, np.errstate(all="warn"):
        warnings.simplefilter("always")
        function(s)
    return [str(warning.message) for warning in caught]


def _evaluate(s: npt.NDArray[Any]) -> dict[str, Any]:
    """Record the sigmoid at `s`."""
    out, dout_ds = sigmoid_activation(s)
    return {
        "input": s,
        "out": out,
        "derivative": dout_ds,
        "printout": f"{out}\n{dout_ds}",
        "warnings": warnings_of(sigmoid_activation, s),
    }
