"""What is written: claims, text, appendix, PDF."""

# All that a template can include, and the figures' captions. The sweep has a page of its own. What
# every report has in common is the library's, as are the scripts here.
LIBRARY = listed("provenance/document/templates/*")
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
        *("provenance/*.py", "provenance/d*/**/*.*"),
        *("workflow/**/*.py", "workflow/rules/*.smk", "workflow/schemas/*"),
        *("report/**/*.j2", "report/captions/*.rst"),
        *("report/*.yaml", "report/*.mplstyle"),
    )
    if "sweep" not in path
]

# Every file that the scripts reach, and what else decides what the report says.
REACHED = {
    path
    for script in listed("workflow/scripts/*.py", "provenance/document/scripts/*.py")
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
    *(
        "workflow/scripts/",
        "provenance/document/scripts/",
        "workflow/rules/",
        "Snakefile",
    ),
    *("report/claims.yaml", "config/config.yaml"),
]
PRINTED = [
    path
    for path in (*REACHED, *STEERING)
    if not path.startswith("provenance/") or "/scripts/" in path
]


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
        facts=["runs", *FACTS],
        must_hold=lambda wildcards: (
            wildcards.results == "results" and config["claims"] == "stop"
        ),
        # As an input the summaries are a set; here their order counts.
        step_sizes=STEP_SIZES,
    message:
        "Check every claim of the report against the records"
    script:
        "../../provenance/document/scripts/evaluate_claims.py"


rule list_code:
    input:
        listed=in_order(ORDER, PRINTED),
    output:
        tex="results/tex/appendix.tex",
        html="results/tex/appendix.html",
    log:
        "logs/list_code.log",
    message:
        "List the code for the appendix"
    script:
        "../../provenance/document/scripts/list_code.py"


# A signed copy is rendered from the same records; what it carries holds the signature, too.
rule render_report:
    input:
        **FACTS,
        runs=SUMMARIES,
        claims="{results}/claims.json",
        figures=expand("{{results}}/figures/{name}.pdf", name=FIGURES),
        page=lambda wildcards: PAGES[DATASETS[wildcards.results]],
        texts=TEXTS,
        library=LIBRARY,
        config="config/config.yaml",
        sources=CARRIED,
        signature=lambda wildcards: [SIGNATURE] if wildcards.signed else [],
    output:
        tex="{results}/{signed}tex/hw2.tex",
        packed="{results}/{signed}tex/hw2-sources.zip",
    log:
        "logs/{results}/{signed}render_report.log",
    params:
        facts=["runs", *FACTS],
        report=lambda wildcards: (SIGNED if wildcards.signed else REPORTS)[
            DATASETS[wildcards.results]
        ],
        values=lambda wildcards: said_of(DATASETS[wildcards.results]),
        overridable=["dataset"],
        # As an input the summaries are a set; here their order counts.
        step_sizes=STEP_SIZES,
    message:
        "Fill the templates"
    script:
        "../../provenance/document/scripts/render_report.py"


rule html:
    input:
        PAGES[config["dataset"]],


# The same templates as a web page, which the PDF's last page names with its SHA-256.
for dataset, results in RESULTS.items():

    rule:
        name:
            "render_page" if dataset == "mnist" else f"render_page_{dataset}"
        input:
            **{name: path.format(results=results) for name, path in FACTS.items()},
            runs=[path.format(results=results) for path in SUMMARIES],
            claims=f"{results}/claims.json",
            figures=expand(f"{results}/figures/{{name}}.svg", name=FIGURES),
            # All, those of the PDF among them: here is looked for numbers that are typed.
            texts=TEXTS,
            library=LIBRARY,
            allowed="report/allowed.yaml",
            config="config/config.yaml",
            listings=rules.list_code.output.html,
            listed=sorted(PRINTED),
        output:
            update(PAGES[dataset]),
        log:
            f"logs/{results}/render_page.log",
        params:
            facts=["runs", *FACTS],
            report=REPORTS[dataset],
            values=said_of(dataset),
            overridable=["dataset"],
            step_sizes=STEP_SIZES,
        message:
            "Make the web page"
        script:
            "../../provenance/document/scripts/render_page.py"


# The rules that typeset a report: the folder of its records, that of a signed copy's text, the PDF.
TYPESET = {
    "typeset": ("results", "", REPORTS["mnist"]),
    "typeset_synthetic": ("results/synthetic", "", REPORTS["synthetic"]),
    "typeset_signed": ("results", "signed/", SIGNED["mnist"]),
    "typeset_signed_synthetic": ("results/synthetic", "signed/", SIGNED["synthetic"]),
}
for name, (results, signed, pdf) in TYPESET.items():

    rule:
        name:
            name
        input:
            tex=f"{results}/{signed}tex/hw2.tex",
            packed=f"{results}/{signed}tex/hw2-sources.zip",
            appendix="results/tex/appendix.tex",
            figures=expand(f"{results}/figures/{{name}}.pdf", name=FIGURES),
        output:
            # update: a report is replaced by the next one or, if that cannot be typeset, it stays.
            update(pdf),
            pages=f"{results}/pages/{Path(pdf).stem}.json",
        log:
            f"logs/{results}/{signed}typeset.log",
        message:
            "Typeset {output[0]}"
        script:
            "../../provenance/document/scripts/typeset.py"
