"""The list of the mistakes: exactly the misread images, whatever is misread."""

from __future__ import annotations

import numpy as np
import pytest

from homework.linear import network_output
from homework.properties import PROPERTIES, measure_test
from provenance import files, records
from tests.homework.drawings import (
    careless_weights,
    cases,
    mistakes_of,
    perfect_weights,
    random_digits,
)


def test_mistakes_are_exactly_the_images_on_the_wrong_side_worst_first():
    d, weights = random_digits(), careless_weights(0.1)
    rows, facts = mistakes_of(d, weights)
    g = network_output(d.X_test, weights)
    assert set(rows["row"]) == set(np.flatnonzero((g >= 0.5) != (d.y_test == 1)))
    assert facts["mistakes"] == len(rows["row"]) > 0
    assert np.all(np.diff(rows["margin"]) >= 0)
    assert np.all(rows["margin"] <= 0)
    assert np.array_equal(rows["test_index"], rows["row"] * 7)
    assert np.array_equal(rows["label"], np.where(d.y_test[rows["row"]] == 1, 9, 3))
    assert np.array_equal(rows["predicted"], 12 - rows["label"])
    assert np.array_equal(rows["predicted"] == 9, rows["probability"] >= 0.5)


def test_the_misread_training_images_are_held_against_the_same_bounds():
    d, weights = random_digits(), careless_weights(0.1)
    _, facts = mistakes_of(d, weights)
    wrong = (network_output(d.X_train, weights) >= 0.5) != (d.y_train == 1)
    for label, digit in enumerate("39"):
        of_digit = facts["digits"][digit]
        ink = d.X_train[wrong & (d.y_train == label)].mean(axis=1)
        assert of_digit["training"]["mistakes"] == len(ink)
        low, high = (of_digit["properties"]["ink"][side] for side in ("low", "high"))
        rate = of_digit["training"]["properties"]["ink"]["rate"]
        assert rate == np.mean((ink < low) | (ink > high)) if len(ink) else rate == 0


def test_the_letters_name_the_properties_whose_value_is_suspicious():
    d, weights = random_digits(), careless_weights(0.1)
    rows, facts = mistakes_of(d, weights)
    values = measure_test(d)
    for row, label, letters in zip(rows["row"], rows["label"], rows["suspicious"], strict=True):
        for name, one in facts["digits"][str(label)]["properties"].items():
            value = values[name][row]
            low, high = one["low"], one["high"]
            beyond = (low is not None and value < low) or (high is not None and value > high)
            assert (PROPERTIES[name].letter in letters) == beyond


@pytest.mark.parametrize("case", cases())
def test_the_mistakes_are_records_whatever_is_misread(case, tmp_path):
    rows, facts = mistakes_of(*cases()[case])
    records.write_csv(tmp_path / "mistakes.csv", rows)
    files.write_json(tmp_path / "mistakes.json", facts)
    rows = records.read_csv(tmp_path / "mistakes.csv")
    assert len(rows["row"]) == files.read_json(tmp_path / "mistakes.json")["mistakes"]


def test_a_perfect_network_makes_no_mistakes_and_explains_none():
    d = random_digits()
    rows, facts = mistakes_of(d, perfect_weights(d))
    assert facts["mistakes"] == len(rows["row"]) == 0
    for digit in ("3", "9"):
        assert facts["digits"][digit]["explains"] == []
        ink = facts["digits"][digit]["properties"]["ink"]
        assert ink["median"]["mistakes"] is None
        assert (ink["strength"], ink["p_value"]) == (0.5, 1.0)
