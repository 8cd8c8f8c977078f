"""Draw the training and test losses per timestep."""

from workflow.lib.job import logged
from workflow.lib.curve_figures import draw_curves
from workflow.lib.figures import new_figure, save
from workflow.lib.records import read_csv

with logged(snakemake):
    figure = new_figure(snakemake.input.style)
    draw_curves(figure.subplots(), read_csv(snakemake.input.series), "loss", "average loss (nats)")
    save(figure, *snakemake.output)
