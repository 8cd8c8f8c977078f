"""The one exception that a person is meant to read."""

from __future__ import annotations

import os
from pathlib import Path

#: How the last words of a failed job begin in its log; `last_words` looks for them.
MARK = "ERROR: "


class Failure(Exception):  # noqa: N818
    """Something outside the code is wrong, and a person can mend it.

    Parameters
    ----------
    cause : str
        What was expected, what came, and where.
    remedy : str
        What to do now.
    """

    def __init__(self, cause: str, remedy: str) -> None:
        super().__init__(cause, remedy)
        self.cause = cause
        self.remedy = remedy

    def __str__(self) -> str:
        """Both parts, as the last lines of a failed build show them."""
        return f"{self.cause}\n  -> {self.remedy}"


def missing(path: str | Path, why: str = "") -> Failure:
    """Say that a file of the project is not there (or is a link to nowhere)."""
    path = os.path.relpath(path)
    cause = f"There is no file {path}. {why}".strip()
    return Failure(cause, f"Put it back, for instance by `git checkout {path}`.")
