"""`diff`: what this report says that a former one did not, sentence by sentence, and why.

The former report is known by its manifest and its claims, which are committed: those that stand
here, or those of another commit. It need not be built.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any

from provenance.errors import Failure
from provenance.files import read_json
from provenance.manifest import Manifest, differing, parse_manifest
from provenance.plain import plain
from provenance.receipts import read_all
from provenance.verify import built_here, compare, git, summary
from provenance.why import Job, changed_values, consequences

PICTURES = (".pdf", ".svg", ".png")
# What a claim is computed from, besides its words.
NUMBERS = ("numbers", "over_seeds", "condition")

Claim = Mapping[str, Any]


class Change:
    """What differs between a former manifest and that of the report which is built here.

    Parameters
    ----------
    old, new : Manifest
        Both.
    report : str
        The document's path.

    Attributes
    ----------
    differs : dict of str to str
        How each file of the former manifest differs from that here, by path.
    jobs : list of Job
        The new jobs that something is different for, each after those it needs.
    causes : dict of str to list of Job
        What is different, as `why` says it, and the jobs that it is different for.
    """

    def __init__(self, old: Manifest, new: Manifest, report: str) -> None:
        self.old, self.new, self.differs = old, new, differing(old)
        then = {path: job for job in old.jobs for path in job["outputs"]}
        self.made = {path for job in (*old.jobs, *new.jobs) for path in job["outputs"]}
        self.jobs: list[Job] = []
        self.causes: dict[str, list[Job]] = {}
        for made in new.jobs:
            job = _as_planned(made, report)
            before = next((then[path] for path in job.outputs if path in then), None)
            causes = [*self._causes(job, before)]
            if causes or self.changed(job.inputs):
                self.jobs.append(job)
            for cause in causes:
                self.causes.setdefault(cause, []).append(job)

    def changed(self, paths: Sequence[str]) -> list[str]:
        """List which of these files are not what they were."""
        return [path for path in paths if self.old.files.get(path) != self.new.files.get(path)]

    def _causes(self, job: Job, before: Mapping[str, Any] | None) -> Iterator[str]:
        """Say what is different for one job, apart from what other jobs made."""
        if before is None:
            yield f"{job.label} is new"
            return
        changed = self.changed([*dict.fromkeys([*before["inputs"], *job.inputs])])
        for path in changed:
            if path not in self.made:
                how = "changed" if path in self.old.files else "is new"
                yield f"{path} {how if path in self.new.files else 'is no longer used'}"
        yield from (values := [*changed_values("", before["params"], job.params)])
        if self.changed(job.outputs) and not changed and not values:
            yield f"{job.label} made other files of the same inputs"

    def behind(self, paths: Sequence[str]) -> list[str]:
        """List the causes of a change of these files, through all that differs before them."""
        wanted, reached = {*self.changed(paths)}, list[Job]()
        for job in reversed(self.jobs):
            if wanted & {*job.outputs}:
                reached.append(job)
                wanted |= {*self.changed(job.inputs)}
        return [cause for cause, jobs in self.causes.items() if any(j in reached for j in jobs)]

    def because(self, causes: Sequence[str]) -> str:
        """Name causes in brackets, first those that touch the fewest jobs."""
        rarest = sorted({*causes}, key=lambda cause: (len(self.causes[cause]), cause))
        named = summary([cause.removesuffix(" changed") for cause in rarest])
        return f" ({named})" if named else ""


def _as_planned(job: Mapping[str, Any], report: str) -> Job:
    """Put a manifest's job as `why` has it, with its theme told by what it writes."""
    written = report in job["outputs"] or job["outputs"][0].endswith(".tex")
    drawn = not written and all(path.endswith(PICTURES) for path in job["outputs"])
    theme = "report" if written else "figures" if drawn else "computed"
    return Job(job["label"], {}, job["params"], job["inputs"], job["outputs"], theme)


def sentences(
    old: Mapping[str, Claim], new: Mapping[str, Claim], change: Change, record: str
) -> Iterator[str]:
    """Say of each claim in which way it is another one now, and why."""
    receipt = read_all().get(record)
    parts = receipt.params["input"] if receipt else {}
    silent = []
    for name in dict.fromkeys([*old, *new]):
        was, now, told = old.get(name), new.get(name), name.replace("_", " ")
        if was is None or now is None:
            said = plain((now or was or {})["sentence"])
            yield f"{told} {'is gone' if now is None else 'is new'}: “{said}”"
            continue
        said, reworded = _said(plain(was["sentence"]), plain(now["sentence"]))
        moved = [_margin(claim["margin"]) for claim in (was, now)]
        if was["holds"] != now["holds"]:
            told += " holds now" if now["holds"] else " no longer holds"
        elif not said and moved[0] == moved[1]:
            silent += [told] if any(was[key] != now[key] for key in NUMBERS) else []
            continue
        used = [parts.get(key, []) for key in now.get("records", [])]
        records = [[part] if isinstance(part, str) else part for part in used]
        why = change.behind([path for part in records for path in part])
        if not why or reworded or was["condition"] != now["condition"]:
            why += [c for c, jobs in change.causes.items() for j in jobs if record in j.outputs]
        margin = f"; margin: {' → '.join(moved)}" if moved[0] != moved[1] else ""
        yield f"{told}: {said or 'the same words'}{change.because(why)}{margin}"
    if silent:
        yield f"the same words, other numbers behind them: {', '.join(silent)}"


def _said(old: str, new: str) -> tuple[str, bool]:
    """Show which numbers stand in the place of which; both sentences whole if words changed."""
    before, after = ([word.strip(".,;:()") for word in text.split(" ")] for text in (old, new))
    pairs = [(a, b) for a, b in zip_longest(before, after, fillvalue="") if a != b]
    if not all(re.search(r"\d", word) for pair in pairs for word in pair):
        return f"“{old}” → “{new}”", True
    return ", ".join(dict.fromkeys(f"{a} → {b}" for a, b in pairs)), False


def _margin(margin: Claim | None) -> str:
    """Say how far a claim's nearest number is from its threshold."""
    if margin is None:
        return "none"
    value, threshold = (f"{margin[key]:.4g}" for key in ("value", "threshold"))
    return f"{margin['number']} {value}, {100 * margin['relative']:.2g} % from {threshold}"


def figures(change: Change) -> Iterator[str]:
    """Say of each figure whether it has other data, or is drawn in another way."""
    for job in change.jobs:
        if job.theme != "figures":
            continue
        name = Path(job.outputs[0]).stem
        data = [path for path in change.changed(job.inputs) if path in change.made]
        why = change.because(change.behind(data or job.outputs))
        if data:
            kinds = ", ".join(f"{path}, {change.differs.get(path, 'new')}" for path in data)
            yield f"{name}: its data changed: {kinds}{why}"
        elif change.changed(job.outputs):
            yield f"{name}: the same data, drawn in another way{why}"
    gone = change.old.files.keys() - change.new.files.keys()
    yield from (f"{Path(p).stem} is gone" for p in sorted(gone) if p.endswith(PICTURES[0]))


def written(parts: Mapping[str, Sequence[str]], *, markdown: bool) -> Iterator[str]:
    """Write titles with lines below, for a terminal or as Markdown; an empty part is left out."""
    for title, lines in parts.items():
        if lines:
            yield f"\n### {title}\n" if markdown else f"\n{title}"
        for line in lines:
            yield "- " + re.sub(r"([\\`*_<>|])", r"\\\1", line) if markdown else f"  {line}"


def main(arguments: Sequence[str]) -> int:
    """Print what differs; return 0 whether anything does or not, 1 if it cannot be told."""
    parser = argparse.ArgumentParser(prog="diff", description=__doc__)
    parser.add_argument("report", help="the document, as the Snakefile names it")
    parser.add_argument("expected", help="the manifest of the former report, which is committed")
    parser.add_argument("--copy", nargs=2, required=True, metavar=("CLAIMS", "COPY"))
    parser.add_argument("--rev", help="take both from this commit")
    parser.add_argument("--markdown", action="store_true", help="for a pull request")
    options = parser.parse_args(arguments)
    record, copy = options.copy
    try:
        old = parse_manifest(_committed(options.expected, options.rev), options.expected)
        claims = json.loads(_committed(copy, options.rev))
        change = Change(old, built_here(options.report), options.report)
    except Failure as error:
        print(f"diff: {error}", file=sys.stderr)
        return 1
    parts = {
        "What it says now": [*sentences(claims, read_json(record), change, record)],
        "Figures": [*figures(change)],
        "Why": [*consequences(change.causes, change.jobs)],
        "Files": compare(old, change.new, change.differs)[0],
    }
    since = options.expected + (f" of {options.rev}" if options.rev else "")
    print(f"{options.report} beside {since}:")
    lines = [*written(parts, markdown=options.markdown)]
    print("\n".join(lines) or "it says the same, and is made of the same files.")
    return 0


def _committed(path: str, rev: str | None) -> bytes:
    """Read a file as it is here, or as it was in a commit."""
    if rev:
        return git("show", f"{rev}:./{path}", wanted=f"{path} of {rev}")
    if not Path(path).is_file():
        cause = f"There is no file {path} of a released report to compare with."
        raise Failure(cause, "Put it back, or accept what is built as released: `make manifest`.")
    return Path(path).read_bytes()
