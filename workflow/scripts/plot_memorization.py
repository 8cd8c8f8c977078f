"""Draw how many updates each variant of the network needed to memorize its training set."""

from workflow.lib.job import logged
from workflow.lib.figures import new_figure, save
from workflow.lib.memorization_figure import draw_study
from workflow.lib.records import read_json

with logged(snakemake):
    facts = read_json(snakemake.input.facts)
    figure = new_figure(snakemake.input.style, height=0.7 + 0.21 * len(facts["study"]))
    draw_study(figure.subplots(), facts["study"], facts["max_updates"])
    save(figure, *snakemake.output)
