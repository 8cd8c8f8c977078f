"""Which source files a script really uses: its own and every project module that it reaches.

Snakemake sees that a script changed, but not a module that the script imports. So each rule names
the files found here among its inputs. They are found without running anything, by reading the
import statements.
"""

from __future__ import annotations

import ast
import hashlib
import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from provenance.files import write_text

#: What each content imports. Parsing takes longer than all else here; contents seldom change.
MEMORY = Path(".snakemake/imports.json")


def sources(script: str, root: str | Path) -> list[str]:
    """List the files that a script reaches by import.

    Parameters
    ----------
    script : str
        The script, relative to `root`.
    root : str or Path
        The project's folder. Imports of modules that are not in it are libraries, left out here:
        their versions stand in requirements.txt.

    Returns
    -------
    list of str
        Paths relative to `root`, sorted, the script among them.
    """
    reached, ahead = set(), [script]
    while ahead:
        path = ahead.pop()
        if path not in reached:
            reached.add(path)
            ahead.extend(_imported_files(path, str(root)))
    return sorted(reached)


@cache
def _imported_files(path: str, root: str) -> tuple[str, ...]:
    """List the project's files that one file imports directly."""
    names = _remembered_names((Path(root) / path).read_bytes(), path)
    absolute = (_absolute(name, path) for name in names)
    return tuple(sorted({file for name in absolute for file in _files_of(name, root)}))


def _remembered_names(content: bytes, path: str) -> list[str]:
    """List the names that a file imports, parsing it only if its content is new."""
    memory = _memory()
    key = hashlib.sha256(content).hexdigest()
    if key not in memory:
        memory[key] = sorted(set(_imported_names(ast.parse(content, filename=path))))
    return memory[key]


@cache
def _memory() -> dict[str, list[str]]:
    """Read what earlier runs found out; a file that is broken counts for nothing."""
    try:
        memory: dict[str, list[str]] = json.loads(MEMORY.read_text(encoding="utf-8"))
        return memory
    except (OSError, ValueError):
        return {}


def remember() -> None:
    """Keep what this run found out for the next."""
    text = json.dumps(_memory())
    if not MEMORY.exists() or MEMORY.read_text(encoding="utf-8") != text:
        write_text(MEMORY, text)


def _imported_names(tree: ast.AST) -> Iterator[str]:
    """Yield each dotted name that an import statement anywhere in the file could mean."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            # "from a import b" means the module a.b, or the name b in the module a.
            start = "." * node.level + (f"{node.module}." if node.module else "")
            yield from (start + alias.name for alias in node.names)


def _absolute(name: str, path: str) -> str:
    """Resolve a relative name, which begins with dots, from the file that imports it."""
    relative = name.lstrip(".")
    if level := len(name) - len(relative):
        return ".".join([*Path(path).parts[:-level], relative])
    return name


@cache
def _files_of(name: str, root: str) -> tuple[str, ...]:
    """List the project's files that importing a name runs, looking for each name once."""
    return tuple(path.relative_to(root).as_posix() for path in _on_the_way(name, Path(root)))


def _on_the_way(name: str, root: Path) -> Iterator[Path]:
    """Yield the module's file, and the `__init__.py` of each package on the way to it."""
    parts = name.split(".")
    for depth in range(1, len(parts) + 1):
        place = root.joinpath(*parts[:depth])
        if (package := place / "__init__.py").is_file():
            yield package
            if depth == len(parts) - 1 and not _is_module(place / parts[-1]):
                # "from nn import train": the package hands on names of any of its modules.
                yield from sorted(place.glob("[!.]*.py"))
        elif (module := place.with_suffix(".py")).is_file():
            yield module
            return
        elif not place.is_dir():
            return


def _is_module(place: Path) -> bool:
    """Tell whether a dotted name's place is a module or a package."""
    return place.with_suffix(".py").is_file() or place.is_dir()
