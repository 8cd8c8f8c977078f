"""What is written: claims, text, appendix, PDF."""

# All that a template can include, and the figures' captions. The sweep has a page of its own.
TEXTS = [
    path
    for path in listed("report/**/*.j2", "report/captions/*.rst")
    if path != "report/sweep.tex.j2"
]
# What the report reads: the facts of each record.
FACTS = {
    Path(path).stem: path
    for part in QUESTIONS.values()
    for path in part.get("facts", [])
}
TITLES = {name: part["title"] for name, part in QUESTIONS.items()}
SUMMARIES = [f"{{results}}/train/{step_size}/summary.json" for step_size in STEP_SIZES]

# What the PDF carries, so that it can be built again from itself, and what its last page hashes:
# all that a build reads, and what a person needs to start one. Tests, documentation, other
# profiles and the sweep are not in it, nor what is committed when the report is released.
CARRIED = [
    path
    for path in listed(
        *("Makefile", "README.md", "LICENSE*", "requirements.*", "environment.yml"),
        *("Snakefile", "config/config.yaml", "config/*.sha256", "profiles/default/*"),
        *("setup/*.sh", "setup/**/*.py", "nn/**/*.py", "homework/**/*.py"),
        *("provenance/**/*.py", "workflow/**/*.py", "workflow/rules/*.smk"),
        *("workflow/schemas/*", "report/**/*.j2", "report/captions/*.rst"),
        *("report/*.yaml", "report/*.mplstyle", "report/web/*.css"),
    )
    if "sweep" not in path
]
PACKED = "{results}/tex/hw2-sources.zip"

# Every file that the scripts reach, and what else decides what the report says.
REACHED = {
    path
    for script in listed("workflow/scripts/*.py")
    for path in sources(script, workflow.basedir)
}
STEERING = [
    *(p for p in listed("Snakefile", "workflow/rules/*.smk") if "sweep" not in p),
    *("report/claims.yaml", "config/config.yaml"),
]

# The appendix: the handout's functions in the order of its questions, and what this report makes of
# them. A folder stands for all its files that are not named before. The library that makes reports
# is not printed.
ORDER = [
    *("nn/digits.py", "nn/gradients.py", "nn/activations.py", "nn/losses.py"),
    *("nn/network.py", "nn/batches.py", "nn/training.py", "nn/", "homework/", ""),
    *("workflow/scripts/", "workflow/rules/", "Snakefile"),
    *("report/claims.yaml", "config/config.yaml"),
]
PRINTED = [p for p in (*REACHED, *STEERING) if not p.startswith("provenance/")]


rule evaluate_claims:
    input:
        **FACTS,
        runs=SUMMARIES,
        claims="report/claims.yaml",
    output:
        "{results}/claims.json",
    log:
        "logs/{results}/evaluate_claims.log",
    params:
        facts=[*FACTS],
        must_hold=lambda wildcards: (
            wildcards.results == "results" and config["claims"] == "stop"
        ),
        # As an input the summaries are a set; here their order counts.
        step_sizes=STEP_SIZES,
    message:
        "Check every claim of the report against the records"
    script:
        "../scripts/evaluate_claims.py"


rule list_code:
    input:
        listed=in_order(ORDER, PRINTED),
    output:
        "results/tex/appendix.tex",
    log:
        "logs/list_code.log",
    message:
        "List the code for the appendix"
    script:
        "../scripts/list_code.py"


rule render_report:
    input:
        **FACTS,
        runs=SUMMARIES,
        claims="{results}/claims.json",
        figures=expand("{{results}}/figures/{name}.pdf", name=FIGURES),
        page=lambda wildcards: PAGES[DATASETS[wildcards.results]],
        texts=TEXTS,
        allowed="report/allowed.yaml",
        sources=CARRIED,
    output:
        tex="{results}/tex/hw2.tex",
        packed=PACKED,
    log:
        "logs/{results}/render_report.log",
    params:
        facts=[*FACTS],
        titles=TITLES,
        author=config["author"],
        step_sizes=STEP_SIZES,
        reports=REPORTS,
        dataset=lambda wildcards: DATASETS[wildcards.results],
    message:
        "Fill the templates"
    script:
        "../scripts/render_report.py"


# The same templates as a web page, which the PDF's last page names with its SHA-256.
for dataset, results in RESULTS.items():

    rule:
        name:
            f"render_page_{dataset}"
        input:
            **{name: path.format(results=results) for name, path in FACTS.items()},
            runs=[path.format(results=results) for path in SUMMARIES],
            claims=f"{results}/claims.json",
            figures=expand(f"{results}/figures/{{name}}.svg", name=FIGURES),
            captions=CAPTIONS.values(),
            texts=[path for path in TEXTS if path.endswith(".j2")],
            allowed="report/allowed.yaml",
            style="report/web/style.css",
            listed=in_order(ORDER, PRINTED),
        output:
            PAGES[dataset],
        log:
            f"logs/{results}/render_page.log",
        params:
            facts=[*FACTS],
            titles=TITLES,
            author=config["author"],
            # As an input the summaries are a set; here their order counts.
            step_sizes=STEP_SIZES,
            dataset=dataset,
            report=REPORTS[dataset],
        message:
            "Make the web page"
        script:
            "../scripts/render_page.py"


# report/hw2.pdf is MNIST or it does not exist.
rule typeset:
    input:
        tex="results/tex/hw2.tex",
        packed="results/tex/hw2-sources.zip",
        appendix="results/tex/appendix.tex",
        figures=expand("results/figures/{name}.pdf", name=FIGURES),
    output:
        REPORTS["mnist"],
        pages="results/pages.json",
    log:
        "logs/results/typeset.log",
    message:
        "Typeset {output[0]}"
    script:
        "../scripts/typeset.py"


# The other report carries its mark in its name.
use rule typeset as typeset_synthetic with:
    input:
        tex="results/synthetic/tex/hw2.tex",
        packed="results/synthetic/tex/hw2-sources.zip",
        appendix="results/tex/appendix.tex",
        figures=expand("results/synthetic/figures/{name}.pdf", name=FIGURES),
    output:
        REPORTS["synthetic"],
        pages="results/synthetic/pages.json",
    log:
        "logs/results/synthetic/typeset.log",
