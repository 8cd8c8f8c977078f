"""A check that the packages are the pinned ones, which the report says it was built with."""

from __future__ import annotations

import re
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from packaging.requirements import Requirement

from provenance.errors import Failure

#: A line such as `numpy==2.4.6 ; python_version < "3.12" \\`, without its hashes.
PIN = re.compile(r"^[A-Za-z0-9][^\\\n]*", re.MULTILINE)


def require_pinned(requirements: str | Path) -> None:
    """Refuse packages of other versions than the pinned ones.

    Parameters
    ----------
    requirements : str or Path
        requirements.txt.

    Raises
    ------
    Failure
        With each package that is missing or of another version.
    """
    wrong = []
    text = Path(requirements).read_text(encoding="utf-8")
    for requirement in map(Requirement, PIN.findall(text)):
        if requirement.marker is None or requirement.marker.evaluate():
            try:
                installed = version(requirement.name)
                fits = installed in requirement.specifier
            except PackageNotFoundError:
                installed, fits = "nothing", False
            if not fits:
                wrong.append(f"{requirement}; installed: {installed}")
    if wrong:
        raise Failure(
            f"Other packages than those of {requirements}: {', '.join(wrong)}.",
            "`make report` makes .venv anew with the pinned ones; or activate that environment.",
        )
