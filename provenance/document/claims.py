"""Claims: sentences that the report may print only while the records bear them out.

A claim has a sentence, the numbers that it speaks of (as paths into the records) and a condition
on these numbers. The claims stand in report/claims.yaml, where a reader finds all three together.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2.sandbox import SandboxedEnvironment

from provenance.document.latex import environment
from provenance.errors import Failure
from provenance.files import read_json, read_yaml


def evaluate_claims(path: str | Path, facts: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Evaluate every claim over the records.

    Parameters
    ----------
    path : str or Path
        The claims, as YAML: name -> sentence, numbers, holds.
    facts : mapping
        The records.

    Returns
    -------
    dict
        For each claim its sentence as LaTeX, its numbers, its condition and whether it holds.

    Raises
    ------
    Failure
        If a name stands there twice, a number is not in the records or a condition is none.
    """
    evaluated = {}
    for name, claim in read_yaml(path).items():
        condition, sentence = claim["holds"], claim["sentence"].strip()
        numbers = {key: _look_up(name, facts, at) for key, at in claim["numbers"].items()}
        holds = _decide(name, condition, numbers)
        said = {"sentence": _say(sentence, numbers, holds), "numbers": numbers}
        evaluated[name] = {**said, "condition": condition, "holds": holds}
    return evaluated


def read_facts(**paths: str | Sequence[str]) -> dict[str, Any]:
    """Read records, by name; of several under one name there are `first`, `last` and `all`."""
    facts: dict[str, Any] = {}
    for name, path in paths.items():
        if isinstance(path, str):
            facts[name] = read_json(path)
        else:
            records = [read_json(one) for one in path]
            facts[name] = {"first": records[0], "last": records[-1], "all": records}
    return facts


def _decide(claim: str, condition: str, numbers: Mapping[str, Any]) -> bool:
    """Evaluate a condition; one that compares what never happened, None, does not hold."""
    # Conditions compare numbers; the sandbox keeps them from doing anything else.
    sandbox = SandboxedEnvironment()
    try:
        holds = sandbox.compile_expression(condition, undefined_to_none=False)(**numbers)
    # A condition is a person's expression: whatever it raises is an answer to them.
    except Exception as error:
        if isinstance(error, TypeError) and None in numbers.values():
            return False
        holds = error
    if not isinstance(holds, bool):
        cause = (
            f"The condition of claim {claim!r} must be true or false; {condition!r} is {holds!r}"
        )
        raise Failure(f"{cause} with {_list(numbers)}.", "Correct it in report/claims.yaml.")
    return holds


def _say(sentence: str, numbers: Mapping[str, Any], holds: bool) -> str:
    """Put the numbers into a sentence; in one that does not hold, what is None is "never"."""
    if not holds:
        for number in (number for number, value in numbers.items() if value is None):
            sentence = re.sub(rf"<< *{number}\b.*?>>", "[never]", sentence)
    return environment(".").from_string(sentence).render(numbers)


def _look_up(claim: str, facts: Mapping[str, Any], path: str) -> Any:
    """Follow a dotted path into the records; a whole number picks from a list."""
    value: Any = facts
    for key in str(path).split("."):
        try:
            value = value[int(key)] if isinstance(value, list) else value[key]
        except (KeyError, IndexError, TypeError, ValueError) as error:
            known = sorted(value) if isinstance(value, Mapping) else type(value).__name__
            cause = f"Claim {claim!r} asks the records for {path!r}, but there is no {key!r}"
            remedy = "Correct the path in report/claims.yaml."
            raise Failure(f"{cause} in {known}.", remedy) from error
    return value


def require_true(claims: Mapping[str, Mapping[str, Any]]) -> None:
    """Stop the build at sentences that are not true.

    Raises
    ------
    Failure
        With the name, sentence, numbers and condition of each claim that does not hold.
    """
    false = "".join(
        f"\n    claim {name}: {claim['sentence']}\n"
        f"      expected: {claim['condition']}; got: {_list(claim['numbers'])}"
        for name, claim in claims.items()
        if not claim["holds"]
    )
    if false:
        raise Failure(
            f"The report says what its records do not bear out:{false}",
            "If the change that led here is meant, correct the sentence or its condition in "
            "report/claims.yaml; else undo the change.",
        )


def _list(numbers: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} = {value}" for name, value in numbers.items())
