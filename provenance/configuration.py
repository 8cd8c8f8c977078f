"""The configuration, checked before anything depends on it."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from provenance.errors import Failure
from provenance.files import read_yaml

if TYPE_CHECKING:
    from jsonschema.exceptions import ValidationError


def require_sections(path: str | Path) -> None:
    """Refuse a file that Snakemake could not read as a configuration with named sections."""
    content = read_yaml(path)
    if not isinstance(content, dict):
        got = "an empty file" if content is None else f"{content!r:.60}"
        raise Failure(
            f"{path}: expected sections as `name:`; got {got}.",
            f"Correct it; {path} as committed is a valid example.",
        )


def check_config(config: dict[str, Any], schema: str | Path, path: str | Path) -> None:
    """Refuse a configuration that the schema does not allow; name every wrong key of the file."""
    # Not at the top: it takes longer to load than all else, and few need it.
    from jsonschema.validators import Draft202012Validator, extend  # noqa: PLC0415

    types = Draft202012Validator.TYPE_CHECKER
    # A schema's integers are Python's: no 200.0.
    whole = types.redefine("integer", lambda _, value: type(value) is int)
    Validator = extend(Draft202012Validator, type_checker=whole)
    errors = sorted(Validator(read_yaml(schema)).iter_errors(config), key=lambda e: e.json_path)
    if problems := [*map(_explain, errors), *_not_finite(config)]:
        raise Failure(
            f"{path} (or --config) is not valid:\n    " + "\n    ".join(problems),
            f"Correct these keys; {path} as committed is a valid example.",
        )


def require_printed(
    config: dict[str, Any],
    path: str | Path,
    overridable: Collection[str] = (),
    *,
    begun: bool = False,
) -> None:
    """Refuse settings other than the file's, which is printed, but for those that may differ.

    Once a build has begun, it is the file that was changed.
    """
    printed = read_yaml(path)
    keys = sorted({*config, *printed} - {*overridable})
    others = [key for key in keys if config.get(key) != printed.get(key)]
    if others and begun:
        raise Failure(
            f"{path} was changed while the build was running ({', '.join(others)}).",
            "Run the same command again.",
        )
    if others:
        allowed = " and ".join(f"`{key}`" for key in overridable) or "nothing"
        raise Failure(
            f"The command line changes {', '.join(others)}, but the report prints {path}.",
            f"Write the values into {path}; --config may set {allowed} only.",
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
        with suppress(ValueError):
            float(error.instance)
            hint = " (YAML reads this as text; write it with a point, as 0.001 or 1.0e-3)"
    return f"{key}: expected {error.schema.get('description')}; got {error.instance!r:.80}{hint}"


def _unknown(key: str, name: str, known: list[str]) -> str:
    """Say which valid key is nearest to an unknown one."""
    where = f" in {key}" if key != "the configuration" else ""
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]!r}?" if near else f"expected one of {', '.join(known)}"
    return f"unknown key {name!r}{where}; {hint}"


def _not_finite(value: Any, key: str = "") -> Iterator[str]:
    """Find NaN, infinity and numbers too large to compute with, which pass in a schema."""
    if isinstance(value, dict | list):
        for name, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield from _not_finite(item, f"{key}.{name}" if key else str(name))
    elif isinstance(value, int | float) and not abs(value) <= sys.float_info.max:
        yield f"{key}: expected a finite number; got {value!s:.80}"
