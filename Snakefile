"""From MNIST and a toy pickle to report/hw2.pdf.

`snakemake` builds the report, `snakemake -n` says what would run, `snakemake report/hw2.pdf`
builds one file. How the pieces depend on each other stands in workflow/rules/, one file a theme.
"""

import atexit
import gc
import os
import shlex
import sys

from snakemake.exceptions import WorkflowError
from snakemake.utils import min_version

min_version("9.19")
sys.path.insert(0, workflow.basedir)

# Bytecode is looked at before any is read, and written by `check_by_hash` only.
sys.dont_write_bytecode = True
pycache_prefix, sys.pycache_prefix = sys.pycache_prefix, os.devnull

from provenance.bytecode import check_by_hash

sys.pycache_prefix = pycache_prefix
check_by_hash(f"{workflow.basedir}/{folder}" for folder in ("nn", "homework", "provenance", "workflow"))

from provenance.imports import remember, sources
from provenance.configuration import check_config, require_printed, require_sections
from provenance.ending import cancel_timers, stop_in_a_line, stop_without_waiting
from provenance.failures import print_causes, print_if_full, told_at_the_end
from provenance.folders import (
    date_now,
    require_name,
    require_no_shadows,
    require_writable,
)
from provenance.locks import clear_after_the_dead
from provenance.environment import environment
from provenance.seals import guard
from homework.mnist_files import FILES

stop_in_a_line()
# Snakemake itself blames other things than the disk.
atexit.register(print_if_full)
with told_at_the_end(WorkflowError):
    require_name(workflow.basedir)
    require_no_shadows(workflow.basedir)
    require_sections("config/config.yaml")


configfile: "config/config.yaml"


# What `snakemake --report` says first.
report: "report/captions/workflow.rst"


with told_at_the_end(WorkflowError):
    check_config(config, f"{workflow.basedir}/workflow/schemas/config.schema.yaml")
    require_printed(config, "config/config.yaml")
    require_writable([".snakemake", "logs", "results", "report"])

date_now(
    [
        *("Snakefile", "config", "environment.yml", "nn", "report", "requirements.txt"),
        *("resources", "results", "workflow"),
    ]
)
# Python need not look for garbage when it ends: that takes a fifth of a run with nothing to do.
atexit.register(gc.freeze)
os.environ.update(environment(workflow.basedir))
# Snakemake writes the path of Python into a shell command as it is; there may be spaces in it.
sys.executable = shlex.quote(sys.executable)
COMPUTED = ["results", "report/hw2.pdf", "report/hw2-synthetic.pdf"]
clear_after_the_dead([*COMPUTED, "nn", "homework", "provenance", "workflow"])
guard(
    COMPUTED,
    known={f"resources/mnist/{name}": sha256 for name, sha256 in FILES.items()},
    summaries=[
        *("results/arrays.json", "results/tex/hw2.tex", "report/hw2.pdf"),
        *("results/synthetic/arrays.json", "results/synthetic/tex/hw2.tex"),
        "report/hw2-synthetic.pdf",
    ],
)


# `results` holds what was computed from MNIST, `results/synthetic` the same for drawn digits.
wildcard_constraints:
    results="results|results/synthetic",
    step_size=r"[0-9.e+-]+",


include: "workflow/rules/common.smk"


localrules:
    all,


rule all:
    default_target: True
    input:
        REPORTS[config["dataset"]],
        f"{RESULTS[config['dataset']]}/manifest.json",


include: "workflow/rules/data.smk"
include: "workflow/rules/experiments.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/report.smk"


remember()


onstart:
    stop_without_waiting()


onsuccess:
    cancel_timers()


onerror:
    cancel_timers()
    # Said at the very end, when Snakemake has said everything else.
    atexit.register(print_causes, log[0])
