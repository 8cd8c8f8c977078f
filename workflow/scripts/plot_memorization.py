"""Draw in how many attempts one update memorizes the training set, by variant, width and step."""

from provenance.job import job
from homework.figures.memorization import draw_shares
from provenance.document.figures import new_figure, save
from provenance.files import read_json

with job(snakemake):
    facts = read_json(snakemake.input.facts)
    figure = new_figure(snakemake.input.style, height=2.5)
    axes = figure.subplots(1, len(facts["order"]), sharex=True, sharey=True)
    for ax, variant in zip(axes, facts["order"], strict=True):
        draw_shares(ax, facts, variant)
    axes[0].set_ylabel("share that needs one update")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside upper center", ncols=6)
    save(figure, *snakemake.output)
