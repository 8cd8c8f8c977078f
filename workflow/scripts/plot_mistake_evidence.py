"""Draw how often misread and correctly read images show each property."""

from workflow.lib.job import logged
from workflow.lib import records
from workflow.lib.evidence_figure import draw_evidence
from workflow.lib.figures import new_figure, save

with logged(snakemake):
    facts = records.read_json(snakemake.input.facts)
    figure = new_figure(snakemake.input.style, 6.5, 3.05)
    axes = figure.subplots(1, 2, sharey=True)
    for ax, digit in zip(axes, ("3", "9"), strict=True):
        draw_evidence(ax, facts, digit)
    save(figure, *snakemake.output)
