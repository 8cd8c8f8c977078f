"""Backpropagation against finite differences, on the toy network: questions (a), (c) and (d)."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from homework.toy import Toy
from nn.activations import relu_activation, sigmoid_activation
from nn.gradients import EPSILON, compare_gradients, my_nn_finite_difference_checker
from nn.losses import logistic_loss
from nn.network import backward_pass, forward_pass
from provenance.errors import Failure

#: Largest ||analytic - numeric|| / max(||analytic||, ||numeric||) of an array that passes. Central
#: differences with epsilon = 1e-5 are exact to about 1e-10; a wrong formula is off by far more.
TOLERANCE = 1e-6


def check_gradients(toy: Toy) -> dict[str, Any]:
    """Compute the toy network's gradients in both ways and compare them.

    Returns per parameter array both gradients and their differences, both printouts of the handout
    and the losses; Failure if an array differs by more than `TOLERANCE`.
    """
    activations = [relu_activation] * (len(toy.weight_matrices) - 1) + [sigmoid_activation]
    network = toy.weight_matrices, toy.biases, activations
    numeric = my_nn_finite_difference_checker(toy.X_batch, toy.y_batch, *network, epsilon=EPSILON)
    output, layer_caches = forward_pass(toy.X_batch, *network)
    loss, dL_dg = logistic_loss(output, toy.y_batch)
    analytic = backward_pass(dL_dg, layer_caches)

    arrays: list[dict[str, Any]] = []
    for kind, analytics, numerics in zip("Wb", analytic, numeric, strict=True):
        for layer, (a, n) in enumerate(zip(analytics, numerics, strict=True), start=1):
            array = {"array": f"{kind}{layer}", "backpropagation": a, "finite_difference": n}
            arrays.append(array | compare_gradients(a, n)._asdict())
    _refuse_wrong(arrays)
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
        "losses": loss,
        "outputs": output,
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
