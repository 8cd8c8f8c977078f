"""What is written: claims, text, appendix, PDF."""

TEMPLATES = [
    "report/main.tex.j2",
    "report/preamble.tex.j2",
    "report/macros.tex.j2",
    "report/colophon.tex.j2",
    *(
        f"report/questions/{name}.tex.j2"
        for name in ("front", "data", *"abcdef", "e_mistakes")
    ),
]
# report/hw2.pdf is MNIST or it does not exist; the other report carries its mark in its name.
RESULTS_OF = {"": "results", "-synthetic": "results/synthetic"}
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
        "nn/*.py", "workflow/rules/*.smk", "workflow/scripts/*.py", "workflow/lib/*.py"
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
        code=code_of("evaluate_claims"),
    output:
        "{results}/claims.json",
    log:
        "logs/{results}/evaluate_claims.log",
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
        code=code_of("list_code"),
    output:
        "results/tex/appendix.tex",
    log:
        "logs/list_code.log",
    conda:
        "../../environment.yml"
    message:
        "Highlight the code for the appendix"
    script:
        "../scripts/list_code.py"


rule chain_results:
    input:
        pins=["requirements.txt"],
        sources=SOURCES,
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
        facts=[*FACTS.values(), *SUMMARIES, "{results}/claims.json"],
        figures=expand("{{results}}/figures/{name}.pdf", name=FIGURES),
        code=code_of("chain_results"),
    output:
        "{results}/chain.json",
    log:
        "logs/{results}/chain_results.log",
    conda:
        "../../environment.yml"
    message:
        "Chain the hashes of data, records and figures"
    script:
        "../scripts/chain_results.py"


rule render_report:
    input:
        **FACTS,
        runs=SUMMARIES,
        claims="{results}/claims.json",
        chain="{results}/chain.json",
        templates=TEMPLATES,
        code=code_of("render_report"),
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


rule typeset:
    input:
        tex=lambda wildcards: f"{RESULTS_OF[wildcards.mark]}/tex/hw2.tex",
        appendix="results/tex/appendix.tex",
        figures=lambda wildcards: [
            f"{RESULTS_OF[wildcards.mark]}/figures/{name}.pdf" for name in FIGURES
        ],
        code=code_of("typeset"),
    output:
        pdf="report/hw2{mark}.pdf",
    log:
        "logs/typeset{mark}.log",
    benchmark:
        "logs/benchmarks/typeset{mark}.tsv"
    conda:
        "../../environment.yml"
    message:
        "Typeset {output.pdf}"
    script:
        "../scripts/typeset.py"


rule write_manifest:
    input:
        chain="{results}/chain.json",
        tex=["{results}/tex/hw2.tex", "results/tex/appendix.tex"],
        pdf=lambda wildcards: REPORTS[
            "mnist" if wildcards.results == "results" else "synthetic"
        ],
        code=code_of("write_manifest"),
    output:
        "{results}/manifest.json",
    log:
        "logs/{results}/write_manifest.log",
    conda:
        "../../environment.yml"
    message:
        "Write the manifest"
    script:
        "../scripts/write_manifest.py"
