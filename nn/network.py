"""The network: layers forward, layers backward.

A layer maps the rows of x to out = activation(x W + b). A network is a list of weight matrices, a
list of bias vectors and a list of activations; one of each per layer.

Backpropagation is the chain rule, applied from the last layer to the first. Each layer gets
dL_dout, how the loss changes with the layer's output, and answers with how the loss changes with
everything that went in: x, W and b. Its dL_dx is the dL_dout of the layer below.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from nn.activations import value
from nn.arrays import Activation, FloatArray, require_shape, sum_of_outer_products


class LayerCache(NamedTuple):
    """What the backward pass needs to know of a layer's forward pass.

    Attributes
    ----------
    x : ndarray of shape (n, d_in)
        The layer's input: dL_dW is a product with it.
    W : ndarray of shape (d_in, d_out)
        The weights, for passing the derivative on to the layer below.
    dout_ds : ndarray of shape (n, d_out)
        The activation's derivative at s = x W + b. The bias itself is not needed.
    """

    x: FloatArray
    W: FloatArray
    dout_ds: FloatArray


def create_weight_matrices(
    layer_dims: Sequence[int], *, rng: np.random.Generator | None = None
) -> list[FloatArray]:
    """Draw each weight from N(0, 0.01^2).

    Parameters
    ----------
    layer_dims : sequence of int
        Widths from the input to the output, for instance [784, 200, 1].
    rng : numpy.random.Generator, optional
        Where the draws come from; without one they differ from call to call.

    Returns
    -------
    list of ndarray
        For each layer a matrix of shape (d_in, d_out).

    References
    ----------
    Handout, 1.2 (c).
    """
    rng = np.random.default_rng() if rng is None else rng
    return [rng.normal(0.0, 0.01, size=(d_in, d_out)) for d_in, d_out in pairwise(layer_dims)]


def create_bias_vectors(layer_dims: Sequence[int]) -> list[FloatArray]:
    """Start each bias at zero.

    Parameters
    ----------
    layer_dims : sequence of int
        Widths from the input to the output.

    Returns
    -------
    list of ndarray
        For each layer a row vector of shape (1, d_out).

    References
    ----------
    Handout, 1.2 (c).
    """
    return [np.zeros((1, d_out)) for d_out in layer_dims[1:]]


def layer_forward(
    x: FloatArray, W: FloatArray, b: FloatArray, activation_fn: Activation
) -> tuple[FloatArray, LayerCache]:
    """One dense layer, out = activation(x W + b).

    Parameters
    ----------
    x : ndarray of shape (n, d_in)
        Activations of the layer below; one sample a row.
    W, b : ndarray of shapes (d_in, d_out) and (1, d_out)
        Weights and biases.
    activation_fn : callable
        `relu_activation`, `sigmoid_activation` or another that returns value and derivative.

    Returns
    -------
    out : ndarray of shape (n, d_out)
    cache : LayerCache
        What `layer_backward` needs.

    Raises
    ------
    ValueError
        If the shapes do not fit, with the expected one and the one that came.

    References
    ----------
    Handout, 1.2 (b)(iv).
    """
    s = _pre_activation(x, W, b)  # x W + b
    out, dout_ds = activation_fn(s)
    return out, LayerCache(x, W, dout_ds)


def layer_backward(
    dL_dout: FloatArray, cache: LayerCache, *, input_gradient: bool = True
) -> tuple[FloatArray | None, FloatArray, FloatArray]:
    """Chain rule through one layer.

    Parameters
    ----------
    dL_dout : ndarray of shape (n, d_out)
        Derivative of the loss with respect to the layer's output.
    cache : LayerCache
        From `layer_forward`.
    input_gradient : bool, optional
        Whether dL_dx is wanted. The first layer's input is the data, which nobody updates.

    Returns
    -------
    dL_dx : ndarray of shape (n, d_in) or None
        dL_ds W^T, where dL_ds = dL_dout * dout_ds elementwise.
    dL_dW : ndarray of shape (d_in, d_out)
        x^T dL_ds: each sample adds the outer product of its input and its dL_ds.
    dL_db : ndarray of shape (1, d_out)
        dL_ds summed over the samples, since every sample sees the same b.

    References
    ----------
    Handout, 1.2 (d).
    """
    require_shape("dL_dout", dL_dout, *cache.dout_ds.shape)
    dL_ds = dL_dout * cache.dout_ds
    dL_dW = sum_of_outer_products(cache.x, dL_ds)  # x^T dL_ds
    dL_db = dL_ds.sum(axis=0, keepdims=True)
    dL_dx = dL_ds @ cache.W.T if input_gradient else None
    return dL_dx, dL_dW, dL_db


def forward_pass(
    X_batch: FloatArray,
    weight_matrices: Sequence[FloatArray],
    biases: Sequence[FloatArray],
    activations: Sequence[Activation],
) -> tuple[FloatArray, list[LayerCache]]:
    """Run a batch through all layers.

    Parameters
    ----------
    X_batch : ndarray of shape (n, d)
        One flattened image a row.
    weight_matrices, biases : sequence of ndarray
        The layers' parameters; the last layer has a single column.
    activations : sequence of callable
        The layers' activations.

    Returns
    -------
    output : ndarray of shape (n,)
        The network's output g for each sample.
    layer_caches : list of LayerCache
        From the first layer to the last.

    Raises
    ------
    ValueError
        If the lists differ in length, the shapes do not chain or the output is not one number.

    References
    ----------
    Handout, 1.2 (c).
    """
    out, layer_caches = X_batch, []
    for W, b, activation_fn in _layers(weight_matrices, biases, activations):
        out, cache = layer_forward(out, W, b, activation_fn)
        layer_caches.append(cache)
    require_shape("the last layer's output", out, len(X_batch), 1)
    return out[:, 0], layer_caches


def backward_pass(
    dL_dg: FloatArray, layer_caches: Sequence[LayerCache]
) -> tuple[list[FloatArray], list[FloatArray]]:
    """Gradients of the batch's average loss by backpropagation.

    Parameters
    ----------
    dL_dg : ndarray of shape (n,)
        Derivative of each sample's loss with respect to its output, from `logistic_loss`.
    layer_caches : sequence of LayerCache
        From `forward_pass`.

    Returns
    -------
    grad_Ws, grad_bs : list of ndarray
        For each layer the gradients with respect to W and b, of their shapes.

    References
    ----------
    Handout, 1.2 (d).
    """
    require_shape("dL_dg", dL_dg, len(layer_caches[-1].x))
    grad_Ws: list[FloatArray] = []
    grad_bs: list[FloatArray] = []
    # The average over n samples weighs each one's derivative by 1 / n.
    dL_dout: FloatArray = dL_dg[:, np.newaxis] / len(dL_dg)
    for layer in reversed(range(len(layer_caches))):
        dL_dx, dL_dW, dL_db = layer_backward(dL_dout, layer_caches[layer], input_gradient=layer > 0)
        grad_Ws.insert(0, dL_dW)
        grad_bs.insert(0, dL_db)
        if dL_dx is not None:
            dL_dout = dL_dx
    return grad_Ws, grad_bs


def predict(
    X: FloatArray,
    weight_matrices: Sequence[FloatArray],
    biases: Sequence[FloatArray],
    activations: Sequence[Activation],
) -> FloatArray:
    """Compute the output of `forward_pass`, without what only the backward pass needs.

    Parameters
    ----------
    X, weight_matrices, biases, activations
        As `forward_pass` takes them.

    Returns
    -------
    ndarray of shape (n,)
    """
    out = X
    for W, b, activation_fn in _layers(weight_matrices, biases, activations):
        out = value(activation_fn, _pre_activation(out, W, b))
    require_shape("the last layer's output", out, len(X), 1)
    return out[:, 0]


def _pre_activation(x: FloatArray, W: FloatArray, b: FloatArray) -> FloatArray:
    """Compute s = x W + b, of shape (n, d_out), from arrays that fit."""
    require_shape("x", x, "n", "d_in")
    require_shape("W", W, x.shape[1], "d_out")
    require_shape("b", b, 1, W.shape[1])
    s: FloatArray = x @ W + b
    return s


def _layers(
    weight_matrices: Sequence[FloatArray],
    biases: Sequence[FloatArray],
    activations: Sequence[Activation],
) -> Iterable[tuple[FloatArray, FloatArray, Activation]]:
    """Go through the layers; refuse lists of different lengths."""
    if not len(weight_matrices) == len(biases) == len(activations):
        raise ValueError(
            "expected as many weight matrices as biases and activations; "
            f"got {len(weight_matrices)}, {len(biases)} and {len(activations)}"
        )
    return zip(weight_matrices, biases, activations, strict=True)
