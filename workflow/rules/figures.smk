"""What is drawn. Computing and drawing are apart: a new colour retrains nothing."""

# Each figure: what it is drawn from, and where Snakemake's own report shows it.
FIGURES = {
    figure: (records, part["title"])
    for part in QUESTIONS.values()
    for figure, records in part.get("figures", {}).items()
}
# What each shows, for who cannot see it; a figure may do without.
CAPTIONS = {Path(path).stem: path for path in listed("report/captions/*.rst")}
STYLE = "report/report.mplstyle"

for figure, (records, category) in FIGURES.items():

    rule:
        name:
            f"plot_{figure}"
        input:
            **records,
            style=STYLE,
        output:
            pdf=f"{{results}}/figures/{figure}.pdf",
            svg=report(
                f"{{results}}/figures/{figure}.svg",
                caption=f"../../{CAPTIONS[figure]}" if figure in CAPTIONS else None,
                category=category,
            ),
        log:
            f"logs/{{results}}/plot_{figure}.log",
        params:
            figure=figure,
        message:
            f"Plot {figure.replace('_', ' ')}"
        script:
            # Filled in for each job; the loop's own variable is the last figure by then.
            "../scripts/plot_{params.figure}.py"
