"""Draw how many updates each variant of the network needed to memorize its training set."""

from provenance.job import job
from homework.figures.memorization import draw_study
from homework.figures.style import new_figure, save
from provenance.files import read_json

with job(snakemake):
    facts = read_json(snakemake.input.facts)
    figure = new_figure(snakemake.input.style, height=0.7 + 0.21 * len(facts["study"]))
    draw_study(figure.subplots(), facts["study"], facts["max_updates"])
    save(figure, *snakemake.output)
