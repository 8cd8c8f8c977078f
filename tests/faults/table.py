"""What the world does to a build; docs/faults.md is written by `python -m tests.faults.table`.

A test anywhere in tests/ that is marked `@pytest.mark.row(6, "promise")` provokes fault 6 and shows
that the promise is kept; further tests of the row carry `@pytest.mark.row(6)`. From these marks the
table is written, and the outcome of each row is printed at the end of a run (tests/conftest.py).
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

TESTS = Path(__file__).parents[1]
TABLE = TESTS.parent / "docs/faults.md"
FAULTS = {
    1: "a job killed while it writes, each rule in turn",
    2: "Snakemake itself killed with SIGKILL",
    3: "SIGTERM, Ctrl-C",
    4: "disk full",
    5: "output or cache folder read-only",
    6: "a byte flipped in a cached .gz, its time kept",
    7: "a byte flipped in a record, a figure or the PDF",
    8: "a truncated .gz or .npz",
    9: "a mirror that answers 200 with a web page",
    10: "403, 404, 500, connection refused",
    11: "a body shorter than announced; a server that stalls",
    12: "no network, warm cache",
    13: "no network, no cache",
    14: "gzip bomb, trailing member",
    15: "IDX with bad magic, type, dimensions, length, or a label above 9",
    16: "two builds at once in one folder; two folders, one cache",
    17: "a pickle with any SHA-256 but the trusted one: hostile, a bomb, mutated or honest",
    21: "arrays that do not make a batch and a network",
    23: "a configuration with a mistake",
    24: "an author's name full of TeX's characters, accents, other scripts",
    25: "TeX commands in a value of the configuration",
    26: "a LaTeX error, a missing package or engine, an endless loop",
    27: "a folder with spaces, accents, a very long path",
    28: "no HOME, another umask, time zone or locale",
    29: "a wrong clock, inputs dated in the future",
    30: "other numbers of cores, jobs in another order",
    31: "training that diverges to NaN or infinity",
    32: "out of memory in a job",
    33: "sentences that the records do not bear out",
    34: "settings, claims or code saved while a build runs",
    35: "other packages than the pinned",
    36: "options that tell Snakemake to take what is there: --touch, --ignore-incomplete, profiles",
    37: "a build asked for from another folder; a folder whose name splits paths",
    38: "code or data used without an import statement or an input; helpers in any folder",
    39: "a module that stands in for another: compiled, bytecode alone, a library's name",
    40: "variables that choose other loops, kernels, zones or seeds",
    41: "YAML that says a thing twice, contains itself or holds a number too long",
    42: "names that are too long or not UTF-8, links that go in circles, among the results",
    43: "an old source put back with its date",
    44: "a source or style that is missing, a link to nowhere, or named with braces",
    45: "more than a page holds: 55 step sizes, a toy network of 10 x 12 weights",
    46: "a result typed into a template, a caption or a claim",
    50: "a mirror whose redirect never ends, with terminal codes, a password, .gz as an encoding",
    51: "packages changed or uninstalled by hand; settings of pip's; a person's own .venv",
    52: "an installation killed at any moment",
    53: "a report that somebody has signed or annotated",
    54: "what a shell sets for Python, Matplotlib or Snakemake",
    55: "an error while a script imports; source that is not UTF-8",
    57: "a TeX installation without fonts, or without their maps",
    58: "no git, no checkout, somebody else's checkout, hooks of one's own",
    59: "a full disk under TMPDIR",
    60: "copies that notebooks and synced folders leave among the sources",
    61: "the data unpacked, or packed by something else",
    62: "many processors and few processes",
    63: "snakemake --delete-all-output",
    64: "a drive that refuses chmod",
    65: "outputs that are no numbers, labels other than 0 and 1",
    70: "a cluster in place of this machine",
    71: "a job that fails on a cluster",
    72: "a job that a cluster ends: cancelled, out of time",
    73: "a node of a cluster that goes down",
    74: "Ctrl-C, SIGTERM or SIGKILL for the Snakemake that sent the jobs",
    75: "two hosts in one folder that do not see each other's locks",
    76: "a cell of a sweep that fails",
    80: "hostile sources in a PDF: names that lead elsewhere, links, names twice, bombs",
    81: "a PDF that carries nothing, several files or something else, or is damaged",
    82: "code in somebody else's PDF that nobody agrees to run",
    83: "a report that its sources do not build: an altered page, record or attachment",
    84: "a rebuild without the data, which the PDF does not carry",
    85: "options and profiles that keep an old report: --omit-from, --touch, --nolock, --mode ...",
    86: "a source saved while the last job runs",
    87: "make report with options that build nothing or not all",
    88: "damaged registers: other bytes, a folder or a file in place of another",
    89: "modules in .snakemake/scripts, in a person's site-packages at home",
    90: "Matplotlib's cached list of fonts is damaged",
    91: "reads that nobody sees: links, programs, databases, listings, files gone afterwards",
    92: "the file of the data's SHA-256 sums is missing",
}
# Rows that became one.
NUMBERS = {17: "17 to 20, 22"}
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
    """A test that shows a row."""

    number: int
    promise: str
    file: str
    name: str
    slow: bool


def marked() -> Iterator[Marked]:
    """Read the marks of all tests, without running or importing them."""
    for path in sorted(TESTS.rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef):
                slow = "pytest.mark.faults" in map(ast.unparse, node.decorator_list)
                for mark in node.decorator_list:
                    if isinstance(mark, ast.Call) and ast.unparse(mark.func) == "pytest.mark.row":
                        number, promise = [*map(ast.literal_eval, mark.args), ""][:2]
                        file = path.relative_to(TESTS).as_posix()
                        yield Marked(number, promise, file, node.name, slow)


def table() -> str:
    """Write the table."""
    tests = list(marked())
    return HEAD + "".join(
        _line(number, [test for test in tests if test.number == number]) for number in FAULTS
    )


def _line(number: int, tests: list[Marked]) -> str:
    promise = " ".join(test.promise for test in tests if test.promise)
    named = "<br>".join(
        f"[`{test.name}`](../tests/{test.file}){' (slow)' if test.slow else ''}" for test in tests
    )
    return f"| {NUMBERS.get(number, number)} | {FAULTS[number]} | {promise} | {named} |\n"


if __name__ == "__main__":
    TABLE.write_text(table(), encoding="utf-8")
