"""Training: its mini-batches, its record, its limits, and the same result by plain means."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from nn import evaluation
from nn.activations import relu_activation, sigmoid_activation
from nn.evaluation import Evaluation, evaluate
from nn.losses import accuracy, logistic_loss
from nn.network import backward_pass, create_bias_vectors, create_weight_matrices, forward_pass
from nn.training import series, sgd, train

SETTINGS = {"layer_dims": [8, 6, 1], "step_size": 0.5, "batch_size": 7, "epochs": 2}


def data(n=40, m=300, d=8, *, pixels=False):
    """Draw a set in which some pixels are used by test images only, and one by none."""
    rng = np.random.default_rng(0)
    X_train, X_test = rng.random((n, d)), rng.random((m, d))
    X_train[:, [1, 4]] = 0
    X_train[:, 6] = X_test[:, 6] = 0
    y_train, y_test = (X.sum(axis=1) > X.sum(axis=1).mean() for X in (X_train, X_test))
    if pixels:
        X_train, X_test = (np.rint(X * 255) / 255 for X in (X_train, X_test))
    arrays = X_train, y_train.astype(int), X_test, y_test.astype(int)
    for array in arrays:
        array.setflags(write=False)
    return arrays


def trained(*arrays, seed=0, **changes):
    """Train with `SETTINGS`, on `data` if no arrays are given."""
    return train(*(arrays or data()), rng=np.random.default_rng(seed), **{**SETTINGS, **changes})


def plain_training(
    X_train, y_train, X_test, y_test, *, layer_dims, step_size, batch_size, epochs, rng
):
    """Train as the handout says it, on all pixels, with a full evaluation after every update."""
    weight_matrices = create_weight_matrices(layer_dims, rng=rng)
    biases = create_bias_vectors(layer_dims)
    activations = [relu_activation] * (len(biases) - 1) + [sigmoid_activation]
    rows = []
    for epoch in range(1, epochs + 1):
        order = rng.permutation(len(X_train))
        for start in range(0, len(X_train), batch_size):
            batch = order[start : start + batch_size]
            output, caches = forward_pass(X_train[batch], weight_matrices, biases, activations)
            loss, dL_dg = logistic_loss(output, y_train[batch])
            grad_Ws, grad_bs = backward_pass(dL_dg, caches)
            weight_matrices = [
                W - step_size * g for W, g in zip(weight_matrices, grad_Ws, strict=True)
            ]
            biases = [b - step_size * g for b, g in zip(biases, grad_bs, strict=True)]
            test = evaluate(X_test, y_test, weight_matrices, biases, activations)
            rows.append((epoch, loss.mean(), accuracy(output, y_train[batch]), test))
    return weight_matrices, biases, rows


@pytest.mark.parametrize(("follows", "pixels"), [(True, True), (True, False), (False, True)])
@pytest.mark.parametrize("layer_dims", [[8, 1], [8, 6, 1], [8, 6, 5, 1]])
@pytest.mark.parametrize("batch_size", [1, 7, 40])
def test_training_equals_the_plain_loop(
    monkeypatch, follows, pixels, layer_dims, batch_size
) -> None:
    monkeypatch.setattr(evaluation, "following_pays", lambda *sizes: follows)
    arguments = {**SETTINGS, "layer_dims": layer_dims, "batch_size": batch_size}
    activations = [relu_activation] * (len(layer_dims) - 2) + [sigmoid_activation]
    arrays = data(pixels=pixels)
    got = train(*arrays, activations=activations, rng=np.random.default_rng(4), **arguments)
    Ws, bs, rows = plain_training(*arrays, rng=np.random.default_rng(4), **arguments)
    for one, other in zip([*got.weight_matrices, *got.biases], [*Ws, *bs], strict=True):
        np.testing.assert_allclose(one, other, atol=1e-13)
    assert len(got.history) == len(rows) == 2 * -(-40 // batch_size)
    for step, (epoch, train_loss, train_accuracy, test) in zip(got.history, rows, strict=True):
        assert step.epoch == epoch
        assert step.train_loss == pytest.approx(train_loss, abs=1e-12)
        assert step.train_accuracy == train_accuracy
        assert step.test.loss == pytest.approx(test.loss, abs=1e-12)
        assert step.test.accuracy == test.accuracy


def as_bytes(training) -> bytes:
    return b"".join(a.tobytes() for a in [*training.weight_matrices, *training.biases])


@pytest.mark.parametrize("follows", [True, False])
@pytest.mark.parametrize("batch_size", [1, 7, 40])
def test_threads_change_no_bit(monkeypatch, follows, batch_size) -> None:
    monkeypatch.setattr(evaluation, "following_pays", lambda *sizes: follows)
    one, two = (trained(threads=threads, batch_size=batch_size) for threads in (1, 2))
    assert one.history == two.history
    assert as_bytes(one) == as_bytes(two)


def test_labels_may_be_whole_numbers_or_floats() -> None:
    X_train, y_train, X_test, y_test = data()
    whole = trained(X_train, y_train, X_test, y_test)
    floats = trained(X_train, y_train.astype(float), X_test, y_test.astype(float))
    assert whole.history == floats.history
    assert as_bytes(whole) == as_bytes(floats)


def test_the_training_loop_leaves_the_weights_that_it_starts_from() -> None:
    X_train, y_train, *_ = data()
    weight_matrices = create_weight_matrices([8, 6, 1], rng=np.random.default_rng(0))
    biases = create_bias_vectors([8, 6, 1])
    for array in (*weight_matrices, *biases):
        array.setflags(write=False)
    network = weight_matrices, biases, [relu_activation, sigmoid_activation]
    settings = {"step_size": 0.5, "batch_size": 7, "epochs": 1, "rng": np.random.default_rng(0)}
    updates = list(sgd(X_train, y_train, *network, **settings))
    assert len(updates) == 6
    for before, after in itertools.pairwise(updates):
        grad_Ws, _ = backward_pass(after.dL_dg, after.layer_caches)
        for W, gradient, W_next in zip(
            before.weight_matrices, grad_Ws, after.weight_matrices, strict=True
        ):
            np.testing.assert_array_equal(W_next, W - 0.5 * gradient)


def test_weights_of_pixels_that_no_training_image_uses_stay_as_drawn() -> None:
    got = trained(seed=4)
    drawn = create_weight_matrices(SETTINGS["layer_dims"], rng=np.random.default_rng(4))
    np.testing.assert_array_equal(got.weight_matrices[0][[1, 4, 6]], drawn[0][[1, 4, 6]])
    assert (got.weight_matrices[0][[0, 2, 3, 5, 7]] != drawn[0][[0, 2, 3, 5, 7]]).any(axis=1).all()


def test_black_training_images_train_the_biases_alone() -> None:
    got = trained(np.zeros((40, 8)), *data()[1:])
    drawn = create_weight_matrices(SETTINGS["layer_dims"], rng=np.random.default_rng(0))
    np.testing.assert_array_equal(got.weight_matrices[0], drawn[0])
    assert got.biases[-1].any()


def test_separable_classes_are_learned_completely() -> None:
    y = np.arange(200) % 2
    X = np.random.default_rng(0).random((200, 8)) * 0.3 + 0.7 * y[:, np.newaxis]
    got = trained(X[:100], y[:100], X[100:], y[100:], step_size=1.0, batch_size=10, epochs=20)
    assert got.history[0].test.accuracy < 1
    assert got.history[-1].train_accuracy == got.history[-1].test.accuracy == 1
    assert got.history[-1].test.loss < 0.1


def test_the_short_last_batch_is_kept() -> None:
    history = trained().history
    assert [step.timestep for step in history] == list(range(1, 13))
    assert [step.epoch for step in history] == [1] * 6 + [2] * 6
    # 40 = 5 * 7 + 5: the accuracy of the last batch is a number of fifths.
    for last in (history[5], history[11]):
        assert last.train_accuracy * 5 == pytest.approx(round(last.train_accuracy * 5))


def test_the_same_seed_gives_the_same_bytes() -> None:
    once, again, other = (trained(seed=seed) for seed in (1, 1, 2))
    assert as_bytes(once) == as_bytes(again)
    assert once.history == again.history
    assert as_bytes(once) != as_bytes(other)


def test_the_global_random_state_has_no_say() -> None:
    results = []
    for seed in (0, 1):
        np.random.seed(seed)  # noqa: NPY002 - the legacy state is what must not matter
        results.append(as_bytes(trained()))
    assert results[0] == results[1]


@pytest.mark.parametrize("threads", [1, 2])
def test_a_training_that_leaves_the_numbers_stops_there(threads) -> None:
    with (
        np.errstate(all="ignore"),
        pytest.raises(FloatingPointError, match=r"diverged at timestep \d+: expected finite") as e,
    ):
        trained(step_size=1e200, threads=threads)
    assert "smaller step size" in str(e.value)


@pytest.mark.parametrize("threads", [1, 2])
def test_the_timestep_at_which_it_left_them_is_named(threads) -> None:
    X_train, *others = data()
    X_train = X_train.copy()
    X_train[17, 0] = np.nan
    rng = np.random.default_rng(5)
    create_weight_matrices(SETTINGS["layer_dims"], rng=rng)
    timestep = 1 + rng.permutation(40).tolist().index(17)
    assert timestep > 1
    with (
        np.errstate(all="ignore"),
        pytest.raises(FloatingPointError, match=rf"timestep {timestep}: .* nan on the batch"),
    ):
        trained(X_train, *others, seed=5, batch_size=1, threads=threads)


@pytest.mark.parametrize("threads", [1, 2])
def test_a_test_loss_that_is_not_a_number_stops_it_too(threads) -> None:
    X_train, y_train, X_test, y_test = data()
    X_test = X_test.copy()
    X_test[3, 0] = np.nan
    with (
        np.errstate(all="ignore"),
        pytest.raises(FloatingPointError, match=r"timestep 1: .* nan on the test set"),
    ):
        trained(X_train, y_train, X_test, y_test, threads=threads)


@pytest.mark.parametrize(
    ("setting", "value", "message"),
    [
        *(("batch_size", size, rf"between 1 and 40, .*; got {size}$") for size in (-1, 0, 41)),
        *(("epochs", epochs, f"epochs must be 1 or more; got {epochs}") for epochs in (-1, 0)),
    ],
)
def test_a_number_out_of_range_is_refused(setting, value, message) -> None:
    with pytest.raises(ValueError, match=message):
        trained(**{setting: value})


@pytest.mark.parametrize(
    ("position", "shape", "message"),
    [
        (0, (40, 9), r"X_train must have shape \(n, 8\); got \(40, 9\)"),
        (0, (40, 2, 4), r"X_train must have shape \(n, 8\); got \(40, 2, 4\)"),
        (1, (40, 1), r"y_train must have shape \(40,\); got \(40, 1\)"),
        (1, (39,), r"y_train must have shape \(40,\); got \(39,\)"),
        (2, (300, 9), r"X_test must have shape \(m, 8\); got \(300, 9\)"),
        (3, (300, 1), r"y_test must have shape \(300,\); got \(300, 1\)"),
    ],
)
def test_data_of_the_wrong_shape_is_refused(position, shape, message) -> None:
    arrays = list(data())
    arrays[position] = np.zeros(shape)
    with pytest.raises(ValueError, match=message):
        trained(*arrays)


def test_the_series_has_the_records_columns() -> None:
    history = trained().history
    columns = series(history)
    names = ["timestep", "epoch", "train_loss", "train_accuracy", "test_loss", "test_accuracy"]
    state = ["dead_hidden_units", "saturated_outputs", "output_spread", "dead_on_training"]
    assert list(columns) == [*names, *state]
    assert all(column.shape == (12,) for column in columns.values())
    for field in names[:4]:
        assert columns[field].tolist() == [getattr(step, field) for step in history]
    for field in Evaluation._fields:
        name = f"test_{field}" if field in ("loss", "accuracy") else field
        assert columns[name].tolist() == [getattr(step.test, field) for step in history]
