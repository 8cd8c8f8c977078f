"""The manifest: what a report is made of, job by job, from the receipts.

Two builds whose manifests agree up to a job have the same files there; the first job whose inputs
agree and whose outputs differ is where they part. Beside each record's hash stands what its numbers
come to, so that last bits can be told from a different result.
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from provenance.errors import Failure
from provenance.files import digest, read_json, sha256
from provenance.receipts import Receipt, hash_of, history, read_all
from provenance.records import read_csv, read_npz

#: Where data is that no job made. It counts by its content and name alone, whoever brought it.
DATA = "resources/"
#: Where data is that counts as a source, because it is small: a report carries it.
OWN_DATA = "data/"
#: How the report prints a hash: eight characters at a time.
PRINTED_HASH = re.compile(rb"(?:[0-9a-f]{8}\\allowbreak )+")
# Numbers that are summed up at once.
PIECE = 2**16
# In sums, what is larger counts as this: sums of the largest floats would overflow.
LARGEST = 1e200

Sums = dict[str, list[float]]


class Manifest(NamedTuple):
    """What files are made of.

    Attributes
    ----------
    files : dict of str to str
        The SHA-256 of each source, record, figure and document, by path; and of each file of data,
        by `DATA` and its bare name, wherever it was found.
    jobs : list of dict
        What made them: rule, params, inputs and outputs by path. Each stands after those it needs.
    sums : dict
        What is known of a record's numbers (`described`), by path.
    """

    files: dict[str, str]
    jobs: list[dict[str, Any]]
    sums: dict[str, Any]

    @property
    def chain(self) -> str:
        """One hash of all that came up to here."""
        return digest({"files": self.files, "jobs": self.jobs})

    @property
    def data(self) -> dict[str, str]:
        """The files of data that no job made, with their SHA-256."""
        return {path: hashed for path, hashed in self.files.items() if path.startswith(DATA)}

    @property
    def sources(self) -> dict[str, str]:
        """All other files that no job made: code, templates, configuration, pins."""
        made = {path for job in self.jobs for path in job["outputs"]} | self.data.keys()
        return {path: hashed for path, hashed in self.files.items() if path not in made}


def manifest_of(paths: Iterable[str], *, sums: bool = False) -> Manifest:
    """Gather from the receipts what files are made of, with the sums of their numbers if wanted.

    Raises
    ------
    Failure
        If two jobs saw different contents of one file, or two files of data have one name.
    """
    now = {path: sha256(path) for path in paths}
    receipts = history(now, read_all())
    files = {_shown(path): hashed for path, hashed in now.items()}
    jobs = []
    for receipt in receipts:
        if not receipt.name.startswith(DATA):
            jobs.append(_job(receipt))
            for path, hashed in (receipt.inputs | receipt.outputs).items():
                if files.setdefault(_shown(path), hashed) != hashed:
                    raise Failure(
                        f"Two files of data are {Path(path).name}.", "Rename one of them."
                    )
    made = [path for job in jobs for path in job["outputs"]]
    known = {path: described(path) for path in made} if sums else {}
    return Manifest(files, jobs, {path: about for path, about in known.items() if about})


def read_manifest(path: str | Path) -> Manifest:
    """Read a manifest that was written as JSON."""
    return parse_manifest(Path(path).read_bytes(), path)


def parse_manifest(content: bytes, path: str | Path) -> Manifest:
    """Read what a manifest's file holds."""
    try:
        return Manifest(**json.loads(content))
    except (ValueError, TypeError) as error:
        raise Failure(f"{path} is no manifest: {error}.", "Remake it: `make manifest`.") from error


def _job(receipt: Receipt) -> dict[str, Any]:
    """Describe a job by the names of its files; their hashes stand once, in `files`."""
    params = {key: receipt.params[key] for key in receipt.params.keys() - {"input", "output"}}
    return {
        "rule": receipt.rule,
        "label": receipt.label,
        "params": params,
        "inputs": sorted(map(_shown, receipt.inputs)),
        "outputs": sorted(receipt.outputs),
    }


def _shown(path: str) -> str:
    """Name a file the same wherever it was found."""
    return DATA + Path(path).name if path.startswith((DATA, "..", "/")) else path


def differing(expected: Manifest) -> dict[str, str]:
    """Say of each file here that is not as expected how it differs, by path; data is left out."""
    return {
        path: how_different(expected.sums.get(path), Path(path))
        for path, hashed in expected.files.items()
        if not path.startswith(DATA) and hash_of(path) != hashed
    }


def how_different(old: Mapping[str, Any] | None, place: Path) -> str:
    """Say how a file differs from what is known of it.

    Returns
    -------
    str
        "missing", "bytes", "bytes only" (the sums of the numbers agree), "numbers within 1e-12",
        "printed numbers or words" and so on.
    """
    if not place.is_file():
        return "missing"
    if old is None:
        return "bytes"
    try:
        new = described(place)
    # Whatever a damaged zip, table or JSON makes its reader raise: that is the finding.
    except Exception:
        return "damaged"
    if "words" in old:
        return "hashes only" if old == new else "printed numbers or words"
    gap = _largest_gap(old, new)
    level = next((level for level in (0.0, 1e-12, 1e-9, 1e-6) if gap <= level), None)
    if level is None:
        return f"numbers, whose sums differ by {gap:.1g}" if gap < 1 else "other numbers"
    return f"numbers within {level:g}" if level else "bytes only"


def described(path: str | Path) -> dict[str, Any]:
    """Give what a record's numbers come to; of LaTeX, the hash of its words without hashes."""
    if str(path).endswith(".tex"):
        words = PRINTED_HASH.sub(b"", Path(path).read_bytes())
        return {"words": hashlib.sha256(words).hexdigest()}
    return {name: _sums(values) for name, values in _numbers_in(str(path)).items()}


def _numbers_in(path: str) -> dict[str, npt.NDArray[Any]]:
    """Read a record's numbers, an array per name; other files have none."""
    arrays: Mapping[str, Any] = {}
    if path.endswith(".npz"):
        arrays = read_npz(path)
    elif path.endswith(".csv"):
        arrays = read_csv(path)
    elif path.endswith(".json") and (leaves := list(_leaves(read_json(path)))):
        arrays = {"all": np.array(leaves, dtype=np.float64)}
    return {name: array.ravel() for name, array in arrays.items() if array.dtype.kind in "biuf"}


def _leaves(value: Any) -> Iterator[float]:
    """Yield every number in nested facts, in the order of their sorted keys."""
    if isinstance(value, Mapping):
        for key in sorted(value):
            yield from _leaves(value[key])
    elif isinstance(value, list):
        for item in value:
            yield from _leaves(item)
    elif isinstance(value, int | float):
        yield float(value)


def _sums(values: npt.NDArray[Any]) -> list[float]:
    """Sum up numbers so that any change of one shows.

    Returns n, the sum of |x|, the sum of x weighed by its place (1 + k / n for the k-th of n), and
    the mean of log |x|, in which tiny numbers count like large ones. A change of every number by a
    relative 1e-12 changes these by about as much.
    """
    finite = values[np.isfinite(values)]
    n, nonzero = len(finite), int(np.count_nonzero(finite))
    totals, placed, logs = [], [], []
    # Piece by piece: millions of pixels as floats would take hundreds of megabytes. Sums of
    # products, not BLAS: the same on every processor.
    for start in range(0, n, PIECE):
        piece = finite[start : start + PIECE].astype(np.float64)
        bounded = np.clip(piece, -LARGEST, LARGEST)
        totals.append(np.abs(bounded).sum())
        placed.append((bounded * (1 + np.arange(start, start + len(piece)) / n)).sum())
        logs.append(np.log(np.abs(piece[piece != 0])).sum())
    mean_log = math.fsum(logs) / max(nonzero, 1)
    return [float(len(values)), math.fsum(totals), math.fsum(placed), mean_log]


def _largest_gap(old: Mapping[str, Sequence[float]], new: Mapping[str, Sequence[float]]) -> float:
    """Return the largest relative difference between sums; infinity if they count other things."""
    if old.keys() != new.keys() or any(old[name][0] != new[name][0] for name in old):
        return math.inf
    gaps = [abs(old[name][3] - new[name][3]) for name in old]  # of logarithms
    pairs = [pair for name in old for pair in zip(old[name][1:3], new[name][1:3], strict=True)]
    gaps += [abs(a - b) / (max(abs(a), abs(b)) or 1.0) for a, b in pairs]
    return max(gaps, default=0.0)
