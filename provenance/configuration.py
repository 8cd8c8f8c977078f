"""The configuration, checked before anything depends on it."""

from __future__ import annotations

import difflib
import math
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError

from provenance.errors import Failure


def require_sections(path: str | Path) -> None:
    """Refuse a file that Snakemake could not read as a configuration.

    Parameters
    ----------
    path : str or Path
        A YAML file.

    Raises
    ------
    Failure
        If the file is missing, is not YAML, or does not hold named sections.
    """
    remedy = f"Correct it; {path} as committed is a valid example."
    try:
        content = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise Failure(f"{path} cannot be read: {error}.", remedy) from error
    except yaml.YAMLError as error:
        where = " ".join(str(error).split())
        raise Failure(f"{path} is not valid YAML: {where}.", remedy) from error
    if not isinstance(content, dict):
        got = "an empty file" if content is None else f"{content!r:.60}"
        raise Failure(f"{path}: expected sections as `author:`; got {got}.", remedy)


def check_config(config: dict[str, Any], schema_path: str | Path) -> None:
    """Refuse a configuration that the schema does not allow.

    Parameters
    ----------
    config : dict
        What config.yaml and the command line say.
    schema_path : str or Path
        A JSON schema, written in YAML.

    Raises
    ------
    Failure
        With every key that is wrong, what was expected there, what came, and for a mistyped key
        the nearest valid one.
    """
    schema = yaml.safe_load(Path(schema_path).read_text(encoding="utf-8"))
    errors = sorted(Draft202012Validator(schema).iter_errors(config), key=lambda e: e.json_path)
    problems = [_explain(error) for error in errors] + list(_not_finite(config))
    if problems:
        raise Failure(
            "config/config.yaml (or --config) is not valid:\n    " + "\n    ".join(problems),
            "Correct these keys; config/config.yaml as committed is a valid example.",
        )


def require_printed(config: dict[str, Any], path: str | Path, overridable=()) -> None:
    """Refuse settings other than those of the file, which the report prints as its own.

    Parameters
    ----------
    config : dict
        What the file and the command line say.
    path : str or Path
        The file.

    Raises
    ------
    Failure
        With the sections that differ. Only `dataset` may: either has its own report.
    """
    printed = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
    keys = sorted({*config, *printed} - set(overridable))
    if others := [key for key in keys if config.get(key) != printed.get(key)]:
        raise Failure(
            f"The command line changes {', '.join(others)}, but the report prints {path}.",
            f"Write the values into {path}; --config may set `dataset` only.",
        )


def _explain(error: ValidationError) -> str:
    """Say in one line what a key should hold and what it holds."""
    key = ".".join(map(str, error.absolute_path)) or "the configuration"
    if error.validator == "additionalProperties":
        known = list(error.schema["properties"])
        unknown = [name for name in error.instance if name not in known]
        return "; ".join(_unknown(key, str(name), known) for name in unknown)
    if error.validator == "required":
        return f"{key}: {error.message}"
    hint = ""
    if isinstance(error.instance, str) and error.validator == "type":
        try:
            float(error.instance)
            hint = " (YAML reads this as text; write it with a point, as 0.001 or 1.0e-3)"
        except ValueError:
            pass
    meaning = error.schema.get("description", "")
    return f"{key}: expected {meaning}; got {error.instance!r}{hint}"


def _unknown(key: str, name: str, known: list[str]) -> str:
    """Say which valid key is nearest to an unknown one."""
    where = f" in {key}" if key != "the configuration" else ""
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"expected one of {', '.join(known)}"
    return f"unknown key {name!r}{where}; {hint}"


def _not_finite(value: Any, key: str = "") -> list[str]:
    """Find NaN and infinity, which pass as numbers in a schema."""
    if isinstance(value, float) and not math.isfinite(value):
        return [f"{key}: expected a finite number; got {value}"]
    items: list[tuple[Any, Any]] = []
    if isinstance(value, dict):
        items = list(value.items())
    elif isinstance(value, list):
        items = list(enumerate(value))
    return [
        problem
        for name, item in items
        for problem in _not_finite(item, f"{key}.{name}" if key else str(name))
    ]
