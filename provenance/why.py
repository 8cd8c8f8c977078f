"""`make why`: what would be built again, and what changed that it must be.

A dry run of Snakemake tells each job's reason; here they are turned round, so that each thing that
changed stands on one line with what follows from it.
"""

from __future__ import annotations

import ast
import json
import logging
import re
import sys
from base64 import urlsafe_b64encode
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from snakemake.cli import main as snakemake  # type: ignore[import-untyped]
from snakemake_interface_logger_plugins.base import LogHandlerBase
from snakemake_interface_logger_plugins.common import LogEvent
from snakemake_interface_logger_plugins.registry import LoggerPluginRegistry

from provenance import seals
from provenance.seals import is_sealed

# Snakemake's registers, an entry a file.
METADATA = Path(".snakemake/metadata")
INCOMPLETE = Path(".snakemake/incomplete")
#: The rules whose jobs together are "the report".
REPORT = frozenset(
    {
        *("describe_arrays", "list_code", "evaluate_claims", "render_report"),
        *("typeset", "typeset_synthetic", "all"),
    }
)
CHANGED_PARAMS = re.compile(r"Params have changed since last execution: .*before: (.*) now: (.*)$")


class Job(NamedTuple):
    """A job that would run, and Snakemake's reason."""

    rule: str
    wildcards: Mapping[str, str]
    inputs: Sequence[str]
    outputs: Sequence[str]
    reason: str


_planned: list[Job] = []


class LogHandler(LogHandlerBase):
    """Snakemake's logger for dry runs: it keeps the jobs, and shows nothing but faults."""

    writes_to_stream = True
    writes_to_file = False
    has_filter = True
    has_formatter = True
    needs_rulegraph = False

    def __post_init__(self) -> None:
        """Nothing to set up."""

    def emit(self, record: logging.LogRecord) -> None:
        """Keep what is said of a job."""
        said = record.__dict__
        if said.get("event") == LogEvent.JOB_INFO:
            wildcards = dict(said["wildcards"] or {})
            inputs, outputs = (list(map(str, said[kind])) for kind in ("input", "output"))
            _planned.append(Job(said["rule_name"], wildcards, inputs, outputs, said["reason"]))
        elif record.levelno >= logging.ERROR:
            print(record.getMessage().strip(), file=sys.stderr)


def plan(arguments: Sequence[str] = ()) -> list[Job]:
    """List the jobs that `snakemake` with these arguments would run, each after those it needs.

    Raises
    ------
    SystemExit
        If Snakemake cannot tell, for instance because the config is broken. It has said why.
    """
    _planned.clear()
    registry = LoggerPluginRegistry()
    if not registry.is_installed("why"):
        registry.register_plugin("snakemake_logger_plugin_why", sys.modules[__name__])
    try:
        snakemake(["--dry-run", "--logger", "why", *arguments])
    except SystemExit as end:
        if end.code:
            raise
    return sorted(_planned, key=lambda job: (_depth(job, _planned), _name(job)))


def explain(jobs: Sequence[Job]) -> Iterator[str]:
    """Say for each thing that changed what follows from it.

    Parameters
    ----------
    jobs : sequence of Job
        From `plan`.

    Yields
    ------
    str
        For instance "nn/losses.py changed -> train 0.1, train 10.0 -> 5 figures -> report".
    """
    touched: dict[str, list[Job]] = {}
    for job in jobs:
        for cause in causes(job, jobs):
            touched.setdefault(cause, []).append(job)
    followers: dict[str, list[str]] = {}
    for cause, first in touched.items():
        followers.setdefault(" -> ".join(_chain(first, jobs)), []).append(cause)
    for together in followers.values():
        # What reads alike may be different jobs: seven plots are each "1 figure".
        first = [job for job in jobs if any(job in touched[cause] for cause in together)]
        yield f"{_enumerate(together)} -> {' -> '.join(_chain(first, jobs))}"


def causes(job: Job, jobs: Sequence[Job]) -> Iterator[str]:
    """Say what changed for one job, apart from what other jobs would change."""
    reason = job.reason
    if params := CHANGED_PARAMS.search(reason):
        yield from _changed_values(*params.groups())
        reason = reason[: params.start()]
    for part in reason.split("; "):
        kind, _, files = part.partition(": ")
        if kind == "Updated input files":
            yield from (f"{path} changed" for path in files.split(", "))
        elif kind == "Missing output files" and not _ahead_of(job, jobs):
            first, *others = files.split(", ")
            yield f"{first} is missing" if not others else f"{first} and others are missing"
        elif kind.startswith("Set of input files"):
            yield from _changed_inputs(job)
        elif kind.startswith(("Forced", "Incomplete")):
            marked = [path for path in job.outputs if _entry(INCOMPLETE, path).exists()]
            altered = [path for path in marked if not is_sealed(path)]
            yield from (f"{path} is not as its job left it" for path in altered)
            if marked and not altered and not _ahead_of(job, jobs):
                missing = seals.noticed_missing or ["a record"]
                yield f"{_enumerate(missing)} {'is' if len(missing) == 1 else 'are'} missing"


def _changed_values(before: str, now: str) -> Iterator[str]:
    """Compare parameters; Snakemake prints the values that were and are, without names."""
    try:
        old, new = (
            ast.literal_eval(f"[{text}]".replace("<nothing exclusive>", ""))
            for text in (before.strip(), now.strip())
        )
    except (ValueError, SyntaxError):
        yield f"parameters changed ({before.strip()} -> {now.strip()})"
        return
    if len(old) == len(new) == 1:
        yield from _differences("", old[0], new[0])
    else:
        yield f"parameters changed ({_listing(old)} -> {_listing(new)})"


def _differences(name: str, old: Any, new: Any) -> Iterator[str]:
    """Name the innermost values that differ."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in dict.fromkeys([*old, *new]):
            if old.get(key) != new.get(key):
                yield from _differences(f"{name}.{key}".strip("."), old.get(key), new.get(key))
    else:
        yield f"{name or 'a parameter'} changed from {old!r} to {new!r}"


def _changed_inputs(job: Job) -> Iterator[str]:
    """Compare a job's inputs with those that Snakemake noted when it last ran."""
    try:
        noted = json.loads(_entry(METADATA, job.outputs[0]).read_text(encoding="utf-8"))
        then = set(noted["input"])
    except (OSError, ValueError, LookupError, TypeError):
        yield f"the inputs of {_name(job)} are others"
        return
    yield from (f"{path} is new" for path in sorted(set(job.inputs) - then))
    yield from (f"{path} is no longer used" for path in sorted(then - set(job.inputs)))


def _entry(register: Path, path: str) -> Path:
    return register / urlsafe_b64encode(path.encode()).decode()


def _chain(first: Sequence[Job], jobs: Sequence[Job]) -> Iterator[str]:
    """Put the jobs that follow from the first ones into words: computed, drawn, written."""
    reached = _followers(first, jobs)
    computed = [job for job in reached if not _is_figure(job) and job.rule not in REPORT]
    for stage in ([j for j in computed if j in first], [j for j in computed if j not in first]):
        if stage:
            yield _enumerate([_name(job) for job in stage])
    figures = [job for job in reached if _is_figure(job)]
    if figures:
        yield "1 figure" if len(figures) == 1 else f"{len(figures)} figures"
    if any(job.rule in REPORT for job in reached):
        yield "report"


def _followers(first: Sequence[Job], jobs: Sequence[Job]) -> list[Job]:
    """List the first jobs and those that use what they write, in the order of the plan."""
    reached, ahead = list(first), list(first)
    while ahead:
        outputs = set(ahead.pop().outputs)
        found = [job for job in jobs if job not in reached and outputs & set(job.inputs)]
        reached.extend(found)
        ahead.extend(found)
    return [job for job in jobs if job in reached]


def _ahead_of(job: Job, jobs: Sequence[Job]) -> list[Job]:
    """List the planned jobs that write something which this one reads."""
    return [other for other in jobs if set(other.outputs) & set(job.inputs)]


def _depth(job: Job, jobs: Sequence[Job]) -> int:
    """Count the planned jobs in a row that this one waits for."""
    return max((1 + _depth(other, jobs) for other in _ahead_of(job, jobs)), default=0)


def _is_figure(job: Job) -> bool:
    return job.rule.startswith("plot_")


def _name(job: Job) -> str:
    return " ".join([job.rule.replace("_", " "), *filter(None, [job.wildcards.get("step_size")])])


def _enumerate(things: Sequence[str]) -> str:
    return ", ".join(dict.fromkeys(things))


def _listing(values: Sequence[Any]) -> str:
    return ", ".join(map(repr, values)) or "none"


def main(arguments: Sequence[str]) -> None:
    """Print what would be built again, and why."""
    lines = list(explain(plan(arguments)))
    print("\n".join(lines) or "Nothing to be done: everything is as the last build left it.")


if __name__ == "__main__":
    # The Snakefile imports this project's modules, so this one runs under its real name.
    from provenance import why

    why.main(sys.argv[1:])
