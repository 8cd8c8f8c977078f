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


# The appendix: the handout's functions in the order of its questions, and what this report makes of
# them. A folder stands for all its files that are not named before.
ORDER = [
    *("nn/digits.py", "nn/gradients.py", "nn/activations.py", "nn/losses.py"),
    *("nn/network.py", "nn/batches.py", "nn/training.py", "nn/", "homework/"),
    *("workflow/scripts/", "workflow/rules/", "Snakefile"),
    *("report/claims.yaml", "config/config.yaml"),
]

CODE = in_order(
    ORDER,
    listed(
        "Snakefile",
        *("nn/*.py", "homework/**/*.py", "workflow/*/*.py", "workflow/*/*.smk"),
        *("report/claims.yaml", "config/config.yaml"),
    ),
)
# What else the report is made from.
SOURCES = [*CODE, *TEMPLATES, STYLE, "workflow/schemas/config.schema.yaml"]


rule evaluate_claims:
    input:
        **FACTS,
        runs=SUMMARIES,
        claims="report/claims.yaml",
        code=code_of("evaluate_claims"),
    output:
        "{results}/claims.json",
    log:
        "logs/{results}/evaluate_claims.log",
    priority: EARLY
    conda:
        "../../environment.yml"
    params:
        facts=[*FACTS],
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
        code=code_of("list_code"),
    output:
        "results/tex/appendix.tex",
    log:
        "logs/list_code.log",
    priority: EARLY
    conda:
        "../../environment.yml"
    message:
        "List the code for the appendix"
    script:
        "../scripts/list_code.py"


rule describe_arrays:
    input:
        data=lambda wildcards: [
            *idx_files(wildcards).values(),
            f"{wildcards.results}/digits.npz",
            "results/toy/toy.npz",
        ],
        weights=expand("{{results}}/train/{step}/weights.npz", step=STEP_SIZES),
        series=[
            *expand("{{results}}/train/{step}/series.csv", step=STEP_SIZES),
            "{results}/mistakes.csv",
            "{results}/memorization.csv",
        ],
        code=code_of("describe_arrays"),
    output:
        "{results}/arrays.json",
    log:
        "logs/{results}/describe_arrays.log",
    priority: EARLY
    conda:
        "../../environment.yml"
    message:
        "Hash data, weights and series"
    script:
        "../scripts/describe_arrays.py"


rule render_report:
    input:
        **FACTS,
        runs=SUMMARIES,
        claims="{results}/claims.json",
        arrays="{results}/arrays.json",
        figures=expand("{{results}}/figures/{name}.pdf", name=FIGURES),
        # Templates among them.
        sources=SOURCES,
        pins="requirements.txt",
        code=code_of("render_report"),
    output:
        tex="{results}/tex/hw2.tex",
        chain="{results}/chain.json",
    log:
        "logs/{results}/render_report.log",
    conda:
        "../../environment.yml"
    params:
        facts=[*FACTS],
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
        chain="results/chain.json",
        appendix="results/tex/appendix.tex",
        figures=expand("results/figures/{name}.pdf", name=FIGURES),
        code=code_of("typeset"),
    output:
        pdf=REPORTS["mnist"],
        manifest="results/manifest.json",
    log:
        "logs/results/typeset.log",
    benchmark:
        "logs/benchmarks/results/typeset.tsv"
    conda:
        "../../environment.yml"
    message:
        "Typeset {output.pdf}"
    script:
        "../scripts/typeset.py"


# The other report carries its mark in its name.
use rule typeset as typeset_synthetic with:
    input:
        tex="results/synthetic/tex/hw2.tex",
        chain="results/synthetic/chain.json",
        appendix="results/tex/appendix.tex",
        figures=expand("results/synthetic/figures/{name}.pdf", name=FIGURES),
        code=code_of("typeset"),
    output:
        pdf=REPORTS["synthetic"],
        manifest="results/synthetic/manifest.json",
    log:
        "logs/results/synthetic/typeset.log",
    benchmark:
        "logs/benchmarks/results/synthetic/typeset.tsv"
