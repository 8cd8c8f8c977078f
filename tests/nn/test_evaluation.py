"""The followed test set equals the direct evaluation; the facts that are read off a network."""

from __future__ import annotations

import math

import numpy as np
import pytest

from nn import evaluation
from nn.activations import clip_margin, relu_activation, sigmoid_activation
from nn.evaluation import (
    Evaluation,
    FollowedSet,
    LivingUnits,
    Update,
    evaluate,
    first_layer_delta,
    following_pays,
)
from nn.losses import accuracy, logistic_loss
from nn.network import backward_pass, forward_pass

DEPTHS = {1: [12, 1], 2: [12, 9, 1], 3: [12, 9, 4, 1]}


@pytest.fixture(params=[True, False], ids=["followed", "direct"])
def follows(request, monkeypatch) -> bool:
    """Run a test with following switched on, and with it switched off."""
    monkeypatch.setattr(evaluation, "following_pays", lambda *sizes: request.param)
    return request.param


def update_by(X, y, weight_matrices, biases, activations, batch, step_size=0.5) -> Update:
    """Update a network by a batch, leaving the arrays that `sgd` would hand on read-only."""
    output, layer_caches = forward_pass(X[batch], weight_matrices, biases, activations)
    _, dL_dg = logistic_loss(output, y[batch])
    grad_Ws, grad_bs = backward_pass(dL_dg, layer_caches)
    Ws = [W - step_size * g for W, g in zip(weight_matrices, grad_Ws, strict=True)]
    bs = [b - step_size * g for b, g in zip(biases, grad_bs, strict=True)]
    for array in [batch, dL_dg, *Ws, *bs, *(part for cache in layer_caches for part in cache)]:
        array.setflags(write=False)
    averages = 1, math.nan, math.nan
    return Update(*averages, batch, dL_dg, layer_caches, [step_size] * len(Ws), Ws, bs)


def walk(network, batches, m=300):
    """Update a network batch by batch; yield the followed set beside the arrays it stands for."""
    X, y, weight_matrices, biases, activations = network
    rng = np.random.default_rng(8)
    X_test = rng.random((m, X.shape[1]))
    y_test = rng.integers(0, 2, m)
    constant = rng.normal(size=(m, weight_matrices[0].shape[1]))
    for array in (X_test, y_test, constant):
        array.setflags(write=False)
    followed = FollowedSet(
        X_test, y_test, X, constant=constant, batch_size=len(batches[0]), updates=len(batches)
    )
    for batch in batches:
        update = update_by(X, y, weight_matrices, biases, activations, batch)
        weight_matrices, biases = update.weight_matrices, update.biases
        # The constant is what 12 more inputs with fixed weights would add.
        direct = evaluate(
            np.hstack([X_test, constant]),
            y_test,
            [np.vstack([weight_matrices[0], np.eye(constant.shape[1])]), *weight_matrices[1:]],
            biases,
            activations,
        )
        yield followed, followed.evaluate(update, activations), direct


def assert_equal(one: Evaluation, other: Evaluation) -> None:
    """Hold two evaluations together as the design promises."""
    assert one.loss == pytest.approx(other.loss, abs=1e-12)
    assert one.accuracy == other.accuracy
    assert one.dead_hidden_units == pytest.approx(other.dead_hidden_units, nan_ok=True)
    assert one.saturated_outputs == other.saturated_outputs
    assert one.output_spread == pytest.approx(other.output_spread, abs=1e-12)


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("n", [1, 7, 100])
def test_a_followed_set_equals_the_direct_evaluation(make_network, follows, depth, n) -> None:
    rng = np.random.default_rng(0)
    batches = [rng.permutation(150)[:n] for _ in range(25)]
    losses = []
    for _, followed, direct in walk(make_network(DEPTHS[depth], 150), batches):
        assert_equal(followed, direct)
        losses.append(direct.loss)
    assert len(set(losses)) == 25, "every update must change something"


@pytest.mark.parametrize("dead", [7, 9])
def test_dead_units_are_followed_too(make_network, follows, dead) -> None:
    network = make_network(DEPTHS[2], 150)
    kept_low = np.where(np.arange(9) < dead, -1000.0, network.biases[0])
    network = network._replace(biases=[kept_low, *network.biases[1:]])
    for _, followed, direct in walk(network, np.arange(150).reshape(15, 10)):
        assert_equal(followed, direct)
        assert followed.dead_hidden_units == pytest.approx(dead / 9)


def test_batches_may_differ_in_length_and_repeat_a_sample(make_network, follows) -> None:
    batches = [np.array(b) for b in ([0, 1, 2], [3], [4, 4, 4, 5], [0, 1])]
    for _, followed, direct in walk(make_network(DEPTHS[2], 6), batches):
        assert_equal(followed, direct)


def test_rounding_is_thrown_away_now_and_then(make_network, monkeypatch) -> None:
    monkeypatch.setattr(evaluation, "following_pays", lambda *sizes: True)
    monkeypatch.setattr(evaluation, "FRESH_EVERY", 3)
    batches = [np.array([k]) for k in range(12)]
    errors = []
    for k, (followed, evaluated, direct) in enumerate(walk(make_network(DEPTHS[2], 12), batches)):
        errors.append(abs(evaluated.loss - direct.loss))
        if k == 4:
            followed._s += 0.1  # far more than rounding does
    # Afresh at updates 0, 3, 6 and 9; two updates in between are followed.
    assert max(errors[:5]) < 1e-12 < errors[5]
    assert max(errors[6:]) < 1e-12


def test_the_products_of_images_are_made_only_where_following_pays(make_network, follows) -> None:
    followed, *_ = next(walk(make_network(DEPTHS[2], 5), [np.arange(2)]))
    assert (followed._gram is not None) is follows


@pytest.mark.parametrize(
    ("pays", "sizes"),
    [
        (True, {}),
        (True, {"batch_size": 1, "updates": 60_400}),
        # Following an update by all images costs more than a fresh product.
        (False, {"batch_size": 12_080, "updates": 5}),
        (False, {"batch_size": 1000, "updates": 65}),
        # Too few updates to earn back the products of the images.
        (False, {"updates": 50}),
        # 10 GB of products.
        (False, {"m": 100_000}),
        (False, {"d": 0}),
    ],
)
def test_following_is_chosen_from_the_sizes(pays, sizes) -> None:
    part_e = {"m": 2019, "d": 623, "n_train": 12_080, "batch_size": 100, "hidden": 200}
    assert following_pays(**{**part_e, "updates": 605, **sizes}) is pays


@pytest.mark.parametrize("depth", DEPTHS)
def test_the_first_layers_delta_gives_its_gradients(make_network, depth) -> None:
    network = make_network(DEPTHS[depth], 6)
    update = update_by(*network, np.arange(6))
    grad_Ws, grad_bs = backward_pass(update.dL_dg, update.layer_caches)
    delta = first_layer_delta(update)
    np.testing.assert_allclose(network.X.T @ delta, grad_Ws[0], rtol=1e-12, atol=1e-16)
    np.testing.assert_allclose(delta.sum(axis=0), grad_bs[0][0], rtol=1e-12, atol=1e-16)


@pytest.mark.parametrize("depth", DEPTHS)
@pytest.mark.parametrize("m", [1, 700])
def test_an_evaluation_is_read_off_the_forward_pass(make_network, depth, m) -> None:
    X, y, *parameters = make_network(DEPTHS[depth], m)
    g, layer_caches = forward_pass(X, *parameters)
    evaluated = evaluate(X, y, *parameters)
    assert evaluated.loss == pytest.approx(logistic_loss(g, y)[0].mean(), rel=1e-14)
    assert evaluated.accuracy == accuracy(g, y)
    assert evaluated.output_spread == pytest.approx(g.max() - g.min(), abs=1e-15)
    if depth > 1:
        dead = np.mean(~layer_caches[0].dout_ds.any(axis=0))
        assert evaluated.dead_hidden_units == pytest.approx(dead)
    else:
        assert math.isnan(evaluated.dead_hidden_units)


def network_with(hidden_biases, output_weights):
    """Build a network of one zero input: its hidden units are ReLUs of their biases."""
    h = len(hidden_biases)
    return (
        [np.zeros((1, h)), np.array(output_weights, float).reshape(h, 1)],
        [np.array([hidden_biases], float), np.zeros((1, 1))],
        [relu_activation, sigmoid_activation],
    )


def test_a_unit_is_dead_if_it_is_zero_for_every_image() -> None:
    evaluated = evaluate(np.zeros((3, 1)), np.zeros(3), *network_with([-1, 0, 2, -3], [1, 1, 1, 1]))
    assert evaluated.dead_hidden_units == 0.75


def test_a_unit_that_lives_for_the_last_image_is_not_dead() -> None:
    X = np.zeros((1000, 1))
    X[-1] = 2
    _, biases, activations = network_with([-1, -3], [1, 1])
    evaluated = evaluate(X, np.zeros(1000), [np.ones((1, 2)), np.ones((2, 1))], biases, activations)
    assert evaluated.dead_hidden_units == 0.5


@pytest.mark.parametrize("sign", [1, -1])
def test_outputs_at_either_bound_are_saturated(sign) -> None:
    X = np.array([[0.0], [1.0], [1.0], [1.0]])
    network = [np.array([[sign * 1000.0]])], [np.zeros((1, 1))], [sigmoid_activation]
    label = 1 if sign < 0 else 0
    evaluated = evaluate(X, np.full(4, label), *network)
    assert evaluated.saturated_outputs == 0.75
    assert evaluated.accuracy == (0.25 if label == 1 else 0.0)
    # -log of the clip margin three times, log 2 once; near 1 the margin is rounded to 1e-16.
    loss = (3 * -math.log(clip_margin(np.float64)) + math.log(2)) / 4
    assert evaluated.loss == pytest.approx(loss, rel=1e-4)


def test_a_probability_inside_the_bounds_is_not_saturated() -> None:
    network = [np.array([[30.0]])], [np.zeros((1, 1))], [sigmoid_activation]
    assert evaluate(np.array([[-1.0], [1.0]]), np.array([0, 1]), *network).saturated_outputs == 0


def test_a_constant_prediction_has_no_spread() -> None:
    dead = network_with([-1, -1], [5, 5])
    assert evaluate(np.zeros((4, 1)), np.zeros(4), *dead).output_spread == 0


def test_a_network_that_has_left_the_numbers_has_no_accuracy() -> None:
    network = [np.array([[np.nan]])], [np.zeros((1, 1))], [sigmoid_activation]
    evaluated = evaluate(np.ones((2, 1)), np.array([0, 1]), *network)
    assert math.isnan(evaluated.loss) and math.isnan(evaluated.accuracy)


def test_living_units_are_those_that_some_training_image_activates(make_network) -> None:
    X, y, weight_matrices, biases, activations = make_network([12, 9, 1], 200)
    living = LivingUnits(X, weight_matrices[0].shape[1])
    biases, seen = [biases[0] - 0.2, *biases[1:]], set()
    for k in range(40):
        batch = np.arange(7 * k, 7 * k + 7) % len(X)
        update = update_by(X, y, weight_matrices, biases, activations, batch, step_size=3.0)
        weight_matrices, biases = update.weight_matrices, update.biases
        active = (X @ weight_matrices[0] + biases[0]).max(axis=0) > 0
        assert living.follow(update) == np.mean(~active)
        assert living.units.tolist() == np.flatnonzero(active).tolist()
        seen.add(active.sum())
    assert len(seen) > 1
