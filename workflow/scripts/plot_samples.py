"""Draw the first images of each digit."""

from provenance.job import job
from homework.dataset import first_training_images
from homework.figures.samples import draw_samples
from provenance.document.figures import new_figure, save

with job(snakemake):
    figure = new_figure(snakemake.input.style, height=1.3)
    axes = figure.subplots(2, 12)
    draw_samples(axes, first_training_images(snakemake.input.digits, axes.shape[1]), "39")
    save(figure, *snakemake.output)
