"""Draw the points and the line through them."""

from provenance.job import job
from analysis import read_points
from provenance.document.figures import new_figure, save
from provenance.records import read_csv

with job(snakemake):
    given, params = snakemake.input, snakemake.params
    x, y = read_points(given.data, params.x, params.y)
    line = read_csv(given.line)
    figure = new_figure(given.style, height=2.8)
    axes = figure.subplots()
    axes.plot(x, y, "o", markersize=3)
    axes.plot(line["x"], line["y"])
    # The font of figures prints no underscores.
    axes.set_xlabel(params.x.replace("_", " "))
    axes.set_ylabel(params.y.replace("_", " "))
    save(figure, *snakemake.output)
