"""Describe the run behind a report as a Provenance Run Crate, from the receipts of its jobs.

The crate is a zip file with the report, its records and its sources; in it
ro-crate-metadata.json says which job made what from what. Data that no job made is named by its
hash and not in it. https://www.researchobject.org/workflow-run-crate/
"""

from __future__ import annotations

import argparse
import sys
from base64 import urlsafe_b64encode
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from rocrate.model import ContextEntity, DataEntity
from rocrate.model.entity import Entity
from rocrate.rocrate import ROCrate

from crate.validate import problems
from provenance.errors import Failure
from provenance.files import canonical_json, write_bytes
from provenance.manifest import DATA, Manifest
from provenance.verify import built_here

PROFILES = {
    **{
        f"https://w3id.org/ro/wfrun/{kind}/0.5": kind
        for kind in ("process", "workflow", "provenance")
    },
    "https://w3id.org/workflowhub/workflow-ro-crate/1.0": "workflow-ro-crate",
}
TERMS = "https://w3id.org/ro/terms/workflow-run/context"
KIND = ["File", "SoftwareSourceCode", "ComputationalWorkflow", "HowTo"]
SNAKEMAKE = "https://w3id.org/workflowhub/workflow-ro-crate#snakemake"


def main(arguments: Sequence[str]) -> int:
    """Write the crate; return the exit status."""
    parser = argparse.ArgumentParser(prog="crate", description=__doc__)
    parser.add_argument("report", help="the document, as the Snakefile names it")
    parser.add_argument("crate", help="the zip file to write")
    options = parser.parse_args(arguments)
    try:
        manifest = built_here(options.report)
    except Failure as error:
        print(f"crate: {error}", file=sys.stderr)
        return 1
    crate = described(options.report, manifest)
    with TemporaryDirectory() as folder:
        made = Path(folder, "crate.zip")
        crate.write_zip(made)
        found = problems(made)
        if not found:
            write_bytes(options.crate, made.read_bytes())
    if found:
        print("crate: it is no valid Provenance Run Crate:", *found, sep="\n  ", file=sys.stderr)
        return 1
    jobs, files = len(manifest.jobs), len(manifest.files)
    print(f"{options.crate}: {jobs} jobs, {files} files, a valid Provenance Run Crate")
    return 0


def described(report: str, manifest: Manifest) -> ROCrate:
    """Put what a report is made of, job by job, into a crate."""
    crate = ROCrate(version="1.1")
    crate.metadata.extra_contexts.append(TERMS)
    crate.name = f"The run that made {report}"
    crate.description = "A report, all that it was computed from, and which job made what."
    crate.datePublished = datetime.fromtimestamp(Path(report).stat().st_mtime, UTC)
    crate.license = "No licence was given."
    crate.root_dataset["conformsTo"] = [
        crate.add(ContextEntity(crate, uri, {"@type": "CreativeWork", "name": name}))
        for uri, name in PROFILES.items()
    ]
    files = {path: _file(crate, path, sha256) for path, sha256 in manifest.files.items()}
    workflow = files["Snakefile"] = crate.add_workflow(
        "Snakefile", "Snakefile", main=True, lang="snakemake",
        properties={"@type": KIND, "name": "Snakefile", "sha256": manifest.files["Snakefile"]},
    )  # fmt: skip
    engine = _add(crate, "snakemake", "SoftwareApplication", name="Snakemake", url=SNAKEMAKE)
    run = _action(crate, "run", workflow, f"The run that made {report}")
    made = {path for job in manifest.jobs for path in job["outputs"]}
    run["object"] = [files[path] for path in files if path not in made]
    run["result"] = [files[report]]
    crate.root_dataset["mentions"] = [run]
    tools, steps, controls = {}, {}, []
    for job in manifest.jobs:
        rule, name = job["rule"], job["label"]
        if rule not in tools:
            tools[rule] = _add(crate, f"tool/{rule}", "SoftwareApplication", name=rule)
            steps[rule] = _add(crate, f"step/{rule}", "HowToStep", position=str(len(steps) + 1))
            steps[rule]["workExample"] = tools[rule]
        action = _action(crate, f"job/{name.replace(' ', '-')}", tools[rule], name)
        action["object"] = [files[path] for path in job["inputs"]]
        action["result"] = [files[path] for path in job["outputs"]]
        if job["params"]:
            action["description"] = canonical_json(job["params"])
        control = _add(crate, f"control/{name.replace(' ', '-')}", "ControlAction", name=name)
        control["instrument"], control["object"] = steps[rule], action
        controls.append(control)
        crate.root_dataset.append_to("mentions", action)
    workflow["step"], workflow["hasPart"] = [*steps.values()], [*tools.values()]
    organize = _add(crate, "organize", "OrganizeAction", name="Snakemake runs the jobs")
    organize["instrument"], organize["object"], organize["result"] = engine, controls, run
    return crate


def _file(crate: ROCrate, path: str, sha256: str) -> Entity:
    """Add a file; of data that no job made its name and hash only."""
    about = {"name": path, "sha256": sha256}
    if path.startswith(DATA):
        name = urlsafe_b64encode(bytes.fromhex(sha256)).decode().rstrip("=")
        return crate.add(DataEntity(crate, f"ni:///sha-256;{name}", {"@type": "File", **about}))
    return crate.add_file(path, path, properties=about)


def _add(crate: ROCrate, anchor: str, kind: str, **about: str) -> Entity:
    """Add what is no file."""
    return crate.add(ContextEntity(crate, f"#{anchor}", {"@type": kind, **about}))


def _action(crate: ROCrate, anchor: str, tool: Entity, title: str) -> Entity:
    """Add what was done, and with which tool."""
    action = _add(crate, anchor, "CreateAction", name=title)
    action["instrument"] = tool
    return action


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
