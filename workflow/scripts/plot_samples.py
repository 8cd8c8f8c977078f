"""Draw the first images of each digit."""

from workflow.lib.job import logged
from workflow.lib.digits import first_training_images
from workflow.lib.figures import new_figure, save
from workflow.lib.sample_figure import draw_samples

with logged(snakemake):
    figure = new_figure(snakemake.input.style, height=1.3)
    axes = figure.subplots(2, 12)
    draw_samples(axes, first_training_images(snakemake.input.digits, axes.shape[1]), "39")
    save(figure, *snakemake.output)
