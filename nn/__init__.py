"""A neural network in NumPy, as CS 189's second homework asks for it.

`from nn import *` gives every function of the handout. The names are handed on when they are
first asked for, so that importing one module does not import all the others.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOME = {
    "sigmoid_activation": "activations",
    "relu_activation": "activations",
    "logistic_loss": "losses",
    "accuracy": "losses",
    "create_weight_matrices": "network",
    "create_bias_vectors": "network",
    "layer_forward": "network",
    "layer_backward": "network",
    "forward_pass": "network",
    "predict": "network",
    "backward_pass": "network",
    "finite_difference": "gradients",
    "my_nn_finite_difference_checker": "gradients",
    "train": "training",
    "get_mnist_threes_nines": "digits",
    "display_image": "digits",
}

# The handout's fragments also say np and pickle without importing them.
_LIBRARIES = {"np": "numpy", "pickle": "pickle"}

__all__ = [*_HOME, *_LIBRARIES]  # noqa: PLE0604


def __getattr__(name: str) -> Any:
    """Fetch a public name from the module where it lives."""
    if name in _HOME:
        return getattr(import_module(f"nn.{_HOME[name]}"), name)
    if name in _LIBRARIES:
        return import_module(_LIBRARIES[name])
    raise AttributeError(f"module 'nn' has no attribute {name!r}")
