"""Receipts: what each job did, in one JSON file a job.

A receipt names the rule, its wildcards and parameters, and by SHA-256 each file that the job read
and wrote. It answers all questions about a job: is each file still what its job left (here), what
would run again and why (`why`), what is a report made of (`manifest`), where do two builds part
(`verify`).

Snakemake rebuilds what depends on a changed file. But it takes a record that was edited by hand,
two files swapped, a byte flipped on the disk, an old input put back with its old date or a record
gone from the middle for what a job left. Such files are marked in Snakemake's own register of
incomplete files when the Snakefile has been read; Snakemake then builds exactly these again.
"""

from __future__ import annotations

import json
import os
from base64 import urlsafe_b64encode
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import quote

from provenance.errors import Failure
from provenance.files import canonical_json, sha256, write_text

RECEIPTS = Path(".snakemake/receipts")
INCOMPLETE = Path(".snakemake/incomplete")
METADATA = Path(".snakemake/metadata")
LOCKS = Path(".snakemake/locks")

#: A mark of ours in the register of incomplete files, told from Snakemake's own.
MARK = '{"external_jobid": null, "stale": true}'

AGAIN = "Run the same command again; it makes again what depends on that."


class Receipt(NamedTuple):
    """What a job did; files by path, relative to the project's folder, with their SHA-256."""

    rule: str
    wildcards: dict[str, str]
    params: dict[str, Any]
    inputs: dict[str, str]
    outputs: dict[str, str]

    @property
    def name(self) -> str:
        """What tells this job from all others: its first output."""
        return min(self.outputs)

    @property
    def label(self) -> str:
        """What a person calls it."""
        return label_of(self.rule, self.wildcards, [*self.outputs])


def label_of(rule: str, wildcards: Mapping[str, str], outputs: Sequence[str]) -> str:
    """Name a job by its rule and wildcards; the folder that it writes into goes without saying."""
    told = (value for value in wildcards.values() if not outputs[0].startswith(f"{value}/"))
    return " ".join([rule.replace("_", " "), *told])


def write(receipt: Receipt) -> None:
    """Leave a job's receipt in the place of what its rule left before, maybe of other outputs."""
    known = read_all()
    former = {known[path].name for path in receipt.outputs if path in known}
    write_text(_place(receipt.name), canonical_json(receipt._asdict()))
    for name in former - {receipt.name}:
        _place(name).unlink(missing_ok=True)


def _place(name: str) -> Path:
    """Name the file of a receipt."""
    return RECEIPTS / f"{quote(name, safe='')}.json"


def told(params: Any, inputs: Any, outputs: Any) -> dict[str, Any]:
    """Give a job's parameters as its receipt tells them, and which file has which part.

    Snakemake compares sets of files: two inputs that changed places would rerun nothing.
    """
    named = dict(params.items())
    plain: dict[str, Any] = {"input": _parts(inputs), "output": _parts(outputs)} | named
    if others := [value for value in params if not any(value is v for v in named.values())]:
        plain["params"] = others
    plain.pop("code", None)
    decoded: dict[str, Any] = json.loads(canonical_json(plain))
    return decoded


def _parts(files: Any) -> dict[str, Any]:
    """Give the files of a job by name, without its code; those without a name under ""."""
    parts = {name: v if isinstance(v, str) else [*v] for name, v in files.items()}
    known = {path for v in parts.values() for path in ([v] if isinstance(v, str) else v)}
    parts.pop("code", None)
    others = [path for path in files if path not in known]
    return parts | ({"": others} if others else {})


def read_all() -> dict[str, Receipt]:
    """Read every receipt, by the files that its job wrote; a broken one counts for nothing."""
    found: dict[str, Receipt] = {}
    for path in sorted(RECEIPTS.glob("*.json")):
        try:
            receipt = Receipt(**json.loads(path.read_text(encoding="utf-8")))
            found |= dict.fromkeys(receipt.outputs, receipt)
        except (OSError, ValueError, TypeError, AttributeError):
            continue
    return found


def history(files: Mapping[str, str], receipts: Mapping[str, Receipt]) -> list[Receipt]:
    """List the receipts of all jobs behind some files, each after those that it needs.

    `files` gives the SHA-256 of each by path. If receipts speak of different contents of one file,
    it changed during a build: that is a `Failure`.
    """
    reached: list[Receipt] = []
    seen: set[str] = set()

    def reach(paths: Iterable[str]) -> None:
        for receipt in [receipts[path] for path in sorted(paths) if path in receipts]:
            if receipt.name not in seen:
                seen.add(receipt.name)
                reach(receipt.inputs)
                reached.append(receipt)

    reach(files)
    content = dict(files)
    for receipt in reached:
        for path, hashed in (receipt.inputs | receipt.outputs).items():
            if content.setdefault(path, hashed) != hashed:
                raise Failure(f"{path} changed while the report was being built.", AGAIN)
    return reached


def mark_stale(
    places: Sequence[str],
    known: Mapping[str, str],
    params_of: Callable[[Receipt], dict[str, Any] | None] = lambda receipt: receipt.params,
) -> list[str]:
    """Mark what has to be built again because it is not what its job would leave now.

    Computed files lie in `places`, folders and single files; `known` has the SHA-256 of downloads
    by path; `params_of` gives the parameters that a receipt's job would have now, None if there is
    no such job. Nothing is marked while a build is under way here: a file may wait for its receipt.
    """
    if any(LOCKS.glob("*.lock")):
        return []
    receipts, hash_now = read_all(), cache(hash_of)
    stale = {path for path, wanted in known.items() if hash_now(path) != wanted}
    for path in files_in(places):
        made = receipts[path].outputs[path] if path in receipts else None
        # Without Snakemake's own notes it would not see that the code has changed.
        if hash_now(path) != made or not _entry(METADATA, path).exists():
            stale.add(path)
    jobs = {receipt.name: receipt for receipt in receipts.values()}
    lost: set[str] = set()
    for job in jobs.values():
        gone = {path for path in job.outputs if not os.path.exists(path)}
        changed = any(hash_now(path) not in (None, was) for path, was in job.inputs.items())
        if gone or changed or params_of(job) not in (None, job.params):
            stale |= set(job.outputs)
        if gone == set(job.outputs):
            lost |= gone
    # Snakemake does not miss what is gone, so long as there is what was made from it.
    users = (job for job in jobs.values() if not lost.isdisjoint(job.inputs))
    stale |= {path for user in users for path in user.outputs}
    for entry in INCOMPLETE.rglob("*"):
        if entry.is_file() and entry.read_text(encoding="utf-8") == MARK:
            entry.unlink()  # what was stale when it was last looked at need not be so now
    marked = sorted(path for path in stale if os.path.exists(path))
    for path in marked:
        if not (entry := _entry(INCOMPLETE, path)).exists():
            write_text(entry, MARK)
    return marked


def altered_files(places: Sequence[str]) -> list[str]:
    """List the files in these places that are not what a job wrote."""
    receipts = read_all()
    return [
        path
        for path in files_in(places)
        if path not in receipts or hash_of(path) != receipts[path].outputs[path]
    ]


def hash_of(path: str) -> str | None:
    """Hash a file; None if there is none."""
    return sha256(path) if os.path.isfile(path) else None


def files_in(places: Iterable[str]) -> Iterator[str]:
    """Yield the files in folders and the files themselves, sorted, hidden ones left out."""
    for place in map(Path, places):
        found = [] if place.is_dir() else [place]
        seen: set[str] = set()
        # Through links too: what is behind them is read like all else; but not round in a circle.
        for folder, folders, names in os.walk(place, followlinks=True):
            seen.add(os.path.realpath(folder))
            folders[:] = [f for f in folders if os.path.realpath(Path(folder, f)) not in seen]
            found += [Path(folder, name) for name in names]
        for path in sorted(found):
            if path.is_file() and not path.name.startswith("."):
                yield path.as_posix()


def _entry(register: Path, path: str) -> Path:
    """Name a file's entry in one of Snakemake's registers, which cuts what is too long."""
    name = urlsafe_b64encode(os.fsencode(path)).decode()
    *folders, last = [name[k : k + 254] for k in range(0, len(name), 254)]
    return register.joinpath(*(f"@{part}" for part in folders), last)
