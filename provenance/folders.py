"""Folders that a build writes into, looked at before it begins."""

from __future__ import annotations

import os
import sys
import sysconfig
import time
from collections.abc import Iterable
from contextlib import suppress
from importlib.machinery import PathFinder
from pathlib import Path

from provenance.errors import Failure


def require_name(folder: str) -> None:
    """Refuse the one kind of name that Snakemake takes for something else.

    Raises
    ------
    Failure
        If there are braces in it.
    """
    if "{" in folder or "}" in folder:
        raise Failure(
            f"Snakemake cannot build in a folder with braces in its path: {folder}.",
            "Rename that folder, or copy the project to another one.",
        )


def require_no_shadows(folder: str | Path) -> None:
    """Refuse modules in the project's folder that jobs would import in place of others.

    Parameters
    ----------
    folder : str or Path
        The project's folder, which comes first on the module path.

    Raises
    ------
    Failure
        Naming a file or folder that has the name of a module of Python or of a package.
    """
    packages = [sysconfig.get_path("purelib"), sysconfig.get_path("platlib")]
    for place in sorted(Path(folder).iterdir()):
        name = place.stem if place.suffix == ".py" else place.name
        is_module = place.suffix == ".py" or (place / "__init__.py").is_file()
        if is_module and (
            name in {*sys.stdlib_module_names, "sitecustomize", "usercustomize"}
            or PathFinder.find_spec(name, packages)
        ):
            raise Failure(
                f"{place.name} in the project's folder would be imported in place of the module "
                f"{name!r}.",
                "Rename it, or move it out of this folder.",
            )


def date_now(places: Iterable[str]) -> None:
    """Give files that are dated in the future the present date, because Snakemake refuses them.

    Parameters
    ----------
    places : iterable of str
        Files, and folders with all files in them.
    """
    now = time.time()
    for place in places:
        found = [Path(place), *Path(place).rglob("*")]
        for path in found:
            with suppress(OSError):  # missing, or somebody else's: Snakemake will name it
                if path.stat().st_mtime > now:
                    os.utime(path)


def require_writable(places: Iterable[str]) -> None:
    """Refuse to begin where Snakemake itself would fail without saying what to do.

    Parameters
    ----------
    places : iterable of str
        Folders that a build writes into, with all folders in them. One that is missing is made
        by Snakemake, in the project's folder.

    Raises
    ------
    Failure
        Naming the first folder that this user may not write into.
    """
    for place in places:
        folders = [folder for folder, _, _ in os.walk(place)] or ["."]
        for folder in folders:
            if not os.access(folder, os.W_OK | os.X_OK):
                raise Failure(
                    f"Cannot write into the folder {Path(folder).absolute()}.",
                    "Make it writable for you, or copy the project to a place that is.",
                )
