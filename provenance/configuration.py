"""The configuration, checked before anything depends on it."""

from __future__ import annotations

import difflib
import sys
from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import yaml
from jsonschema import Draft202012Validator
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend

from provenance.errors import Failure

#: A schema's integers are Python's: no 200.0.
INTEGER = Draft202012Validator.TYPE_CHECKER.redefine("integer", lambda _, value: type(value) is int)
Validator = extend(Draft202012Validator, type_checker=INTEGER)


class _Loader(yaml.SafeLoader):
    """Refuses a key that stands twice in a section, and what contains itself."""

    def construct_document(self, node: yaml.Node) -> Any:
        self.deep_construct = True  # only then does PyYAML notice what contains itself
        return super().construct_document(node)

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = [str(key.value) for key, _ in node.value]
        for number, key in enumerate(keys):
            if key in keys[:number]:
                mark = node.value[number][0].start_mark
                raise yaml.MarkedYAMLError(problem=f"{key!r} stands there twice", problem_mark=mark)
        return super().construct_mapping(node, deep=deep)


def load_yaml(path: str | Path) -> Any:
    """Read a YAML file in which no key stands twice and nothing contains itself, or say why not."""
    remedy = f"Correct it; {path} as committed is a valid example."
    try:
        return yaml.load(Path(path).read_text(encoding="utf-8"), Loader=_Loader)
    except (OSError, UnicodeDecodeError) as error:
        raise Failure(f"{path} cannot be read: {error}.", remedy) from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # a number may be too long
        where = " ".join(str(error).split())
        raise Failure(f"{path} is not valid YAML: {where}.", remedy) from error


def require_sections(path: str | Path) -> None:
    """Refuse a file that Snakemake could not read as a configuration with named sections."""
    content = load_yaml(path)
    if not isinstance(content, dict):
        got = "an empty file" if content is None else f"{content!r:.60}"
        raise Failure(
            f"{path}: expected sections as `name:`; got {got}.",
            f"Correct it; {path} as committed is a valid example.",
        )


def check_config(config: dict[str, Any], schema: str | Path, path: str | Path) -> None:
    """Refuse a configuration that the schema does not allow; name every wrong key of the file."""
    errors = sorted(Validator(load_yaml(schema)).iter_errors(config), key=lambda e: e.json_path)
    if problems := [*map(_explain, errors), *_not_finite(config)]:
        raise Failure(
            f"{path} (or --config) is not valid:\n    " + "\n    ".join(problems),
            f"Correct these keys; {path} as committed is a valid example.",
        )


def require_printed(
    config: dict[str, Any], path: str | Path, overridable: Collection[str] = ()
) -> None:
    """Refuse settings other than the file's, which is printed, but for those that may differ."""
    printed = load_yaml(path)
    keys = sorted({*config, *printed} - {*overridable})
    if others := [key for key in keys if config.get(key) != printed.get(key)]:
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
