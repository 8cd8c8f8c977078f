"""What is drawn. Computing and drawing are apart: a new colour retrains nothing."""

FIRST_RUN, LAST_RUN = (
    f"train/{step_size}/series.csv" for step_size in (STEP_SIZES[0], STEP_SIZES[-1])
)
# Each figure: what it is drawn from, and where Snakemake's own report shows it.
FIGURES = {
    "samples": (["digits.npz"], "(1) Data"),
    "losses": ([FIRST_RUN], "(e) Training"),
    "accuracies": ([FIRST_RUN], "(e) Training"),
    "mistakes": (["mistakes.csv", "digits.npz"], "(e) Mistakes"),
    "mistake_evidence": (["mistakes.json"], "(e) Mistakes"),
    "state": ([LAST_RUN], "(e) Training"),
    "memorization": (["memorization.json"], "(f) Memorization"),
}
STYLE = "report/report.mplstyle"

for figure, (records, category) in FIGURES.items():

    rule:
        name:
            f"plot_{figure}"
        input:
            data=[f"{{results}}/{record}" for record in records],
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
        conda:
            "../../environment.yml"
        message:
            f"Plot {figure.replace('_', ' ')}"
        script:
            f"../scripts/plot_{figure}.py"
