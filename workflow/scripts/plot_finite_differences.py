"""Draw the error of finite differences against their step."""

from provenance.job import job
from homework.figures.finite_differences import draw_steps
from provenance.document.figures import new_figure, save
from provenance.files import read_json

with job(snakemake):
    facts = read_json(snakemake.input.facts)
    figure = new_figure(snakemake.input.style, height=1.9)
    draw_steps(figure.subplots(), facts["steps"], facts["smallest_pre_activation"])
    save(figure, *snakemake.output)
