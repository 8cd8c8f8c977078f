"""Draw the training and test accuracies per timestep."""

from provenance.job import job
from homework.figures.curves import draw_accuracy
from provenance.document.figures import new_figure, save
from provenance.records import read_csv

with job(snakemake):
    figure = new_figure(snakemake.input.style)
    draw_accuracy(figure.subplots(), read_csv(snakemake.input.series))
    save(figure, *snakemake.output)
