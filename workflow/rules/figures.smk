"""What is drawn. Computing and drawing are apart: a new colour retrains nothing."""

FIGURES = [
    "samples",
    "losses",
    "accuracies",
    "mistakes",
    "mistake_evidence",
    "state",
    "memorization",
]
STYLE = "report/report.mplstyle"


rule plot_samples:
    input:
        digits="{results}/digits.npz",
        style=STYLE,
    output:
        pdf="{results}/figures/samples.pdf",
        svg=report(
            "{results}/figures/samples.svg",
            caption="../../report/captions/samples.rst",
            category="(1) Data",
        ),
    log:
        "logs/{results}/plot_samples.log",
    conda:
        "../../environment.yml"
    message:
        "Plot sample images"
    script:
        "../scripts/plot_samples.py"


rule plot_losses:
    input:
        series=f"{{results}}/train/{STEP_SIZES[0]}/series.csv",
        style=STYLE,
    output:
        pdf="{results}/figures/losses.pdf",
        svg=report(
            "{results}/figures/losses.svg",
            caption="../../report/captions/losses.rst",
            category="(e) Training",
        ),
    log:
        "logs/{results}/plot_losses.log",
    conda:
        "../../environment.yml"
    message:
        "Plot the losses"
    script:
        "../scripts/plot_losses.py"


rule plot_accuracies:
    input:
        series=f"{{results}}/train/{STEP_SIZES[0]}/series.csv",
        style=STYLE,
    output:
        pdf="{results}/figures/accuracies.pdf",
        svg=report(
            "{results}/figures/accuracies.svg",
            caption="../../report/captions/accuracies.rst",
            category="(e) Training",
        ),
    log:
        "logs/{results}/plot_accuracies.log",
    conda:
        "../../environment.yml"
    message:
        "Plot the accuracies"
    script:
        "../scripts/plot_accuracies.py"


rule plot_state:
    input:
        series=f"{{results}}/train/{STEP_SIZES[-1]}/series.csv",
        style=STYLE,
    output:
        pdf="{results}/figures/state.pdf",
        svg=report(
            "{results}/figures/state.svg",
            caption="../../report/captions/state.rst",
            category="(e) Training",
        ),
    log:
        "logs/{results}/plot_state.log",
    conda:
        "../../environment.yml"
    message:
        "Plot what the large step size did"
    script:
        "../scripts/plot_state.py"


rule plot_mistakes:
    input:
        digits="{results}/digits.npz",
        mistakes="{results}/mistakes.csv",
        style=STYLE,
    output:
        pdf="{results}/figures/mistakes.pdf",
        svg=report(
            "{results}/figures/mistakes.svg",
            caption="../../report/captions/mistakes.rst",
            category="(e) Mistakes",
        ),
    log:
        "logs/{results}/plot_mistakes.log",
    conda:
        "../../environment.yml"
    message:
        "Plot the gallery of mistakes"
    script:
        "../scripts/plot_mistakes.py"


rule plot_mistake_evidence:
    input:
        facts="{results}/mistakes.json",
        style=STYLE,
    output:
        pdf="{results}/figures/mistake_evidence.pdf",
        svg=report(
            "{results}/figures/mistake_evidence.svg",
            caption="../../report/captions/mistake_evidence.rst",
            category="(e) Mistakes",
        ),
    log:
        "logs/{results}/plot_mistake_evidence.log",
    conda:
        "../../environment.yml"
    message:
        "Plot what mistakes have in common"
    script:
        "../scripts/plot_mistake_evidence.py"


rule plot_memorization:
    input:
        facts="{results}/memorization.json",
        style=STYLE,
    output:
        pdf="{results}/figures/memorization.pdf",
        svg=report(
            "{results}/figures/memorization.svg",
            caption="../../report/captions/memorization.rst",
            category="(f) Memorization",
        ),
    log:
        "logs/{results}/plot_memorization.log",
    conda:
        "../../environment.yml"
    message:
        "Plot the memorization study"
    script:
        "../scripts/plot_memorization.py"
