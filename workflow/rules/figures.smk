"""What is drawn. Computing and drawing are apart: a new colour retrains nothing."""

FIRST_RUN, LAST_RUN = (
    f"train/{step_size}/series.csv" for step_size in (STEP_SIZES[0], STEP_SIZES[-1])
)
# Each figure: what it is drawn from, and where Snakemake's own report shows it.
FIGURES = {
    "samples": ({"digits": "digits.npz"}, "(1) Data"),
    "finite_differences": ({"facts": "results/toy/gradients.json"}, "(a) Gradients"),
    "losses": ({"series": FIRST_RUN}, "(e) Training"),
    "accuracies": ({"series": FIRST_RUN}, "(e) Training"),
    "mistakes": ({"mistakes": "mistakes.csv", "digits": "digits.npz"}, "(e) Mistakes"),
    "mistake_evidence": ({"facts": "mistakes.json"}, "(e) Mistakes"),
    "mistake_templates": ({"templates": "mistake_templates.npz"}, "(e) Mistakes"),
    "state": ({"series": LAST_RUN}, "(e) Training"),
    "memorization": ({"facts": "memorization.json"}, "(f) Memorization"),
}
STYLE = "report/report.mplstyle"

for figure, (records, category) in FIGURES.items():

    rule:
        name:
            f"plot_{figure}"
        input:
            **{
                name: (
                    record
                    if record.startswith("results/")
                    else f"{{results}}/{record}"
                )
                for name, record in records.items()
            },
            style=STYLE,
        output:
            pdf=f"{{results}}/figures/{figure}.pdf",
            svg=report(
                f"{{results}}/figures/{figure}.svg",
                caption=f"../../report/captions/{figure}.rst",
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
