"""Each claim of the report can fail: its condition notices each number that makes it false."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from functools import cache
from typing import Any

import pytest
import yaml
from jinja2 import nodes

from provenance.document.claims import OVER_SEEDS, SANDBOX, decide
from provenance.document.latex import environment
from provenance.errors import Failure
from provenance.files import read_json
from provenance.plain import plain
from tests.project import ROOT

OF_SEEDS = ("seeds", "holding", "share_low", "share_high")


def read(name: str) -> dict[str, Any]:
    """Read a file of claims."""
    return yaml.safe_load((ROOT / name).read_text(encoding="utf-8"))


CLAIMS = read("report/claims.yaml")
FALSE = read("tests/homework/perturbations.yaml")
RELEASED = read_json(ROOT / "report/claims.expected.json")
# What replaces a number of a claim for which nobody has named values yet.
ANY: tuple[Any, ...] = (-1.0e9, 0, 1.0e9, "", [])


@cache
def numbers_of(name: str) -> dict[str, Any]:
    """Take a claim's numbers from the build in this folder, else from the released report."""
    for path in (ROOT / "results/claims.json", ROOT / "report/claims.expected.json"):
        known = read_json(path).get(name) if path.is_file() else None
        if known and asked(known["numbers"], known["over_seeds"]) >= needed(name):
            return known["numbers"] | known["over_seeds"]
    if name not in RELEASED:
        pytest.skip(f"nobody has built {name} from MNIST")
    pytest.fail(f"the numbers of {name} are in no built and no released report: build it")


def asked(numbers: Mapping[str, Any], seeds: Mapping[str, Any]) -> set[str]:
    """Name all that a claim knows."""
    inner = {f"{name}.{key}" for name in OVER_SEEDS for key in seeds.get(name, {})}
    return {*numbers, *seeds} | inner


def needed(name: str) -> set[str]:
    """Name a claim's numbers, and what it uses of what it knows over seeds."""
    claim = CLAIMS[name]
    trees = [
        environment(".").parse(claim["sentence"]),
        SANDBOX.parse(f"{{{{ {claim['holds']} }}}}"),
    ]
    used = {node.name for tree in trees for node in tree.find_all(nodes.Name)} & {*OF_SEEDS}
    for attribute in (node for tree in trees for node in tree.find_all(nodes.Getattr)):
        if isinstance(attribute.node, nodes.Name) and attribute.node.name in OVER_SEEDS:
            used.add(f"{attribute.node.name}.{attribute.attr}")
    return {*claim["numbers"], *used}


def replaced(numbers: Mapping[str, Any], name: str, value: Any) -> dict[str, Any]:
    """Replace one number, whose name may be that of one over seeds: `least.accuracy`."""
    outer, _, inner = name.partition(".")
    return {**numbers, outer: {**numbers[outer], inner: value} if inner else value}


def perturbed(name: str) -> Iterator[tuple[str, Any]]:
    """Yield each number of a claim with each value that makes its sentence false."""
    for number, values in FALSE.get(name, {}).items():
        for value in values:
            yield number, value


# A claim needs them when it is released; before, the last test is a weaker one.
@pytest.mark.parametrize("name", [name for name in CLAIMS if name in RELEASED or name in FALSE])
def test_values_that_make_a_claim_false_are_named_for_each_of_its_numbers(name: str) -> None:
    named = {number for number, values in FALSE.get(name, {}).items() if values}
    missing = ", ".join(sorted(needed(name) - named))
    assert not missing, f"{name} in tests/homework/perturbations.yaml lacks {missing}"
    assert {*FALSE.get(name, {})} <= needed(name)


@pytest.mark.parametrize("name", CLAIMS)
def test_a_condition_notices_each_number_with_which_its_sentence_is_false(name: str) -> None:
    numbers, condition = numbers_of(name), CLAIMS[name]["holds"]
    assert decide(name, condition, numbers), "this needs numbers with which it is true"
    unnoticed = [
        f"{number} = {value!r}"
        for number, value in perturbed(name)
        if decide(name, condition, replaced(numbers, number, value))
    ]
    assert unnoticed == [], f"with these numbers the condition of {name} holds all the same"


def notices(name: str, number: str, value: Any) -> bool:
    """Tell whether a condition fails when one number is replaced."""
    with suppress(Failure):  # a text is no number
        return not decide(name, CLAIMS[name]["holds"], replaced(numbers_of(name), number, value))
    return False


def test_a_condition_of_which_no_such_values_are_named_depends_on_each_number() -> None:
    unnoticed = [
        f"{name}: {number}"
        for name in CLAIMS.keys() - FALSE.keys()
        for number in sorted(needed(name))
        if not any(notices(name, number, value) for value in ANY)
    ]
    assert unnoticed == []


def test_no_claim_is_perturbed_that_is_not_made() -> None:
    assert {*FALSE} <= {*CLAIMS}


@pytest.mark.parametrize("name", CLAIMS)
def test_a_sentence_that_does_not_hold_is_told_without_tex(name: str) -> None:
    known = numbers_of(name)
    told = plain(environment(".").from_string(CLAIMS[name]["sentence"]).render(known))
    assert not {*r"\${}"} & {*told}, told
