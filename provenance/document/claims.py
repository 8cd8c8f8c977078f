"""Claims: sentences that the report may print only while the records bear them out.

A claim has a sentence, the numbers that it speaks of (as paths into the records) and a condition
on these numbers. The claims stand in report/claims.yaml, where a reader finds all three together.

A claim may also speak over seeds, of a list of records with one for each seed, that of the
document's own run first. With `over_seeds` its sentence and its condition know

- `seeds`, how many there are;
- `holding`, for how many of them the condition in `over_seeds` holds, and `share_low` and
  `share_high`, a 95 % interval (Wilson's) of that share;
- `least`, `most` and `middle` (the median) of each number of `over_seeds`, without those that are
  None or not in a later seed's record, of which there are `missing`;
- `place`, that of the own run: 1 if none is larger.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from statistics import median
from typing import Any

from jinja2 import nodes
from jinja2.environment import TemplateExpression
from jinja2.exceptions import UndefinedError
from jinja2.parser import Parser
from jinja2.sandbox import SandboxedEnvironment

from provenance.document.latex import environment
from provenance.errors import Failure
from provenance.files import read_json, read_yaml
from provenance.plain import plain

# Conditions compare numbers; the sandbox keeps them from doing anything else.
SANDBOX = SandboxedEnvironment()
# What is told over seeds of each number: `least.loss`.
OVER_SEEDS = ("least", "most", "middle", "place", "missing")


def evaluate_claims(path: str | Path, facts: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Evaluate every claim over the records.

    Parameters
    ----------
    path : str or Path
        The claims, as YAML: name -> sentence, numbers, holds and, if wanted, over_seeds: of (where
        the list is), numbers (paths in each of its records) and holds.
    facts : mapping
        The records.

    Returns
    -------
    dict
        For each claim its sentence as LaTeX, its numbers, what it says over seeds, the paths of
        both (`asked`), its condition, whether it holds, the margin by which it does or does not
        (`margin`) and the names of the records that it is about.

    Raises
    ------
    Failure
        If a name stands there twice, a number is not in the records or a condition is none.
    """
    evaluated = {}
    for name, claim in read_yaml(path).items():
        condition, sentence = claim["holds"], claim["sentence"].strip()
        numbers = {key: _look_up(name, facts, at) for key, at in claim["numbers"].items()}
        seeds = _over_seeds(name, claim["over_seeds"], facts) if "over_seeds" in claim else {}
        if shared := numbers.keys() & seeds.keys():
            cause = f"Claim {name!r} calls a number {min(shared)}, which `over_seeds` defines."
            raise Failure(cause, "Give the number another name in report/claims.yaml.")
        known = numbers | seeds
        holds = decide(name, condition, known)
        if known.keys().isdisjoint(_names(_parsed(condition))):
            cause = f"The condition of claim {name!r}, {condition!r}, asks for none of its numbers."
            remedy = "Let it fail where the sentence is false, in report/claims.yaml."
            raise Failure(cause, remedy)
        paths = [*claim["numbers"].values(), claim.get("over_seeds", {}).get("of", "")]
        evaluated[name] = {
            "sentence": _say(sentence, known, holds),
            "numbers": numbers,
            "over_seeds": seeds,
            "asked": {key: claim[key] for key in ("numbers", "over_seeds") if key in claim},
            "condition": condition,
            "holds": holds,
            "margin": margin(condition, known),
            "records": sorted({path.partition(".")[0] for path in paths if path}),
        }
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


def records_of(at: str, paths: Mapping[str, str | Sequence[str]]) -> list[str]:
    """Name the records behind a path into the facts that `read_facts` read from these files."""
    name, *rest = at.split(".")
    found = paths[name]
    if isinstance(found, str):
        return [found]
    places = {"first": found[:1], "last": found[-1:]}
    if rest[:1] == ["all"] and len(rest) > 1:
        return [found[int(rest[1])]]
    return [*places.get(rest[0], found)] if rest else [*found]


def _over_seeds(claim: str, asked: Mapping[str, Any], facts: Mapping[str, Any]) -> dict[str, Any]:
    """Gather what a claim knows of all seeds."""
    records, paths = _look_up(claim, facts, asked["of"]), asked["numbers"]
    if not isinstance(records, list) or not records:
        cause = f"Claim {claim!r} expects in {asked['of']!r} a list with a record for each seed"
        remedy = "Correct `of` in report/claims.yaml, or the rule that makes the records."
        raise Failure(f"{cause}; got {records!r:.60}.", remedy)
    runs = [{key: _look_up(claim, facts, f"{asked['of']}.0.{at}") for key, at in paths.items()}]
    for record in records[1:]:  # of a seed that came to nothing there may be less
        run = {}
        for key, at in paths.items():
            with suppress(Failure):
                run[key] = _look_up(claim, record, at)
        runs.append(dict.fromkeys(paths) | run)
    said: dict[str, Any] = {"seeds": len(runs)}
    if "holds" in asked:
        # Not at the top: it takes long to load, and most of this module's users do without.
        from scipy.stats import binomtest  # noqa: PLC0415

        holding = sum(decide(claim, asked["holds"], run) for run in runs)
        low, high = binomtest(holding, len(runs)).proportion_ci(method="wilson")
        said |= {"holding": holding, "share_low": float(low), "share_high": float(high)}
    for key in paths:
        values = [run[key] for run in runs if run[key] is not None]
        if not all(type(value) in (int, float) for value in values):
            continue  # a list, a text, true or false: for the condition only
        own = runs[0][key]
        extremes = min(values, default=None), max(values, default=None)
        place = None if own is None else 1 + sum(value > own for value in values)
        told = (*extremes, median(values) if values else None, place, len(runs) - len(values))
        for name, value in zip(OVER_SEEDS, told, strict=True):
            said.setdefault(name, {})[key] = value
    return said


def decide(claim: str, condition: str, names: Mapping[str, Any]) -> bool:
    """Evaluate a condition; one that compares what never happened, None, does not hold."""
    try:
        holds = SANDBOX.compile_expression(condition, undefined_to_none=False)(**names)
    # A condition is a person's expression: whatever it raises is an answer to them.
    except Exception as error:
        if isinstance(error, TypeError) and None in flat(names).values():
            return False
        holds = error
    if not isinstance(holds, bool):
        cause = (
            f"The condition of claim {claim!r} must be true or false; {condition!r} is {holds!r}"
        )
        raise Failure(f"{cause} with {_list(names)}.", "Correct it in report/claims.yaml.")
    return holds


def margin(condition: str, names: Mapping[str, Any]) -> dict[str, Any] | None:
    """Find the number nearest to its threshold, of those that a condition compares by size."""
    found = []
    for number, threshold in _comparisons(_parsed(condition)):
        try:
            value, bound = (_value(side, names) for side in (number, threshold))
            distance = abs(value - bound)
        except (TypeError, ArithmeticError, UndefinedError):
            continue  # of what never happened, or not of numbers
        relative = distance / (max(abs(value), abs(bound)) or 1)
        told = {"number": _text(number), "value": value, "threshold": bound}
        found.append({**told, "distance": distance, "relative": relative})
    return min(found, key=lambda one: one["relative"], default=None)


def _parsed(condition: str) -> nodes.Node:
    """Parse a condition."""
    return nodes.Output([Parser(SANDBOX, condition, state="variable").parse_expression()])


def _names(expression: nodes.Node) -> list[str]:
    """Name what a part of a condition asks for."""
    return [name.name for name in expression.find_all(nodes.Name)]


def _comparisons(condition: nodes.Node) -> Iterator[tuple[nodes.Expr, nodes.Expr]]:
    """Yield the two sides of each comparison by size; a constant comes second."""
    for comparison in condition.find_all(nodes.Compare):
        left = comparison.expr
        for operand in comparison.ops:
            right = operand.expr
            if operand.op in ("lt", "lteq", "gt", "gteq"):
                yield (right, left) if isinstance(left, nodes.Const) else (left, right)
            left = right


def _value(expression: nodes.Expr, names: Mapping[str, Any]) -> Any:
    """Evaluate a part of a condition."""
    result = nodes.Assign(nodes.Name("result", "store", lineno=1), expression, lineno=1)
    template = SANDBOX.from_string(nodes.Template([result], lineno=1))
    return TemplateExpression(template, undefined_to_none=False)(**names)


def _text(expression: nodes.Node) -> str:
    """Write a part of a condition again."""
    match expression:
        case nodes.Name():
            return expression.name
        case nodes.Const():
            return repr(expression.value)
        case nodes.Getattr():
            return f"{_text(expression.node)}.{expression.attr}"
        case nodes.Getitem():
            return f"{_text(expression.node)}[{_text(expression.arg)}]"
        case nodes.Filter(node=nodes.Node() as filtered):
            return f"{_text(filtered)} | {expression.name}"
        case nodes.BinExpr():
            return f"({_text(expression.left)} {expression.operator} {_text(expression.right)})"
    return ", ".join(_names(expression))


def _say(sentence: str, names: Mapping[str, Any], holds: bool) -> str:
    """Put the numbers into a sentence; in one that does not hold, what is None is "never"."""
    if not holds:
        for name in (name for name, value in flat(names).items() if value is None):
            asks = rf"<<(?:(?!>>).)*?(?<![\w.]){re.escape(name)}\b.*?>>"
            sentence = re.sub(asks, "[never]", sentence)
    return environment(".").from_string(sentence).render(names)


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


def unproven(claims: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Name the claims that do not hold."""
    return [name for name, claim in claims.items() if not claim["holds"]]


def require_true(claims: Mapping[str, Mapping[str, Any]]) -> None:
    """Stop the build at sentences that are not true.

    Parameters
    ----------
    claims : mapping
        From `evaluate_claims`.

    Raises
    ------
    Failure
        With the name, sentence, numbers and condition of each claim that does not hold.
    """
    false = [(name, claims[name]) for name in unproven(claims)]
    listed = "".join(
        f"\n    {name}: “{plain(claim['sentence'])}”\n"
        f"      It may stand if {' '.join(claim['condition'].split())};\n"
        f"      but {_list(claim['numbers'] | claim['over_seeds'])}."
        for name, claim in false
    )
    if false:
        raise Failure(
            f"{len(false)} of the report's {len(claims)} sentences do not hold:{listed}",
            "If these settings are meant, write `claims: mark` into the configuration: then a "
            "report is made that marks these sentences. If a sentence should say something else, "
            "correct it and its condition in report/claims.yaml. Else undo the change.",
        )


def _list(names: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} = {value}" for name, value in flat(names).items())


def flat(names: Mapping[str, Any]) -> dict[str, Any]:
    """Name what is told over seeds as a sentence does: `least.loss`."""
    flat: dict[str, Any] = {}
    for name, value in names.items():
        inner = name in OVER_SEEDS and isinstance(value, Mapping)
        flat |= {f"{name}.{key}": v for key, v in value.items()} if inner else {name: value}
    return flat
