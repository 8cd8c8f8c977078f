"""Backpropagation against finite differences, on the toy network: questions (a), (c) and (d)."""

from __future__ import annotations

from collections.abc import Callable
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt

from homework.toy import Toy
from nn.activations import relu_activation, sigmoid_activation
from nn.arrays import FloatArray
from nn.gradients import EPSILON, compare_gradients, my_nn_finite_difference_checker
from nn.losses import logistic_loss
from nn.network import LayerCache, backward_pass, forward_pass
from provenance.errors import Failure

#: Of each layer the gradient of the weights, and of each layer that of the biases.
Gradients = tuple[list[FloatArray], list[FloatArray]]

#: Largest ||analytic - numeric|| / max(||analytic||, ||numeric||) of an array that passes. Central
#: differences with epsilon = 1e-5 are exact to about 1e-10; a wrong formula is off by far more.
TOLERANCE = 1e-6
#: Steps with which the finite differences are tried: half powers of ten around the chosen one.
STEPS = [EPSILON * 10 ** (k / 2) for k in range(-14, 9)]


def check_gradients(toy: Toy) -> dict[str, Any]:
    """Compute the toy network's gradients in both ways and compare them.

    Returns per parameter array both gradients and their differences, both printouts of the handout
    and the losses; Failure if an array differs by more than `TOLERANCE`.
    """
    activations = [relu_activation] * (len(toy.weight_matrices) - 1) + [sigmoid_activation]
    network = toy.weight_matrices, toy.biases, activations

    def numeric_gradients(epsilon: float) -> Gradients:
        X_batch, y_batch = toy.X_batch, toy.y_batch
        return my_nn_finite_difference_checker(X_batch, y_batch, *network, epsilon=epsilon)

    numeric = numeric_gradients(EPSILON)
    output, layer_caches = forward_pass(toy.X_batch, *network)
    loss, dL_dg = logistic_loss(output, toy.y_batch)
    analytic = backward_pass(dL_dg, layer_caches)

    arrays: list[dict[str, Any]] = []
    for kind, analytics, numerics in zip("Wb", analytic, numeric, strict=True):
        for layer, (a, n) in enumerate(zip(analytics, numerics, strict=True), start=1):
            array = {"array": f"{kind}{layer}", "backpropagation": a, "finite_difference": n}
            arrays.append(array | compare_gradients(a, n)._asdict())
    _refuse_wrong(arrays)
    hidden = [c.x @ W + b for c, W, b in zip(layer_caches, *network[:2], strict=True)][:-1]
    return {
        "activations": [f.__name__ for f in activations],
        "arrays": arrays,
        "largest_absolute": max(a["absolute"] for a in arrays),
        "largest_relative": max(a["norm_relative"] for a in arrays),
        "tolerance": TOLERANCE,
        "epsilon": EPSILON,
        "finite_difference_printout": printout(*numeric),
        "backpropagation_printout": printout(*analytic),
        "mean_loss": float(loss.mean()),
        "labels": toy.y_batch,
        "losses": loss,
        "outputs": output,
        "cache": LayerCache._fields,
        "steps": try_steps(analytic, numeric_gradients),
        "smallest_pre_activation": min((float(np.abs(s).min()) for s in hidden), default=None),
    }


def try_steps(
    analytic: Gradients, numeric_gradients: Callable[[float], Gradients]
) -> dict[str, Any]:
    """Measure for each of `STEPS` how far finite differences are from backpropagation."""
    tried = []
    for epsilon in STEPS:
        numeric = numeric_gradients(epsilon)
        pairs = zip(chain(*analytic), chain(*numeric), strict=True)
        absolute = max(compare_gradients(a, n).absolute for a, n in pairs)
        tried.append({"epsilon": epsilon, "absolute": absolute})
    chosen = STEPS.index(EPSILON)
    return {
        "tried": tried,
        "number": len(tried),
        "chosen": tried[chosen],
        "best": min(tried, key=lambda step: step["absolute"]),
        "hundredth": tried[chosen - 4],
        "hundredfold": tried[chosen + 4],
    }


def _refuse_wrong(arrays: list[dict[str, Any]]) -> None:
    """Stop the build at a gradient that finite differences do not confirm."""
    for array in arrays:
        # Written so that NaN fails as well.
        if not array["norm_relative"] <= TOLERANCE:
            raise Failure(
                f"The gradient of {array['array']} is wrong: expected a relative difference of at "
                f"most {TOLERANCE:g} from finite differences; got {array['norm_relative']:.3g}. "
                f"At {array['position']} backpropagation says {array['analytic']!r}, finite "
                f"differences say {array['numeric']!r}.",
                "Correct nn/network.py (or the derivative in nn/activations.py or nn/losses.py); "
                "nothing is trained with a wrong gradient.",
            )


def printout(
    grad_Ws: list[npt.NDArray[Any]], grad_bs: list[npt.NDArray[Any]], precision: int = 2
) -> str:
    """Print gradients as the handout does: weights, then biases, an empty line between arrays."""
    with np.printoptions(precision=precision):
        return "\n\n".join(str(gradient) for gradient in [*grad_Ws, *grad_bs])
