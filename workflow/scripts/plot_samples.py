"""Draw the first images of each digit."""

from workflow.lib.digits import load_digits
from workflow.lib.figures import new_figure, save
from workflow.lib.job import logged
from workflow.lib.sample_figure import draw_samples

with logged(snakemake):
    digits = load_digits(snakemake.input.digits)
    figure = new_figure(snakemake.input.style, height=1.3)
    images = [digits.X_train[digits.y_train == label] for label in (0, 1)]
    draw_samples(figure.subplots(2, 12), images, "39")
    save(figure, *snakemake.output)
