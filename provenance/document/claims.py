"""Claims: sentences that the report may print only while the records bear them out.

A claim has a sentence, the numbers that it speaks of (as paths into the records) and a condition
on these numbers. The claims stand in report/claims.yaml, where a reader finds all three together.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from jinja2 import Environment
from jinja2.sandbox import SandboxedEnvironment

from provenance.errors import Failure
from provenance.document.latex import environment


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
        If a number is not in the records or a condition is not an expression.
    """
    claims = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    latex = environment(Path(path).parent)
    # Conditions compare numbers; the sandbox keeps them from doing anything else.
    conditions = SandboxedEnvironment()
    evaluated = {}
    for name, claim in claims.items():
        numbers = {key: _look_up(name, facts, at) for key, at in claim["numbers"].items()}
        holds = _decide(name, claim["holds"], numbers, conditions)
        evaluated[name] = {
            "sentence": _say(name, claim["sentence"].strip(), numbers, holds, latex),
            "numbers": numbers,
            "condition": claim["holds"],
            "holds": holds,
        }
    return evaluated


def _decide(
    claim: str, condition: str, numbers: Mapping[str, Any], conditions: SandboxedEnvironment
) -> bool:
    """Evaluate a condition, which must come out true or false.

    A condition that compares what never happened, None, does not hold.
    """
    try:
        holds = conditions.compile_expression(condition, undefined_to_none=False)(**numbers)
        outcome = repr(holds)
    # A condition is a person's expression: whatever it raises is an answer to them.
    except Exception as error:
        if isinstance(error, TypeError) and None in numbers.values():
            # What never happened is None in the records, and no number to compare with.
            return False
        holds, outcome = None, f"{type(error).__name__}: {error}"
    if not isinstance(holds, bool):
        raise Failure(
            f"The condition of claim {claim!r} must be true or false; "
            f"{condition!r} is {outcome} with {_list(numbers)}.",
            "Correct it in report/claims.yaml.",
        )
    return holds


def _say(
    claim: str, sentence: str, numbers: Mapping[str, Any], holds: bool, latex: Environment
) -> str:
    """Put the numbers into a sentence; in one that does not hold, what is None is "never"."""
    if not holds:
        for number in (number for number, value in numbers.items() if value is None):
            sentence = re.sub(rf"<< *{number}\b.*?>>", "[never]", sentence)
    return latex.from_string(sentence).render(numbers)


def _look_up(claim: str, facts: Mapping[str, Any], path: str) -> Any:
    """Follow a dotted path into the records; a whole number picks from a list."""
    value: Any = facts
    for key in str(path).split("."):
        try:
            value = value[int(key)] if isinstance(value, list) else value[key]
        except (KeyError, IndexError, TypeError, ValueError) as error:
            known = sorted(value) if isinstance(value, Mapping) else f"{type(value).__name__}"
            raise Failure(
                f"Claim {claim!r} asks the records for {path!r}, "
                f"but there is no {key!r} in {known}.",
                "Correct the path in report/claims.yaml.",
            ) from error
    return value


def require_true(claims: Mapping[str, Mapping[str, Any]]) -> None:
    """Stop the build at a sentence that is not true.

    Raises
    ------
    Failure
        With the name, sentence, numbers and condition of each claim that does not hold.
    """
    false = {name: claim for name, claim in claims.items() if not claim["holds"]}
    if false:
        raise Failure(
            "The report says what its records do not bear out:\n"
            + "\n".join(
                f"    claim {name}: {claim['sentence']}\n"
                f"      expected: {claim['condition']}; got: {_list(claim['numbers'])}"
                for name, claim in false.items()
            ),
            "If the change that led here is meant, correct the sentence or its condition in "
            "report/claims.yaml; else undo the change.",
        )


def _list(numbers: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} = {value}" for name, value in numbers.items())
