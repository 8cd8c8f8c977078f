"""Draw how often misread and correctly read images show each property."""

from provenance.job import job
from homework.figures.evidence import draw_evidence, draw_key
from provenance import files
from provenance.document.figures import new_figure, save

with job(snakemake):
    facts = files.read_json(snakemake.input.facts)
    figure = new_figure(snakemake.input.style, height=2.9)
    axes = figure.subplots(1, 2, sharey=True)
    for ax, digit in zip(axes, ("3", "9"), strict=True):
        draw_evidence(ax, facts, digit)
    draw_key(figure)
    save(figure, *snakemake.output)
