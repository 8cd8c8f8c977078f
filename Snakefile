"""From MNIST and a toy pickle to report/hw2.pdf.

`snakemake` builds the report, `snakemake -n` says what would run, `snakemake report/hw2.pdf`
builds one file. How the pieces depend on each other stands in workflow/rules/, one file a theme.
"""

import os
import sys

from snakemake.utils import min_version

min_version("9.19")
sys.dont_write_bytecode = True
sys.path.insert(0, workflow.basedir)

import provenance
from provenance.last_words import told_at_the_end
from provenance.mirrors import read_sums

with told_at_the_end():
    MNIST = read_sums(f"{workflow.basedir}/config/mnist.sha256")

with provenance.watch(
    workflow,
    config="config/config.yaml",
    schema="workflow/schemas/config.schema.yaml",
    computed=[
        *("results", "report/sweep.pdf", "report/sweep-synthetic.pdf"),
        *(
            f"report/hw2{mark}{kind}"
            for mark in ("", "-mine", "-synthetic")
            for kind in (".pdf", ".html", "-signed.pdf")
        ),
    ],
    downloads={f"resources/mnist/{name}": sha256 for name, sha256 in MNIST.items()},
    overridable=["dataset", "cells"],
    claims={
        "report/hw2-mine.pdf": "results/claims.json",
        "report/hw2-synthetic.pdf": "results/synthetic/claims.json",
    },
):

    # What `snakemake --report` says first.
    report: "report/captions/workflow.rst"

    # `results` holds what was computed from MNIST, `results/synthetic` the same for drawn digits.
    wildcard_constraints:
        results="results|results/synthetic",
        signed="(signed/)?",
        step_size=r"[0-9.e+-]+",
        seeds=r"\d+-\d+",
        width=r"\d+",

    include: "workflow/rules/common.smk"

    rule all:
        default_target: True
        input:
            REPORTS[config["dataset"]],

    include: "workflow/rules/data.smk"
    include: "workflow/rules/experiments.smk"
    include: "workflow/rules/figures.smk"
    include: "workflow/rules/report.smk"

    # The sources that a PDF carries are those of the report alone.
    if os.path.isfile("workflow/rules/sweep.smk"):

        include: "workflow/rules/sweep.smk"

    # On a cluster only what computes for long is a job of its own.
    LONG = {"train", "replicate", "intervene", "memorize", "train_cell"}
    workflow.localrules(*{rule.name for rule in workflow.rules} - LONG)
