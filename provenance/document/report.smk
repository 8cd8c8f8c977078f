"""The rules that write a report, to be included by its Snakefile: claims, text, page, PDF.

RECORDS tells the records that the text speaks of, by name, and FIGURES the names of the figures
that it shows: results/figures/NAME.pdf and .svg.
"""

from provenance.carried import own_files

REPORT, PAGE, PACKED = (
    "report/report.pdf",
    "report/report.html",
    "results/report-sources.zip",
)
SOURCES = own_files()
LIBRARY = [
    path for path in SOURCES if path.startswith("provenance/document/templates/")
]
# The appendix: all code but the library's, and what steers it.
LISTED = [
    *(p for p in SOURCES if p.endswith(".py") and not p.startswith("provenance/")),
    *(p for p in SOURCES if p.startswith("provenance/document/scripts/")),
    *(
        p
        for p in SOURCES
        if p == "Snakefile" or p.endswith(".smk") and "/document/" not in p
    ),
    *("report/claims.yaml", "config/config.yaml"),
]
# What the PDF and the page are filled with.
TEXTS = {
    **RECORDS,
    "claims": "results/claims.json",
    "texts": [p for p in SOURCES if p.startswith("report/") and p.endswith(".j2")],
    "library": LIBRARY,
    "config": "config/config.yaml",
}
FILLED = {
    "facts": [*RECORDS],
    "report": REPORT,
    "values": {"work": config["title"], "name": config["author"], "mark": ""},
}


rule evaluate_claims:
    input:
        **RECORDS,
        claims="report/claims.yaml",
    output:
        "results/claims.json",
    log:
        "logs/evaluate_claims.log",
    params:
        facts=[*RECORDS],
        must_hold=config["claims"] == "stop",
    message:
        "Check every claim of the report against the records"
    script:
        "scripts/evaluate_claims.py"


rule list_code:
    input:
        listed=LISTED,
    output:
        tex="results/appendix.tex",
        html="results/appendix.html",
    log:
        "logs/list_code.log",
    message:
        "List the code for the appendix"
    script:
        "scripts/list_code.py"


rule render_page:
    input:
        **TEXTS,
        figures=expand("results/figures/{name}.svg", name=FIGURES),
        allowed="report/allowed.yaml",
        listings="results/appendix.html",
        listed=LISTED,
    output:
        update(PAGE),
    log:
        "logs/render_page.log",
    params:
        **FILLED,
    message:
        "Make the web page"
    script:
        "scripts/render_page.py"


rule render_report:
    input:
        **TEXTS,
        figures=expand("results/figures/{name}.pdf", name=FIGURES),
        page=PAGE,
        sources=SOURCES,
    output:
        tex="results/report.tex",
        packed=PACKED,
    log:
        "logs/render_report.log",
    params:
        **FILLED,
    message:
        "Fill the templates"
    script:
        "scripts/render_report.py"


rule typeset:
    input:
        tex="results/report.tex",
        packed=PACKED,
        appendix="results/appendix.tex",
        figures=expand("results/figures/{name}.pdf", name=FIGURES),
    output:
        # A report is replaced by the next one or, if that cannot be typeset, it stays.
        update(REPORT),
    log:
        "logs/typeset.log",
    message:
        "Typeset {output}"
    script:
        "scripts/typeset.py"
