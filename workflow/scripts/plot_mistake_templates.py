"""Draw the average digits, their regions and what the readers weigh."""

from provenance.job import job
from homework.figures.style import new_figure, save
from homework.figures.templates import draw_templates
from provenance import records

with job(snakemake):
    figure = new_figure(snakemake.input.style, height=1.95)
    draw_templates(figure.subplots(1, 4), records.read_npz(snakemake.input.templates))
    save(figure, *snakemake.output)
