"""The front door: what a Snakefile asks of this library, in one call around its rules."""

from __future__ import annotations

import atexit
import os
import shlex
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from functools import partial
from inspect import signature
from pathlib import Path
from typing import Any

from snakemake.exceptions import WorkflowError  # type: ignore[import-untyped]
from snakemake.iocontainers import InputFiles, Wildcards  # type: ignore[import-untyped]

from provenance import folder, last_words
from provenance.configuration import check_config, require_printed, require_sections
from provenance.environment import require_pinned, variables
from provenance.errors import Failure, missing
from provenance.files import digest, write_text
from provenance.imports import sources
from provenance.receipts import AGAIN, Receipt, hash_of, mark_stale, require_fresh, told

#: The packages of the environment, on which every result depends; the same for users of conda.
PINS, CONDA = "requirements.txt", "environment.yml"

#: Names what the last build looked at when it ended; not there if it did not.
CHECKED = Path(".snakemake/checked")

#: What is being built in this process; `why` asks it.
watched: list[Any] = []


@contextmanager
def watch(
    workflow: Any,
    *,
    config: str = "config/config.yaml",
    schema: str = "config/schema.yaml",
    computed: Sequence[str] = ("results", "report/report.pdf", "report/report.html"),
    downloads: Mapping[str, str] = {},
    overridable: Sequence[str] = (),
    claims: Mapping[str, str] = {"report/report.pdf": "results/claims.json"},
) -> Iterator[None]:
    """Watch over a build: a context around the rules of a Snakefile.

    When it is entered, folder, configuration and packages are checked, and whatever could change a
    job's bytes is pinned. When it is left, each rule with a script gets its environment, and as
    inputs (`code`) the source files that the script reaches; and what is not as its job would leave
    it now is marked, so that Snakemake builds it again. Whatever goes wrong, cause and remedy are
    told last. The Snakemakes that a cluster's jobs run leave folder and records to the one that
    sent them, which may be on another host.

    Where nothing else is said, the files are those of a report that `new` has made.

    Parameters
    ----------
    workflow : snakemake.workflow.Workflow
        What a Snakefile knows under this name.
    config, schema : str
        The configuration file and the JSON schema, in YAML, that it must follow.
    computed : sequence of str
        Folders of computed files, and single computed files.
    downloads : mapping of str to str
        The SHA-256 of each downloaded file, by path.
    overridable : sequence of str
        Keys that `--config` may set; all others are the file's, which the report prints.
    claims : mapping of str to str
        The record of its claims for each report, by path; what is marked there is told at the end.

    Raises
    ------
    SystemExit
        If the build cannot begin. Cause and remedy are printed when Snakemake has ended.
    """
    root, is_job = workflow.basedir, not workflow.is_main_process
    last_words.stop_in_a_line()
    last_words.stop_without_waiting()
    atexit.register(last_words.print_if_full)
    with last_words.told_at_the_end():
        folder.require_name(root)
        folder.require_home(root)
        if not is_job:
            folder.require_no_shadows(root)
            folder.require_writable([".snakemake", "logs", *map(_folder_of, computed)])
            folder.require_room()
            folder.remove_damaged()
        require_pinned(Path(root, PINS))
        require_sections(config)
        workflow.configfile(config)
        check_config(workflow.globals["config"], Path(root, schema), config)
        require_printed(workflow.globals["config"], config, overridable)
    if not is_job:
        folder.date_now(root)
        folder.remove_bytecode(root)
        folder.clear_after_the_dead(computed)
    os.environ.update(variables(root))
    # Snakemake writes the path of Python into a shell command as it is; there may be spaces in it.
    sys.executable = shlex.quote(sys.executable)
    _say_how_it_ends(workflow, computed, {} if is_job else claims)
    if downloads:
        workflow.delete_output = _refuse_to_delete
    watched[:] = [workflow]
    with last_words.told_at_the_end():
        yield
        conda = os.path.join(root, CONDA)
        for rule in filter(lambda rule: rule.output, workflow.rules):
            if rule.script and os.path.isfile(conda):
                rule.conda_env = conda
            # A file that is pinned by its hash does not depend on who brings it.
            if not set(map(str, rule.output)) <= downloads.keys():
                _add_code(rule, workflow)
        _require_inputs(workflow)
    if not is_job:
        folder.keep_changed(place for place in computed if os.path.isfile(place))
        mark_stale(computed, downloads, partial(_params_now, workflow))
    _look_again_at_the_end(workflow, computed, downloads)


def _folder_of(place: str) -> str:
    """Give the folder of a single file; a folder's own name has no ending."""
    return os.path.dirname(place) if os.path.splitext(place)[1] else place


def _say_how_it_ends(workflow: Any, computed: Sequence[str], claims: Mapping[str, str]) -> None:
    """Have Snakemake's hooks end a build without waiting, causes told last."""

    def fail(log: list[str]) -> None:
        last_words.cancel_timers()
        atexit.register(last_words.print_causes, log[0], computed)

    def succeed(log: list[str]) -> None:
        last_words.cancel_timers()
        made = {str(path) for job in workflow.dag.jobs for path in job.output}
        atexit.register(last_words.print_marked, {p: claims[p] for p in claims if p in made})

    workflow.onsuccess(succeed)
    workflow.onerror(fail)


def _refuse_to_delete(*_: Any, **__: Any) -> None:
    """Take the place of `--delete-all-output`."""
    with last_words.told_at_the_end():
        raise Failure(
            "Snakemake would delete downloads as well, also those that a person put there.",
            "Use `make clean`, which removes only what was computed.",
        )


def _add_code(rule: Any, workflow: Any) -> None:
    """Make the files that a rule's script reaches inputs, and their content a parameter.

    The parameter tells a job what its code was when the Snakefile was read. Another tells its
    receipt which of the files is the script; in a list, for Snakemake's lint takes it for a prefix.
    """
    if not rule.script:
        raise Failure(
            f"The rule {rule.name} has no script, so that no job would vouch for {rule.output[0]}.",
            "Let it run one: only what a script reads is noticed when it changes.",
        )
    if not rule.log:
        raise Failure(
            f"The rule {rule.name} has no log, into which its script could say why it failed.",
            f'Give it one: log: "logs/{rule.name}.log"',
        )
    name = str(rule.script).format(params=rule.params)
    script = os.path.relpath(os.path.join(rule.basedir, name), workflow.basedir)
    code = [*sources(script, workflow.basedir), PINS]
    if "job(snakemake" not in Path(workflow.basedir, script).read_text(encoding="utf-8"):
        raise Failure(
            f"{script} does not say what it reads and writes.",
            "Import job from provenance.job, before all else of the project, and let all that the "
            "script does stand in a block `with job(snakemake):`",
        )
    rule.without_code = copy(rule)
    rule.without_code._input = InputFiles(toclone=rule.input)
    if rule.input_modifier is None:  # a rule without inputs of its own
        rule.input_modifier = workflow.modifier.path_modifier
    rule.set_input(code=code)
    rule.set_params(code=digest({path: hash_of(path) for path in code}), script=[script])


def _require_inputs(workflow: Any) -> None:
    """Refuse inputs that are neither there nor made by a rule, or have braces in their names.

    Snakemake would take the outputs of such a rule for files that need no rule, and keep them.
    """
    made = [output for rule in workflow.rules for output in rule.output]
    for rule in workflow.rules:
        files = [file for file in rule.input if not (callable(file) or file.is_callable())]
        for path in map(str, files):
            if os.path.isfile(path):
                if {*path} & {*"{}"}:
                    raise Failure(
                        f"Snakemake takes the braces in {path} for wildcards.", "Rename that file."
                    )
            elif "{" not in path and not any(file.match(path) for file in made):
                raise missing(path, f"The rule {rule.name} needs it, and no rule makes it.")


def _look_again_at_the_end(
    workflow: Any, computed: Sequence[str], downloads: Mapping[str, str]
) -> None:
    """Have a build heed what is marked, and refuse to end well with a target that is stale.

    Options and profiles can keep Snakemake from building (--omit-from, --touch), and sources can be
    saved while it builds. So the asked-for files that are there, and all behind them, are looked at
    again. What a cluster runs is looked at by the Snakemake that sent it.
    """
    execute = workflow.execute
    if workflow.is_main_process:
        CHECKED.unlink(missing_ok=True)

    def heeding(**options: Any) -> Any:
        if not workflow.is_main_process:
            if workflow.dag_settings.target_jobs:
                return execute(**options)
            with last_words.told_at_the_end():
                raise Failure(
                    "Only Snakemake itself starts what it calls a subprocess or remote.",
                    "Run the same command again without --mode.",
                )
        workflow.execution_settings.ignore_incomplete = False
        workflow.dag_settings.force_incomplete = True
        ended = execute(**options)
        if workflow.dryrun:
            return ended
        asked = _asked_for(workflow, computed)
        present = [path for path in asked if os.path.exists(path)]
        with last_words.told_at_the_end():
            remedy = AGAIN + _options_that_skip(workflow)
            require_fresh(present, downloads, partial(_params_now, workflow), remedy)
        if present == asked:
            write_text(CHECKED, "".join(f"{path}\n" for path in asked))
        return ended

    workflow.execute = heeding


def _asked_for(workflow: Any, computed: Sequence[str]) -> list[str]:
    """List the computed files that were asked for, by name or by the name of a rule."""
    rules = workflow.dag.targetrules
    named = [
        file for rule in rules for file in (*rule.output, *(() if rule.output else rule.input))
    ]
    files = [*workflow.dag.targetfiles, *(f for f in named if not (callable(f) or f.is_callable()))]
    asked = {os.path.relpath(file) for file in files}
    return sorted(
        p for p in asked if any(p == place or p.startswith(f"{place}/") for place in computed)
    )


def _options_that_skip(workflow: Any) -> str:
    """Name the options, of the command or of a profile, that keep Snakemake from building."""
    dag, run = workflow.dag_settings, workflow.execution_settings
    given = {
        "allowed_rules": dag.allowed_rules,
        "consider_ancient": workflow.workflow_settings.consider_ancient,
        "nolock": not run.lock,
        "omit_from": dag.omit_from,
        "touch": workflow.touch,
        "until": dag.until,
    }
    options = [f"--{name.replace('_', '-')}" for name, value in given.items() if value]
    return f" But without {', '.join(options)}, which a profile may give, too." if options else ""


def _params_now(workflow: Any, receipt: Receipt) -> dict[str, Any] | None:
    """Give the parameters that a receipt's job would have now; None if that cannot be told."""
    if not workflow.is_rule(receipt.rule):
        return None
    rule = workflow.get_rule(receipt.rule)
    asked = {name for v in rule.params if callable(v) for name in [*signature(v).parameters][1:]}
    if not asked <= {"input", "output"}:
        return None  # of its resources: known when the job runs
    if "input" not in asked:  # then none asks for the code, which is most of all inputs
        rule = getattr(rule, "without_code", rule)
    try:
        wildcards = Wildcards(fromdict=receipt.wildcards)
        inputs, outputs = rule.expand_input(wildcards)[0], rule.expand_output(wildcards)[0]
        return told(rule.expand_params(wildcards, inputs, outputs, None)[0], inputs, outputs)
    except (WorkflowError, AttributeError):  # the rule has other wildcards by now
        return None
