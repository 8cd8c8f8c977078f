"""Evidence: where each claim, figure and table of a document comes from.

All of it is asked of the manifest, which has it from the receipts: which job wrote a record, by
which script, from which other records. This is plain data; templates say how it looks.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from provenance.document.claims import flat, records_of
from provenance.document.listings import definitions
from provenance.errors import Failure
from provenance.manifest import DATA, OWN_DATA, Manifest

#: Of a number with more decimals, so many are shown; the record has them all.
PLACES = 8


class Job(NamedTuple):
    """What made some records: its rule, where that is printed, its script, what it read and wrote.

    `place` is the label of the rule's line in the appendix, None if it has none. `wrote` has the
    SHA-256 of each file by path; `read` leaves out code and other sources.
    """

    label: str
    rule: str
    place: str | None
    script: str
    wrote: dict[str, str]
    read: list[str]


class Number(NamedTuple):
    """A number of a claim: its name there, its path in the facts, its value as text."""

    name: str
    path: str
    value: str


class Margin(NamedTuple):
    """The number nearest to its threshold, and their difference as a share of the larger one."""

    number: str
    value: str
    threshold: str
    relative: float


class Seeds(NamedTuple):
    """What a claim says over seeds: of which list, which numbers of each, and what is told."""

    of: str
    numbers: dict[str, str]
    holds: str | None
    told: dict[str, str]


class Entry(NamedTuple):
    """What a claim rests on; its records by their paths."""

    condition: str
    holds: bool
    margin: Margin | None
    numbers: list[Number]
    seeds: Seeds | None
    records: list[str]


class Source(NamedTuple):
    """The scripts and the records, by path, behind a figure or a table."""

    scripts: list[str]
    records: list[str]


class Evidence:
    """Where what a document says comes from.

    Parameters
    ----------
    manifest : Manifest
        What the document is made of.
    claims : mapping
        From `evaluate_claims`.
    facts : mapping
        The file of each fact, as `read_facts` takes them.
    figures : iterable of str
        The files of the figures, which templates call by their bare names.
    rules : iterable of str
        The files of rules that the appendix prints.

    Attributes
    ----------
    jobs : list of Job
        All jobs, each after those whose records it read.
    data : dict of str to str
        The SHA-256 of each file of data that no job made, by path.
    by : dict of str to Job
        Who wrote each record, by its path.
    places : int
        So many places of a number are shown.
    """

    def __init__(
        self,
        manifest: Manifest,
        claims: Mapping[str, Mapping[str, Any]],
        facts: Mapping[str, str | Sequence[str]],
        figures: Iterable[str] = (),
        rules: Iterable[str] = (),
    ) -> None:
        self.claims, self.facts, self.places = claims, facts, PLACES
        self.figures = {Path(path).stem: path for path in figures}
        given = (DATA, OWN_DATA)
        self.data = {path: h for path, h in manifest.files.items() if path.startswith(given)}
        made = {path for job in manifest.jobs for path in job["outputs"]}
        places = {
            name: f"{path}:{name}"
            for path in rules
            for kind, name in definitions(Path(path).read_text(encoding="utf-8"))
            if kind in ("rule", "checkpoint")
        }
        self.jobs = [
            Job(
                job["label"],
                job["rule"],
                places.get(job["rule"]),
                job["params"]["script"][0],
                {path: manifest.files[path] for path in job["outputs"]},
                [path for path in job["inputs"] if path in made or path.startswith(given)],
            )
            for job in manifest.jobs
        ]
        self.by = {path: job for job in self.jobs for path in job.wrote}

    def claim(self, name: str) -> Entry:
        """Tell what a claim rests on."""
        claim = self.claims[name]
        asked, over = claim["asked"]["numbers"], claim["asked"].get("over_seeds")
        paths, margin, seeds = [*asked.values()], None, None
        if near := claim["margin"]:
            compared = shown(near["value"]), shown(near["threshold"])
            margin = Margin(near["number"], *compared, near["relative"])
        if over:
            told = {key: shown(value) for key, value in flat(claim["over_seeds"]).items()}
            seeds = Seeds(over["of"], over["numbers"], over.get("holds"), told)
            paths.append(over["of"])
        numbers = [Number(key, at, shown(claim["numbers"][key])) for key, at in asked.items()]
        known = claim["condition"], claim["holds"]
        return Entry(*known, margin, numbers, seeds, self._records(paths))

    def figure(self, name: str) -> Source:
        """Name the script that drew a figure, and the records that it drew."""
        if name not in self.figures:
            cause = f"A template shows the figure {name!r}, which no rule draws"
            raise Failure(f"{cause}; there are {', '.join(self.figures)}.", "Correct its name.")
        job = self.by[self.figures[name]]
        return Source([job.script], job.read)

    def table(self, *facts: str) -> Source:
        """Name the scripts that wrote the records of these facts, and the records."""
        if not facts:
            remedy = "Name them after its rows, as the macro says."
            raise Failure("A template does not say which facts a table shows.", remedy)
        records = self._records(facts)
        return Source([*dict.fromkeys(self.by[path].script for path in records)], records)

    def _records(self, paths: Iterable[str]) -> list[str]:
        return [*dict.fromkeys(file for at in paths for file in records_of(at, self.facts))]


def shown(value: Any) -> str:
    """Write a value as conditions do, numbers to some places; but 0.999999999999999 is not 1."""
    if isinstance(value, float):
        rounded = float(f"{value:.{PLACES}g}")
        return repr(value if rounded.is_integer() != value.is_integer() else rounded)
    if isinstance(value, list):
        return f"[{', '.join(map(shown, value))}]"
    return "none" if value is None else json.dumps(value)
