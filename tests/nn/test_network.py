"""Forward and backward: against closed forms, a loop over samples, and finite differences."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from scipy.special import expit

from nn.activations import relu_activation, sigmoid_activation
from nn.gradients import compare_gradients, my_nn_finite_difference_checker
from nn.losses import logistic_loss
from nn.network import (
    LayerCache,
    backward_pass,
    create_bias_vectors,
    create_weight_matrices,
    forward_pass,
    layer_backward,
    layer_forward,
    predict,
)

# Depths 1 to 4, with widths of one, and layers that narrow, widen and stay.
DIMS = [(3, 1), (1, 1), (4, 2, 1), (1, 1, 1), (5, 1, 3, 1), (3, 3, 3, 1), (2, 7, 3, 2, 1)]


def gradients(network):
    """Run the handout's sequence: forward, loss, backward."""
    X, y, *parameters = network
    output, layer_caches = forward_pass(X, *parameters)
    _, dL_dg = logistic_loss(output, y)
    return backward_pass(dL_dg, layer_caches)


def gradients_sample_by_sample(network):
    """Compute outputs and gradients independently: one sample at a time, in einsum."""
    X, y, weight_matrices, biases, _ = network
    depth = len(weight_matrices)
    grad_Ws = [np.zeros(W.shape) for W in weight_matrices]
    grad_bs = [np.zeros(b.shape) for b in biases]
    outputs = []
    for x, label in zip(X, y, strict=True):
        inputs, sums = [x], []
        for layer, (W, b) in enumerate(zip(weight_matrices, biases, strict=True)):
            sums.append(np.einsum("i,ij->j", inputs[-1], W) + b[0])
            last = layer == depth - 1
            inputs.append(expit(sums[-1]) if last else np.where(sums[-1] > 0, sums[-1], 0))
        outputs.append(inputs[-1][0])
        delta = inputs[-1] - label  # the log-likelihood's derivative before the sigmoid
        for layer in range(depth - 1, -1, -1):
            grad_Ws[layer] += np.einsum("i,j->ij", inputs[layer], delta) / len(X)
            grad_bs[layer][0] += delta / len(X)
            delta = np.einsum("j,ij->i", delta, weight_matrices[layer])
            if layer:
                delta = np.where(sums[layer - 1] > 0, delta, 0)
    return np.array(outputs), grad_Ws, grad_bs


def identity(s):
    """Activate by doing nothing, so that a layer is its matrix product."""
    return s.copy(), np.ones_like(s)


def test_weights_are_drawn_from_the_handouts_normal_distribution() -> None:
    W, _ = create_weight_matrices([300, 200, 1], rng=np.random.default_rng(5))
    assert W.mean() == pytest.approx(0, abs=5 * 0.01 / np.sqrt(W.size))
    assert W.std() == pytest.approx(0.01, rel=0.02)
    assert 0.67 < np.mean(np.abs(W) < 0.01) < 0.69  # one sigma of a normal distribution


@pytest.mark.parametrize("layer_dims", DIMS)
def test_weights_and_biases_have_the_shapes_that_chain(layer_dims) -> None:
    weight_matrices = create_weight_matrices(layer_dims)
    biases = create_bias_vectors(layer_dims)
    pairs = list(pairwise(layer_dims))
    assert [W.shape for W in weight_matrices] == pairs
    assert [b.shape for b in biases] == [(1, d_out) for _, d_out in pairs]
    assert all(a.dtype == np.float64 for a in [*weight_matrices, *biases])


def test_biases_start_at_zero_and_share_no_memory() -> None:
    first, second, _ = create_bias_vectors([2, 3, 3, 1])
    assert not first.any()
    first += 1
    assert not second.any()


def test_the_same_seed_draws_the_same_bytes() -> None:
    once, again, other = (
        create_weight_matrices([5, 3, 1], rng=np.random.default_rng(seed)) for seed in (1, 1, 2)
    )
    assert [W.tobytes() for W in once] == [W.tobytes() for W in again]
    assert [W.tobytes() for W in once] != [W.tobytes() for W in other]


def test_a_layer_is_its_activation_of_xW_plus_b() -> None:
    x, W = np.array([[1.0, 2.0], [-1.0, 1.0]]), np.array([[1.0, 0.0, 2.0], [3.0, -1.0, 0.5]])
    b = np.array([[0.5, -0.25, -4.0]])
    out, cache = layer_forward(x, W, b, relu_activation)
    np.testing.assert_array_equal(out, [[7.5, 0, 0], [2.5, 0, 0]])
    np.testing.assert_array_equal(cache.dout_ds, [[1, 0, 0], [1, 0, 0]])


def test_the_cache_holds_what_the_backward_pass_needs() -> None:
    x, W, b = np.ones((2, 3)), np.ones((3, 4)), np.ones((1, 4))
    _, cache = layer_forward(x, W, b, sigmoid_activation)
    assert isinstance(cache, tuple)
    assert cache._fields == ("x", "W", "dout_ds")
    assert cache.x is x and cache.W is W
    np.testing.assert_array_equal(cache.dout_ds, sigmoid_activation(x @ W + b)[1])


@pytest.mark.parametrize(
    ("x", "W", "b", "message"),
    [
        ((3,), (3, 2), (1, 2), "x must have shape (n, d_in); got (3,)"),
        ((5, 3), (2, 3), (1, 3), "W must have shape (3, d_out); got (2, 3)"),
        ((5, 3), (3,), (1, 1), "W must have shape (3, d_out); got (3,)"),
        ((5, 3), (3, 2), (2,), "b must have shape (1, 2); got (2,)"),
        ((5, 3), (3, 2), (1, 1), "b must have shape (1, 2); got (1, 1)"),
        ((5, 3), (3, 2), (5, 2), "b must have shape (1, 2); got (5, 2)"),
        ((2, 3), (3, 2), (2, 1), "b must have shape (1, 2); got (2, 1)"),
    ],
)
def test_a_layers_shapes_that_do_not_fit_are_refused(x, W, b, message) -> None:
    with pytest.raises(ValueError) as refusal:
        layer_forward(np.zeros(x), np.zeros(W), np.zeros(b), relu_activation)
    assert str(refusal.value) == message


def test_a_layer_backward_is_the_chain_rule() -> None:
    x, W = np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[1.0, 10.0], [100.0, 1000.0]])
    dout_ds = np.array([[1.0, 0.5], [2.0, 0.0]])
    dL_dout = np.array([[1.0, 2.0], [3.0, 4.0]])
    dL_dx, dL_dW, dL_db = layer_backward(dL_dout, LayerCache(x, W, dout_ds))
    # dL_ds is [[1, 1], [6, 0]].
    np.testing.assert_array_equal(dL_dx, [[11, 1100], [6, 600]])
    np.testing.assert_array_equal(dL_dW, [[19, 1], [26, 2]])
    np.testing.assert_array_equal(dL_db, [[7, 1]])


def test_the_input_gradient_is_left_out_when_nobody_wants_it() -> None:
    cache = LayerCache(np.ones((2, 3)), np.ones((3, 4)), np.ones((2, 4)))
    wanted = layer_backward(np.ones((2, 4)), cache)
    unwanted = layer_backward(np.ones((2, 4)), cache, input_gradient=False)
    assert unwanted[0] is None
    for first, second in zip(wanted[1:], unwanted[1:], strict=True):
        np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize("shape", [(4,), (1, 4), (2, 1), (4, 2)])
def test_a_derivative_of_another_shape_than_the_output_is_refused(shape) -> None:
    cache = LayerCache(np.ones((2, 3)), np.ones((3, 4)), np.ones((2, 4)))
    with pytest.raises(ValueError) as refusal:
        layer_backward(np.ones(shape), cache)
    assert str(refusal.value) == f"dL_dout must have shape (2, 4); got {shape}"


@pytest.mark.parametrize("layer_dims", DIMS)
@pytest.mark.parametrize("n", [1, 6])
def test_backpropagation_agrees_with_finite_differences(make_network, layer_dims, n) -> None:
    network = make_network(layer_dims, n, seed=1)  # a seed at which no layer is dead
    for analytics, numerics in zip(
        gradients(network), my_nn_finite_difference_checker(*network), strict=True
    ):
        for analytic, numeric in zip(analytics, numerics, strict=True):
            assert np.abs(analytic).max() > 1e-4, "a gradient of zeros proves nothing"
            assert compare_gradients(analytic, numeric).norm_relative < 1e-7


@pytest.mark.parametrize("layer_dims", DIMS)
@pytest.mark.parametrize("n", [1, 2, 23])
def test_a_batch_agrees_with_a_loop_over_its_samples(make_network, layer_dims, n) -> None:
    network = make_network(layer_dims, n, seed=3)
    outputs, loop_Ws, loop_bs = gradients_sample_by_sample(network)
    output, _ = forward_pass(network.X, *network[2:])
    np.testing.assert_allclose(output, outputs, rtol=1e-13)
    grad_Ws, grad_bs = gradients(network)
    for batch, loop, parameter in zip(
        [*grad_Ws, *grad_bs],
        [*loop_Ws, *loop_bs],
        [*network.weight_matrices, *network.biases],
        strict=True,
    ):
        assert batch.shape == parameter.shape
        np.testing.assert_allclose(batch, loop, rtol=1e-11, atol=1e-14)


def test_any_activation_may_stand_in_any_layer(make_network) -> None:
    network = make_network([4, 3, 2, 1], 5)
    network = network._replace(activations=[sigmoid_activation, identity, sigmoid_activation])
    for analytic, numeric in zip(
        gradients(network)[0], my_nn_finite_difference_checker(*network)[0], strict=True
    ):
        assert compare_gradients(analytic, numeric).norm_relative < 1e-7


def test_gradients_are_those_of_the_average_loss(make_network) -> None:
    network = make_network([4, 3, 1], 5)
    twice = network._replace(X=np.tile(network.X, (2, 1)), y=np.tile(network.y, 2))
    for once, doubled in zip(gradients(network)[0], gradients(twice)[0], strict=True):
        np.testing.assert_allclose(once, doubled, rtol=1e-13)


@pytest.mark.parametrize("shape", [(5, 1), (1,), (6,), ()])
def test_a_loss_derivative_of_another_batch_is_refused(make_network, shape) -> None:
    network = make_network([4, 3, 1], 5)
    _, layer_caches = forward_pass(network.X, *network[2:])
    with pytest.raises(ValueError) as refusal:
        backward_pass(np.zeros(shape), layer_caches)
    assert str(refusal.value) == f"dL_dg must have shape (5,); got {shape}"


def test_the_backward_pass_changes_neither_its_derivative_nor_its_caches(make_network) -> None:
    # The forward pass gets read-only arrays from make_network; here the rest is locked as well.
    network = make_network([4, 3, 2, 1], 5)
    output, layer_caches = forward_pass(network.X, *network[2:])
    _, dL_dg = logistic_loss(output, network.y)
    for array in [dL_dg, *(part for cache in layer_caches for part in cache)]:
        array.setflags(write=False)
    first, second = backward_pass(dL_dg, layer_caches), backward_pass(dL_dg, layer_caches)
    for one, other in zip([*first[0], *first[1]], [*second[0], *second[1]], strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("layer_dims", [[3, 1], [3, 4, 1], [3, 5, 4, 1]])
def test_a_prediction_is_the_forward_passs_output(make_network, layer_dims) -> None:
    X, _, *parameters = make_network(layer_dims, 7)
    np.testing.assert_array_equal(predict(X, *parameters), forward_pass(X, *parameters)[0])


def test_whole_numbers_are_taken_too(make_network) -> None:
    _, _, weight_matrices, biases, activations = make_network([3, 4, 1], 1)
    X = np.arange(6).reshape(2, 3)
    expected, _ = forward_pass(X.astype(float), weight_matrices, biases, activations)
    np.testing.assert_array_equal(
        forward_pass(X, weight_matrices, biases, activations)[0], expected
    )
    Ws = [np.ones((3, 4), int), np.ones((4, 1), int)]
    assert forward_pass(X, Ws, biases, activations)[0].dtype == np.float64


@pytest.mark.parametrize("run", [forward_pass, predict])
def test_a_network_that_does_not_end_in_one_number_is_refused(make_network, run) -> None:
    X, _, *parameters = make_network([3, 4, 2], 7)
    with pytest.raises(ValueError, match=r"output must have shape \(7, 1\); got \(7, 2\)"):
        run(X, *parameters)


@pytest.mark.parametrize("run", [forward_pass, predict])
@pytest.mark.parametrize(
    ("shorter", "lengths"), [(0, "1, 2 and 2"), (1, "2, 1 and 2"), (2, "2, 2")]
)
def test_lists_of_different_lengths_are_refused(make_network, run, shorter, lengths) -> None:
    X, _, *lists = make_network([4, 3, 1], 5)
    lists[shorter] = lists[shorter][:-1]
    with pytest.raises(ValueError, match=f"expected as many weight matrices .*; got {lengths}"):
        run(X, *lists)


@pytest.mark.parametrize("run", [forward_pass, predict])
def test_arrays_that_would_be_broadcast_are_refused(make_network, run) -> None:
    X, _, weight_matrices, biases, activations = make_network([3, 4, 1], 4)
    with pytest.raises(ValueError, match=r"b must have shape \(1, 4\); got \(4, 4\)"):
        run(X, weight_matrices, [np.ones((4, 4)), biases[1]], activations)
