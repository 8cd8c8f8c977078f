"""The fault matrix: 32 things that the world does to a build, and the mark that claims a row.

A test marked `@row(6, "promise")` provokes fault 6 and shows that the promise is kept; further
tests of the row carry `@row(6)`. From these marks docs/faults.md is written (tests/faults/table.py)
and the outcome of each row is printed at the end of a run (tests/faults/conftest.py).
"""

from __future__ import annotations

import pytest

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
    17: "a pickle that runs code",
    18: "a pickle with unexpected globals, opcodes, types or arrays",
    19: "pickle bombs",
    20: "honest pickles of every protocol, order and number type",
    21: "arrays that do not make a batch and a network",
    22: "a mutated honest pickle",
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
}


def row(number: int, promise: str = "") -> pytest.MarkDecorator:
    """Mark a test as one of a row of the matrix.

    Parameters
    ----------
    number : int
        The row.
    promise : str
        What happens then; one test of each row says it.
    """
    assert number in FAULTS
    return pytest.mark.row(number, promise)
