"""`why`: what would be built again, and what changed that it must be.

Snakemake plans; the receipts say what was. So each thing that changed stands on one line with what
follows from it.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from snakemake.cli import main as snakemake  # type: ignore[import-untyped]

from provenance.receipts import Receipt, hash_of, label_of, read_all, told


class Job(NamedTuple):
    """A job that would run; `theme` names the file of rules that its rule stands in."""

    rule: str
    wildcards: Mapping[str, str]
    params: Mapping[str, Any]
    inputs: Sequence[str]
    outputs: Sequence[str]
    theme: str

    @property
    def label(self) -> str:
        """What a person calls it."""
        return label_of(self.rule, self.wildcards, self.outputs)


def plan(arguments: Sequence[str] = ()) -> list[Job]:
    """List the jobs that `snakemake` with these arguments would run, each after those it needs.

    Raises
    ------
    SystemExit
        If Snakemake cannot tell, for instance because the config is broken. It has said why.
    """
    logging.disable(logging.WARNING)  # what is wrong is told, the plan itself is put in our words
    try:
        snakemake(["--quiet", "--dry-run", *arguments])  # a target would be its value
    except SystemExit as end:
        if end.code:
            raise
    # The Snakefile has asked for this module by now.
    from provenance.watch import watched  # noqa: PLC0415

    if not watched:  # it was asked for something else than a build, for its help for instance
        raise SystemExit(0)
    dag = watched[0].dag
    levels = dag.toposorted(set(dag.needrun_jobs(exclude_finished=False)))
    return [
        _described(job)
        for level in levels
        for job in sorted(level, key=lambda job: [*map(str, job.output)])
        if job.output
    ]


def _described(job: Any) -> Job:
    """Take from Snakemake what is told about a job."""
    theme = str(job.rule.snakefile).rpartition("/")[2].removesuffix(".smk")
    wildcards, params = dict(job.wildcards.items()), told(job.params, job.input, job.output)
    inputs, outputs = ([*map(str, files)] for files in (job.input, job.output))
    return Job(job.rule.name, wildcards, params, inputs, outputs, theme)


def explain(jobs: Sequence[Job], receipts: Mapping[str, Receipt]) -> Iterator[str]:
    """Say for each thing that changed what follows from it.

    For instance "nn/losses.py changed -> train 0.1, train 10.0 -> 5 figures -> report".
    """
    touched: dict[str, list[Job]] = {}
    for job in jobs:
        for cause in causes(job, jobs, receipts):
            touched.setdefault(cause, []).append(job)
    yield from consequences(touched, jobs)


def consequences(touched: Mapping[str, Sequence[Job]], jobs: Sequence[Job]) -> Iterator[str]:
    """Put into words which jobs each cause touches and which follow from these."""
    together: dict[str, list[str]] = {}
    for cause, first in touched.items():
        outputs = ", ".join(sorted({job.outputs[0] for job in first}))
        together.setdefault(outputs, []).append(cause)
    for alike in together.values():
        yield f"{', '.join(alike)} -> {' -> '.join(_chain(touched[alike[0]], jobs))}"


def causes(job: Job, jobs: Sequence[Job], receipts: Mapping[str, Receipt]) -> Iterator[str]:
    """Say what changed for one job, apart from what other planned jobs would change."""
    planned = {path for other in jobs for path in other.outputs}
    then = next((receipts[path] for path in job.outputs if path in receipts), None)
    gone = [path for path in job.outputs if hash_of(path) is None]
    if gone:
        if not planned & set(job.inputs):
            yield f"{gone[0]} is missing" if len(gone) == 1 else f"{gone[0]} and others are missing"
    elif then is None:
        yield from (f"{path} is not as its job left it" for path in job.outputs)
    if then is None:
        return
    for path, left in then.outputs.items():
        if hash_of(path) not in (None, left):
            yield f"{path} is not as its job left it"
    yield from _changed_inputs(then, [path for path in job.inputs if path not in planned], planned)
    # Which file has which part is news only where the files are the same.
    same = {*then.inputs} == {*job.inputs}
    old, new = ({k: p[k] for k in p if same or k != "input"} for p in (then.params, job.params))
    yield from changed_values("", old, new)


def _changed_inputs(then: Receipt, now: Sequence[str], planned: set[str]) -> Iterator[str]:
    """Name the inputs that are others than those that were read, or have another content."""
    before = {path: hashed for path, hashed in then.inputs.items() if path not in planned}
    yield from (f"{path} is new" for path in now if path not in before)
    yield from (f"{path} is no longer used" for path in before if path not in now)
    yield from (
        f"{path} changed" for path in now if before.get(path, hash_of(path)) != hash_of(path)
    )


def changed_values(name: str, old: Any, new: Any) -> Iterator[str]:
    """Name the innermost parameters that differ."""
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in dict.fromkeys([*old, *new]):
            yield from changed_values(f"{name}.{key}".strip("."), old.get(key), new.get(key))
    elif old != new:
        yield f"{name} changed from {old!r} to {new!r}"


def _chain(first: Sequence[Job], jobs: Sequence[Job]) -> Iterator[str]:
    """Put the jobs that follow from the first ones into words: computed, drawn, written."""
    reached = _followers(first, jobs)
    computed = [job for job in reached if job.theme not in ("figures", "report")]
    for stage in ([j for j in computed if j in first], [j for j in computed if j not in first]):
        if stage:
            yield ", ".join(dict.fromkeys(job.label for job in stage))
    if figures := [job for job in reached if job.theme == "figures"]:
        yield "1 figure" if len(figures) == 1 else f"{len(figures)} figures"
    if any(job.theme == "report" for job in reached):
        yield "report"


def _followers(first: Sequence[Job], jobs: Sequence[Job]) -> list[Job]:
    """List the first jobs and those that use what they write, in the order of the plan."""
    reached: list[Job] = []
    outputs: set[str] = set()
    for job in jobs:  # each stands after those that it needs
        if job in first or outputs & set(job.inputs):
            reached.append(job)
            outputs |= set(job.outputs)
    return reached


def main(arguments: Sequence[str]) -> int:
    """Print what would be built again, and why."""
    jobs = plan(arguments)
    lines = list(explain(jobs, read_all()))
    if jobs and not lines:
        asked = ", ".join(dict.fromkeys(job.label for job in jobs))
        lines = [f"Nothing changed; asked for, or stopped midway: {asked}"]
    print("\n".join(lines) or "Nothing to be done: everything is as the last build left it.")
    return 0
