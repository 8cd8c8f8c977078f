"""What is written: claims, text, appendix, PDF."""

# All that a template can include.
TEMPLATES = listed("report/**/*.j2")
# What the report reads: the facts of each record.
FACTS = {
    "toy": "results/toy/toy.json",
    "gradients": "results/toy/gradients.json",
    "activations": "results/toy/activations.json",
    "digits": "{results}/digits.json",
    "mistakes": "{results}/mistakes.json",
    "memorization": "{results}/memorization.json",
}
SUMMARIES = [f"{{results}}/train/{step_size}/summary.json" for step_size in STEP_SIZES]


# What the appendix prints: the code that ran, and what steers it.
CODE = [
    "Snakefile",
    *listed(
        "nn/*.py", "workflow/rules/*.smk", "workflow/scripts/*.py", "homework/**/*.py"
    ),
    "report/claims.yaml",
    "config/config.yaml",
]
# What else the report is made from.
SOURCES = [*CODE, *TEMPLATES, STYLE, "workflow/schemas/config.schema.yaml"]


rule evaluate_claims:
    input:
        **FACTS,
        runs=SUMMARIES,
        claims="report/claims.yaml",
    output:
        "{results}/claims.json",
    log:
        "logs/{results}/evaluate_claims.log",
    priority: EARLY
    conda:
        "../../environment.yml"
    params:
        must_hold=lambda wildcards: wildcards.results == "results",
        # As an input the summaries are a set; here their order counts.
        step_sizes=STEP_SIZES,
    message:
        "Check every claim of the report against the records"
    script:
        "../scripts/evaluate_claims.py"


rule list_code:
    input:
        listed=CODE,
    output:
        "results/tex/appendix.tex",
    log:
        "logs/list_code.log",
    priority: EARLY
    conda:
        "../../environment.yml"
    message:
        "Highlight the code for the appendix"
    script:
        "../scripts/list_code.py"


rule render_report:
    input:
        **FACTS,
        runs=SUMMARIES,
        claims="{results}/claims.json",
        figures=expand("{{results}}/figures/{name}.pdf", name=FIGURES),
        # Templates among them.
        sources=SOURCES,
    output:
        "{results}/tex/hw2.tex",
    log:
        "logs/{results}/render_report.log",
    conda:
        "../../environment.yml"
    params:
        author=config["author"],
        step_sizes=STEP_SIZES,
        dataset=lambda wildcards: (
            "mnist" if wildcards.results == "results" else "synthetic"
        ),
    message:
        "Fill the templates"
    script:
        "../scripts/render_report.py"


# report/hw2.pdf is MNIST or it does not exist.
rule typeset:
    input:
        tex="results/tex/hw2.tex",
        appendix="results/tex/appendix.tex",
        figures=expand("results/figures/{name}.pdf", name=FIGURES),
    output:
        REPORTS["mnist"],
    log:
        "logs/results/typeset.log",
    benchmark:
        "logs/benchmarks/results/typeset.tsv"
    conda:
        "../../environment.yml"
    message:
        "Typeset {output}"
    script:
        "../scripts/typeset.py"


# The other report carries its mark in its name.
use rule typeset as typeset_synthetic with:
    input:
        tex="results/synthetic/tex/hw2.tex",
        appendix="results/tex/appendix.tex",
        figures=expand("results/synthetic/figures/{name}.pdf", name=FIGURES),
    output:
        REPORTS["synthetic"],
    log:
        "logs/results/synthetic/typeset.log",
    benchmark:
        "logs/benchmarks/results/synthetic/typeset.tsv"
