"""Draw the average digits, their regions and what the readers weigh."""

from provenance.job import job
from homework.figures.templates import draw_templates
from provenance import records
from provenance.document.figures import new_figure, save

with job(snakemake):
    figure = new_figure(snakemake.input.style, height=1.95)
    draw_templates(figure.subplots(1, 4), records.read_npz(snakemake.input.templates))
    save(figure, *snakemake.output)
