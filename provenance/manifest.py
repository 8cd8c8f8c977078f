"""The manifest: the hashes of what a report is made of, stage by stage, each chained to the last.

Two builds that agree up to a stage have the same chain there; the first stage whose chain differs
is where they part.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from provenance.files import sha256

# How the last page prints a hash: eight digits at a time.
PRINTED_HASH = re.compile(rb"(?:[0-9a-f]{8}\\allowbreak )+")
#: The stages in the order in which a build passes them.
STAGES = ("pins", "sources", "data", "weights", "series", "facts", "figures", "tex", "pdf")


def extend(
    manifest: Mapping[str, Any], stages: Mapping[str, Mapping[str, Any]]
) -> dict[str, dict[str, Any]]:
    """Add stages to a manifest.

    Parameters
    ----------
    manifest : mapping
        The stages so far; empty at the beginning.
    stages : mapping of str to mapping
        For each further stage its files, from `describe_files`. They are chained in the order
        of `STAGES`.

    Returns
    -------
    dict
        For each stage its `files`; and its `chain`, a hash of all that came up to here.
    """
    extended = dict(manifest)
    chain = next((extended[s]["chain"] for s in reversed(STAGES) if s in extended), "")
    for stage in filter(stages.__contains__, STAGES):
        files = stages[stage]
        hashes = "".join(f"{path} {files[path]['sha256']}\n" for path in sorted(files))
        chain = hashlib.sha256(f"{chain}\n{stage}\n{hashes}".encode()).hexdigest()
        extended[stage] = {"files": dict(files), "chain": chain}
    return extended


def describe(path: str) -> dict[str, Any]:
    """Give a file's hash and, of a document, that of its text without hashes."""
    description: dict[str, Any] = {"sha256": sha256(path)}
    if path.endswith(".tex"):
        words = PRINTED_HASH.sub(b"", Path(path).read_bytes())
        description["words"] = hashlib.sha256(words).hexdigest()
    return description


def describe_files(
    paths: Iterable[str], how: Callable[[str], dict[str, Any]] = describe
) -> dict[str, dict[str, Any]]:
    """Describe files, by path.

    Parameters
    ----------
    paths : iterable of str
        Relative to the project's folder.
    how : callable, optional
        Describes one; for records `sums.describe_record`.

    Returns
    -------
    dict
        For each path what `how` says of it.
    """
    return {path: how(path) for path in map(str, paths)}


def sources_hash(manifest: Mapping[str, Any]) -> str:
    """Hash the content of the sources and pins that a report was built from."""
    files = {stage: manifest[stage]["files"] for stage in ("pins", "sources")}
    return hashlib.sha256(json.dumps(files, sort_keys=True).encode()).hexdigest()
