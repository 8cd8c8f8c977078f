"""The gate before training: a wrong gradient is refused, a right one is recorded."""

from __future__ import annotations

import ast

import numpy as np
import pytest

from homework import gradient_check
from homework.gradient_check import TOLERANCE, check_gradients, printout
from homework.toy import Toy
from nn import losses, network
from provenance import files
from provenance.errors import Failure


@pytest.fixture
def toy(make_network) -> Toy:
    """Return a batch and a network of the toy's shapes."""
    return Toy(*make_network([4, 2, 1], 2, seed=1)[:4])


def spoil(monkeypatch, change):
    """Let `change` at what the backward pass returns."""
    right = network.backward_pass

    def wrong(dL_dg, layer_caches):
        grad_Ws, grad_bs = right(dL_dg, layer_caches)
        change(grad_Ws, grad_bs)
        return grad_Ws, grad_bs

    monkeypatch.setattr(gradient_check, "backward_pass", wrong)


def test_right_gradients_pass_with_room(toy) -> None:
    facts = check_gradients(toy)
    assert [array["array"] for array in facts["arrays"]] == ["W1", "W2", "b1", "b2"]
    assert facts["largest_relative"] < 1e-8
    assert facts["largest_absolute"] < 1e-9
    assert facts["largest_relative"] == max(a["norm_relative"] for a in facts["arrays"])
    assert facts["largest_absolute"] == max(a["absolute"] for a in facts["arrays"])


def test_both_gradients_are_recorded_in_full(toy, tmp_path) -> None:
    files.write_json(tmp_path / "gradients.json", check_gradients(toy))
    recorded = files.read_json(tmp_path / "gradients.json")["arrays"]
    parameters = [*toy.weight_matrices, *toy.biases]
    for array, parameter in zip(recorded, parameters, strict=True):
        analytic, numeric = (np.array(array[k]) for k in ("backpropagation", "finite_difference"))
        assert analytic.shape == numeric.shape == parameter.shape
        np.testing.assert_allclose(analytic, numeric, rtol=1e-6)
        position = tuple(array["position"])
        assert (array["analytic"], array["numeric"]) == (analytic[position], numeric[position])


def test_the_average_loss_is_that_of_the_batch(toy) -> None:
    facts = check_gradients(toy)
    assert facts["mean_loss"] == pytest.approx(np.mean(facts["losses"]), rel=1e-15)
    expected = losses.logistic_loss(facts["outputs"], toy.y_batch)[0]
    np.testing.assert_array_equal(facts["losses"], expected)
    assert facts["activations"] == ["relu_activation", "sigmoid_activation"]


def test_each_step_is_measured_and_the_chosen_one_stands_among_the_others(toy) -> None:
    facts = check_gradients(toy)
    steps = facts["steps"]
    measured = {step["epsilon"]: step["absolute"] for step in steps["tried"]}
    assert steps["number"] == len(measured) == 23
    assert steps["chosen"] == {"epsilon": 1e-5, "absolute": facts["largest_absolute"]}
    assert steps["best"]["absolute"] == min(measured.values())
    for name, epsilon in (("hundredth", 1e-7), ("hundredfold", 1e-3)):
        assert steps[name]["epsilon"] == pytest.approx(epsilon)
        assert steps[name]["absolute"] == measured[steps[name]["epsilon"]]


def test_a_step_of_a_bias_as_large_as_the_smallest_pre_activation_reaches_the_kink(toy) -> None:
    hidden = toy.X_batch @ toy.weight_matrices[0] + toy.biases[0]
    smallest = check_gradients(toy)["smallest_pre_activation"]
    assert smallest == pytest.approx(np.abs(hidden).min())


def test_a_network_without_hidden_units_has_no_kink(make_network) -> None:
    assert check_gradients(Toy(*make_network([4, 1], 3)[:4]))["smallest_pre_activation"] is None


@pytest.mark.parametrize("depth", [1, 3])
def test_other_depths_are_checked_as_well(make_network, depth) -> None:
    facts = check_gradients(Toy(*make_network([*[4, 3, 2][:depth], 1], 3)[:4]))
    assert len(facts["arrays"]) == 2 * depth
    assert facts["activations"] == ["relu_activation"] * (depth - 1) + ["sigmoid_activation"]


def forget_the_average(grad_Ws, grad_bs):
    for gradient in [*grad_Ws, *grad_bs]:
        gradient *= 2


def turn_b2(grad_Ws, grad_bs):
    grad_bs[1] *= -1


def drop_b1(grad_Ws, grad_bs):
    grad_bs[0][:] = 0


def one_entry_not_a_number(grad_Ws, grad_bs):
    grad_Ws[1][0, 0] = np.nan


def slip_in_the_sixth_digit(grad_Ws, grad_bs):
    grad_Ws[0] *= 1 + 2e-6


@pytest.mark.parametrize(
    ("change", "array"),
    [
        (slip_in_the_sixth_digit, "W1"),
        (forget_the_average, "W1"),
        (turn_b2, "b2"),
        (drop_b1, "b1"),
        (one_entry_not_a_number, "W2"),
    ],
)
def test_a_wrong_backward_pass_is_refused_by_array(monkeypatch, toy, change, array) -> None:
    spoil(monkeypatch, change)
    with pytest.raises(Failure, match=f"The gradient of {array} is wrong"):
        check_gradients(toy)


def test_the_worst_entry_is_named_with_both_values(monkeypatch, toy) -> None:
    def change(grad_Ws, grad_bs):
        grad_Ws[0][2, 1] += 3.0
        grad_Ws[0][1, 0] -= 0.5

    spoil(monkeypatch, change)
    with pytest.raises(Failure) as refusal:
        check_gradients(toy)
    message = refusal.value.cause
    index, rest = message.split("At ")[1].split(" backpropagation says ")
    said, found = rest.rstrip(".").split(", finite differences say ")
    assert ast.literal_eval(index) == (2, 1)
    assert float(said) - float(found) == pytest.approx(3.0, abs=1e-8)
    assert f"at most {TOLERANCE:g}" in message
    assert "nn/network.py" in refusal.value.remedy


def test_a_printout_is_the_handouts() -> None:
    text = printout(
        [np.array([[0.123456, -1.0], [2.0, 3.0]]), np.array([[0.5], [0.25]])],
        [np.array([[1.0, 2.0]]), np.array([[0.333333]])],
    )
    assert text == ("[[ 0.12 -1.  ]\n [ 2.    3.  ]]\n\n[[0.5 ]\n [0.25]]\n\n[[1. 2.]]\n\n[[0.33]]")


@pytest.mark.parametrize("way", ["finite_difference", "backpropagation"])
def test_each_printout_is_of_its_own_gradients(toy, way) -> None:
    facts = check_gradients(toy)
    gradients = [array[way] for array in facts["arrays"]]
    assert facts[f"{way}_printout"] == printout(gradients[:2], gradients[2:])
