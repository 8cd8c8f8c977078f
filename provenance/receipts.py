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
    return " ".join([rule.replace("_", " "), *filter(None, told)])


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
    reached = _behind(files, receipts)
    content = dict(files)
    for receipt in reached:
        for path, hashed in (receipt.inputs | receipt.outputs).items():
            if content.setdefault(path, hashed) != hashed:
                cause = f"{path} changed after a part of the report was made from it."
                remedy = "Build the report again; if that build stops, mend first what it names."
                raise Failure(cause, remedy)
    return reached


def _behind(files: Iterable[str], receipts: Mapping[str, Receipt]) -> list[Receipt]:
    """List the receipts of all jobs behind some files, each after those that it needs."""
    reached: list[Receipt] = []
    seen: set[str] = set()

    def reach(paths: Iterable[str]) -> None:
        for receipt in [receipts[path] for path in sorted(paths) if path in receipts]:
            if receipt.name not in seen:
                seen.add(receipt.name)
                reach(receipt.inputs)
                reached.append(receipt)

    reach(files)
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
    receipts = read_all()
    jobs = {receipt.name: receipt for receipt in receipts.values()}
    found = stale([*files_in(places)], known, [*jobs.values()], params_of)
    # Without Snakemake's own notes it would not see that the code has changed.
    found |= {path: "" for path in files_in(places) if not _entry(METADATA, path).exists()}
    for entry in INCOMPLETE.rglob("*"):
        if entry.is_file() and entry.read_text(encoding="utf-8") == MARK:
            entry.unlink()  # what was stale when it was last looked at need not be so now
    marked = sorted(path for path in found if os.path.exists(path))
    for path in marked:
        if not (entry := _entry(INCOMPLETE, path)).exists():
            write_text(entry, MARK)
    return marked


def stale(
    files: Sequence[str],
    known: Mapping[str, str],
    jobs: Sequence[Receipt],
    params_of: Callable[[Receipt], dict[str, Any] | None] = lambda receipt: receipt.params,
) -> dict[str, str]:
    """Say for each file that is not what its job would leave now what differs.

    `files` are computed ones, each by one of `jobs`; `known` and `params_of` as for `mark_stale`.
    """
    made = {path: hashed for job in jobs for path, hashed in job.outputs.items()}
    found = {
        path: f"{path} is not what {by} wrote"
        for wanted, by in (
            (known, "whoever published it"),
            ({p: made.get(p) for p in files}, "its job"),
        )
        for path, hashed in wanted.items()
        if _hash_now(path) != hashed
    }
    lost: dict[str, str] = {}
    for job in jobs:
        gone = [path for path in job.outputs if not os.path.exists(path)]
        why = [f"{path} is gone" for path in gone]
        why += [f"{p} changed" for p, was in job.inputs.items() if _hash_now(p) not in (None, was)]
        if (now := params_of(job)) not in (None, job.params):
            keys = [k for k in {**job.params, **now} if now.get(k) != job.params.get(k)]
            why.append(f"other parameters: {', '.join(keys)}")
        if why:
            found = dict.fromkeys(job.outputs, why[0]) | found
        if len(gone) == len(job.outputs):
            lost |= dict.fromkeys(gone, why[0])
    # Snakemake does not miss what is gone, so long as there is what was made from it.
    for job in jobs:
        if missed := [path for path in job.inputs if path in lost]:
            found = dict.fromkeys(job.outputs, lost[missed[0]]) | found
    return found


def require_fresh(
    targets: Iterable[str],
    known: Mapping[str, str],
    params_of: Callable[[Receipt], dict[str, Any] | None],
    remedy: str = AGAIN,
) -> None:
    """Refuse targets that are not what all jobs behind them would leave now."""
    receipts = read_all()
    for target in sorted(targets):
        if os.path.isdir(target):
            raise Failure(f"{target} is a folder.", "Remove it and run the same command again.")
        behind = _behind([target], receipts)
        files = {path for job in behind for path in job.outputs} | {target}
        used = {path for path in known if path in files}
        if found := stale([*files], {p: known[p] for p in used}, behind, params_of):
            # The first in the order of the jobs is the cause of those that follow.
            order = [path for job in behind for path in job.outputs if path in found]
            why = found[[*order, *found][0]]
            raise Failure(f"{target} is not of the present sources ({why}).", remedy)


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


def _hash_now(path: str) -> str | None:
    """Hash a file; not twice in a process if it is as it was: nobody can set back a ctime."""
    if not os.path.isfile(path):
        return None
    now = os.stat(path)
    return _hash_of_state(path, now.st_ino, now.st_size, now.st_mtime_ns, now.st_ctime_ns)


@cache
def _hash_of_state(path: str, *_: int) -> str:
    """Hash a file in this state of its."""
    return sha256(path)


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
