"""Files that appear whole or not at all, JSON among them, and their hashes.

Jobs that compute nothing need not load NumPy.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import yaml

from provenance.errors import Failure, missing


@contextmanager
def beside(path: str | Path) -> Iterator[Path]:
    """Hand out a temporary name in the folder of `path`, made if missing; rename it on success."""
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path
    try:
        prefix = f".{path.name[:50]}."
        handle, name = tempfile.mkstemp(prefix=prefix, suffix=".part", dir=path.parent)
        os.close(handle)
        temporary = Path(name)
        yield temporary
        # mkstemp makes private files; a record is as readable as the umask lets other files be.
        umask = os.umask(0)
        os.umask(umask)
        with suppress(OSError):  # a drive without such rights
            temporary.chmod(0o666 & ~umask)
        temporary.replace(path)
    except OSError as error:
        # The name that a person knows.
        if error.filename in (None, str(temporary)) or temporary == path:
            error.filename = str(path)
        raise
    finally:
        if temporary != path:
            temporary.unlink(missing_ok=True)


def write_bytes(path: str | Path, content: bytes) -> None:
    """Write `content` to `path`, whole or not at all."""
    with beside(path) as temporary:
        temporary.write_bytes(content)


def write_text(path: str | Path, text: str) -> None:
    """Write `text` to `path` as UTF-8 with plain newlines, whole or not at all."""
    write_bytes(path, text.encode())


def write_json(path: str | Path, facts: Any) -> None:
    """Write facts as canonical JSON, whole or not at all.

    Parameters
    ----------
    path : str or Path
        Where to.
    facts : dict, list, str, number, bool or None
        Nested as JSON allows it; values of NumPy's count as plain ones.

    Raises
    ------
    ValueError
        If a number is NaN or infinite: JSON has no such value, and no fact should.
    """
    write_text(path, canonical_json(facts))


def canonical_json(facts: Any) -> str:
    """Write facts in the one form that they have: sorted keys, shortest floats, final newline."""
    text = json.dumps(facts, sort_keys=True, indent=1, allow_nan=False, default=_plain)
    return text + "\n"


def read_json(path: str | Path) -> Any:
    """Read what `write_json` wrote.

    Parameters
    ----------
    path : str or Path
        The file.

    Returns
    -------
    dict, list, str, int, float, bool or None
        The facts.
    """
    return json.loads(Path(path).read_text(encoding="utf-8"))


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


def read_yaml(path: str | Path) -> Any:
    """Read a YAML file in which no key stands twice and nothing contains itself, or say why not."""
    remedy = f"Correct it; {path} as committed is a valid example."
    try:
        return yaml.load(Path(path).read_text(encoding="utf-8"), Loader=_Loader)
    except FileNotFoundError as error:
        raise missing(path) from error
    except (OSError, UnicodeDecodeError) as error:
        raise Failure(f"{path} cannot be read: {error}.", remedy) from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # a number may be too long
        where = " ".join(str(error).split())
        raise Failure(f"{path} is not valid YAML: {where}.", remedy) from error


def _plain(value: object) -> object:
    """Turn what NumPy computed into what JSON knows."""
    numpy = sys.modules.get("numpy")  # whoever has such a value has loaded it
    if numpy and isinstance(value, numpy.generic | numpy.ndarray):
        return value.tolist()
    raise TypeError(f"a record holds numbers, strings, lists and dicts; got {type(value)}")


def digest(facts: Any) -> str:
    """Hash facts in their canonical form."""
    return hashlib.sha256(canonical_json(facts).encode()).hexdigest()


def sha256(path: str | Path) -> str:
    """Hash a file's content, as 64 hexadecimal characters."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
