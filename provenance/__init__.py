"""Provenance: reports in which every number, figure and sentence was computed, with Snakemake.

The names below are what a report uses. They are handed on when they are first asked for, so that a
script depends on the modules that it uses, and on no others.
"""

from __future__ import annotations

from importlib import import_module
from typing import Any

_HOME = {
    "watch": "watch",
    "job": "job",
    "Failure": "errors",
    "sources": "imports",
    "fetch": "mirrors",
    "read_csv": "records",
    "read_json": "files",
    "read_npz": "records",
    "write_csv": "records",
    "write_json": "files",
    "write_npz": "records",
    "evaluate_claims": "document.claims",
    "require_true": "document.claims",
    "attachment": "document.attachment",
    "pack": "carried",
    "render": "document.report",
    "typeset": "document.typeset",
}

__all__ = [*_HOME]  # noqa: PLE0604


def __getattr__(name: str) -> Any:
    """Fetch a public name from the module where it lives."""
    if name not in _HOME:
        raise AttributeError(f"module 'provenance' has no attribute {name!r}")
    value = globals()[name] = getattr(import_module(f"provenance.{_HOME[name]}"), name)
    return value
