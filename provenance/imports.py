"""Which source files a script really uses: its own and every project module that it reaches.

Snakemake sees that a script changed, but not a module that the script imports. So each rule gets
the files found here as inputs. They are found without running anything, by reading the import
statements.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from provenance.errors import Failure, missing


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

    Raises
    ------
    Failure
        If one of the files is not valid Python.
    """
    reached, ahead = set(), [script]
    while ahead:
        path = ahead.pop()
        if path not in reached:
            reached.add(path)
            ahead.extend(_imported_files(path, str(root)))
    return sorted(reached)


@cache
def _imported_files(path: str, root: str) -> list[str]:
    """List the project's files that one file imports directly."""
    try:
        code = (Path(root) / path).read_bytes()
        code.decode()  # Python would not mind another encoding; who prints the code does
        tree = ast.parse(code, filename=path)
    except FileNotFoundError as error:
        raise missing(path) from error
    except (OSError, SyntaxError, ValueError) as error:
        raise Failure(f"{path} cannot be read as Python: {error}.", "Correct that file.") from error
    absolute = (_absolute(name, path) for name in set(_imported_names(tree)))
    return sorted({file for name in absolute for file in _files_of(name, root)})


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
def _files_of(name: str, root: str) -> list[str]:
    """List the project's files that importing a name runs, looking for each name once."""
    return [path.relative_to(root).as_posix() for path in _on_the_way(name, Path(root))]


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
