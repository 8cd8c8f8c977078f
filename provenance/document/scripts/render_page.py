"""Fill the templates once more, for the web."""

from functools import partial
from pathlib import Path

from provenance.job import job
from provenance.document import web
from provenance.document.contents import contents
from provenance.document.report import render
from provenance.document.typed import require_computed
from provenance.files import write_text


def draw(evidence, captions, name):
    """Show a figure; its caption in Snakemake's own report, if it has one, is what is read out."""
    evidence.figure(name)  # says so if there is none
    caption = captions[name].read_text(encoding="utf-8").strip() if name in captions else ""
    return web.drawing(evidence.figures[name], name.replace("_", " "), caption)


with job(snakemake):
    given = snakemake.input
    require_computed(given.texts, given.allowed, "report/claims.yaml")
    _, claims, values = contents(snakemake)
    captions = {Path(path).stem: Path(path) for path in given.texts if path.endswith(".rst")}
    values |= {
        "drawing": partial(draw, values["evidence"], captions),
        "listings": Path(given.listings).read_text(encoding="utf-8"),
    }
    filled = render("report", values, claims, environment=web.environment)
    write_text(snakemake.output[0], web.page(filled))
