"""What is recorded of the sigmoid at the handout's inputs."""

from __future__ import annotations

import math

import numpy as np
import pytest

from homework import activation_check
from homework.activation_check import check_activations, naive_sigmoid, warnings_of
from provenance import files


def test_the_values_at_moderate_inputs_are_recorded() -> None:
    moderate = check_activations()["moderate"]
    p = 1 / (1 + math.exp(-1))
    assert moderate["input"].tolist() == [1, 0, -1]
    np.testing.assert_allclose(moderate["out"], [p, 0.5, 1 - p], rtol=1e-15)
    np.testing.assert_allclose(moderate["derivative"], [p * (1 - p), 0.25, p * (1 - p)], rtol=1e-15)
    assert moderate["printout"].splitlines() == [
        str(moderate["out"]),
        str(moderate["derivative"]),
    ]


def test_the_values_at_extreme_inputs_are_the_clipping_bounds() -> None:
    facts = check_activations()
    assert facts["extreme"]["input"].tolist() == [-1000, 1000]
    assert facts["extreme"]["out"].tolist() == [1e-15, 1 - 1e-15]
    assert facts["clip_margin"] == 1e-15


def test_the_sigmoid_raises_no_warning_at_either() -> None:
    facts = check_activations()
    assert facts["moderate"]["warnings"] == facts["extreme"]["warnings"] == []


def test_the_bounds_hold_over_all_that_a_float64_can_be() -> None:
    everywhere = check_activations()["everywhere"]
    assert everywhere["inputs"] == 2 * (6400 + 1017 + 1) + 1
    assert everywhere["largest_input"] == np.finfo(np.float64).max
    assert (everywhere["least"], everywhere["most"]) == (1e-15, 1 - 1e-15)
    assert everywhere["largest_logarithm"] == -math.log(1 - (1 - 1e-15))
    assert everywhere["warnings"] == []


def test_a_sigmoid_that_warns_would_be_seen(monkeypatch) -> None:
    def noisy(s):
        out = naive_sigmoid(np.asarray(s, float))
        return out, out * (1 - out)

    monkeypatch.setattr(activation_check, "sigmoid_activation", noisy)
    with np.errstate(all="ignore"):
        facts = check_activations()
    assert "overflow encountered in exp" in facts["extreme"]["warnings"]
    assert facts["moderate"]["warnings"] == []
    assert "overflow encountered in exp" in facts["everywhere"]["warnings"]


def test_the_naive_formula_overflows_at_minus_1000_only() -> None:
    low, high = check_activations()["naive"]
    assert (low["input"], high["input"]) == (-1000, 1000)
    assert "overflow encountered in exp" in low["warnings"]
    assert high["warnings"] == ["underflow encountered in exp"]


@pytest.mark.parametrize("state", ["raise", "ignore", "warn"])
def test_warnings_are_listed_each_time_whatever_numpy_was_told_before(state) -> None:
    with np.errstate(all=state):
        for _ in range(2):
            assert warnings_of(np.exp, np.array([1000.0])) == ["overflow encountered in exp"]
        assert warnings_of(np.exp, np.array([1.0])) == []
        assert np.geterr()["over"] == state


def test_the_facts_are_a_record(tmp_path) -> None:
    files.write_json(tmp_path / "activations.json", check_activations())
    assert files.read_json(tmp_path / "activations.json")["moderate"]["out"][1] == 0.5
