"""A sweep over seeds, step sizes and widths. Nothing of it is in the report, nor decides it."""

from provenance.configuration import check_config
from provenance.files import read_yaml

SWEEP = read_yaml("config/sweep.yaml")
check_config(SWEEP, "workflow/schemas/sweep.schema.yaml", "config/sweep.yaml")
SWEEPS = {"mnist": "report/sweep.pdf", "synthetic": "report/sweep-synthetic.pdf"}


rule sweep:
    input:
        SWEEPS[config["dataset"]],


# One width and step size, and so many seeds that reading the digits does not count.
rule train_cell:
    input:
        digits="{results}/digits.npz",
        gate="results/toy/gate.json",
    output:
        "{results}/sweep/{width}/{step_size}/{seeds}.json",
    log:
        "logs/{results}/sweep-{width}-{step_size}-{seeds}.log",
    threads: 1
    resources:
        mem_mb=800,
        runtime=30,
    params:
        training={key: SWEEP[key] for key in ("batch_size", "epochs")},
    message:
        "Train width {wildcards.width} with step size {wildcards.step_size}, seeds {wildcards.seeds}"
    script:
        "../scripts/sweep/train_cell.py"


rule tabulate_sweep:
    input:
        shards=shards,
    output:
        table="{results}/sweep/sweep.csv",
        facts="{results}/sweep/sweep.json",
    log:
        "logs/{results}/tabulate_sweep.log",
    params:
        sweep=SWEEP,
    message:
        "Put all runs of the sweep into one table"
    script:
        "../scripts/sweep/tabulate_sweep.py"


rule plot_sweep:
    input:
        facts="{results}/sweep/sweep.json",
        style=STYLE,
    output:
        pdf="{results}/sweep/outcomes.pdf",
        svg="{results}/sweep/outcomes.svg",
    log:
        "logs/{results}/plot_sweep.log",
    message:
        "Plot the sweep"
    script:
        "../scripts/sweep/plot_sweep.py"


rule render_sweep:
    input:
        facts="{results}/sweep/sweep.json",
        figures="{results}/sweep/outcomes.pdf",
        allowed="report/allowed.yaml",
        sources=[
            *LIBRARY,
            *("report/sweep.tex.j2", "workflow/rules/sweep.smk", "config/sweep.yaml"),
        ],
    output:
        "{results}/sweep/sweep.tex",
    log:
        "logs/{results}/render_sweep.log",
    params:
        mark=lambda wildcards: (
            "" if wildcards.results == "results" else MARKS["synthetic"]
        ),
    message:
        "Fill the sweep's template"
    script:
        "../scripts/sweep/render_sweep.py"


use rule typeset as typeset_sweep with:
    input:
        tex="results/sweep/sweep.tex",
        figures="results/sweep/outcomes.pdf",
    output:
        SWEEPS["mnist"],
    log:
        "logs/results/typeset_sweep.log",


use rule typeset as typeset_sweep_synthetic with:
    input:
        tex="results/synthetic/sweep/sweep.tex",
        figures="results/synthetic/sweep/outcomes.pdf",
    output:
        SWEEPS["synthetic"],
    log:
        "logs/results/synthetic/typeset_sweep.log",
