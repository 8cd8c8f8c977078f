"""Draw what the last step size did to the network."""

from provenance.job import job
from homework.figures.state import draw_state
from provenance.document.figures import new_figure, save
from provenance.records import read_csv

with job(snakemake):
    figure = new_figure(snakemake.input.style, height=4.4)
    draw_state(figure.subplots(4, 1, sharex=True), read_csv(snakemake.input.series))
    save(figure, *snakemake.output)
