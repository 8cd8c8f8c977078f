"""Draw what became of each width and step size."""

from provenance.job import job
from homework.figures.sweep import draw_accuracies, draw_failures
from provenance.document.figures import new_figure, save
from provenance.files import read_json

with job(snakemake):
    cells = read_json(snakemake.input.facts)["cells"]
    figure = new_figure(snakemake.input.style, height=2.6)
    left, right = figure.subplots(1, 2)
    draw_accuracies(left, cells)
    draw_failures(right, cells)
    save(figure, *snakemake.output)
