"""Write docs/faults.md from the marks of the tests: `python -m tests.faults.table`."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from tests.faults.matrix import FAULTS

HERE = Path(__file__).parent
TABLE = HERE.parents[1] / "docs" / "faults.md"
HEAD = """\
# What may go wrong, what happens then, and the test that shows it

Unless a row says otherwise, a build that meets a fault ends with a non-zero exit status and says
in its last lines what happened and what to do; it leaves no partial file under a final name; and
the same command again, once the cause is gone, gives what an undisturbed build gives.

`make test` runs the quick tests, `make test-faults` all of them. This file is written from the
tests by `python -m tests.faults.table`; a test keeps it up to date.

| # | fault | promise | tests |
|---|---|---|---|
"""


class Marked(NamedTuple):
    """A test that claims a row."""

    number: int
    promise: str
    file: str
    name: str
    slow: bool


def marked() -> Iterator[Marked]:
    """Read the marks of all tests here, without running or importing them."""
    for path in sorted(HERE.glob("test_*.py")):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef):
                slow = any(
                    ast.unparse(mark) == "pytest.mark.faults" for mark in node.decorator_list
                )
                for mark in node.decorator_list:
                    if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "row":
                        number, promise = [*map(ast.literal_eval, mark.args), ""][:2]
                        yield Marked(number, promise, path.name, node.name, slow)


def table() -> str:
    """Write the table."""
    tests = list(marked())
    return HEAD + "".join(
        _line(number, [t for t in tests if t.number == number]) for number in FAULTS
    )


def _line(number: int, tests: list[Marked]) -> str:
    promise = " ".join(test.promise for test in tests if test.promise)
    named = "<br>".join(
        f"[`{test.name}`](../tests/faults/{test.file}){' (slow)' if test.slow else ''}"
        for test in tests
    )
    return f"| {number} | {FAULTS[number]} | {promise} | {named} |\n"


if __name__ == "__main__":
    TABLE.parent.mkdir(exist_ok=True)
    TABLE.write_text(table(), encoding="utf-8")
