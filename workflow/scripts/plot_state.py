"""Draw what the last step size did to the network."""

from workflow.lib.job import logged
from workflow.lib.figures import new_figure, save
from workflow.lib.records import read_csv
from workflow.lib.state_figure import draw_state

with logged(snakemake):
    figure = new_figure(snakemake.input.style, height=3.4)
    draw_state(figure.subplots(2, 1, sharex=True), read_csv(snakemake.input.series))
    save(figure, *snakemake.output)
