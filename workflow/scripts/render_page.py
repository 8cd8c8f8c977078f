"""Fill the templates once more, for the web."""

from functools import partial
from pathlib import Path

from provenance.job import job
from provenance.configuration import require_printed
from provenance.document import web
from provenance.document.claims import read_facts
from provenance.document.evidence import Evidence
from provenance.document.report import render
from provenance.document.typed import require_computed
from provenance.files import digest, read_json, write_text
from provenance.manifest import manifest_of


def draw(drawings, captions, name):
    """Show a figure; its caption in Snakemake's own report is what is read out."""
    caption = Path(captions[name]).read_text("utf-8").strip() if name in captions else ""
    return web.drawing(drawings[name], name.replace("_", " "), caption)


with job(snakemake):
    given, params = snakemake.input, snakemake.params
    require_printed(snakemake.config, "config/config.yaml", ["dataset"], begun=True)
    require_computed(given.texts, given.allowed, "report/claims.yaml")
    manifest = manifest_of(given)
    rules = [path for path in given.listed if path.endswith(".smk")]
    facts = {"runs": given.runs} | {name: given[name] for name in params.facts}
    claims = read_json(given.claims)
    drawings = {Path(path).stem: path for path in given.figures}
    captions = {Path(path).stem: path for path in given.texts if path.endswith(".rst")}
    values = {
        **read_facts(**facts),
        "evidence": Evidence(manifest, claims, facts, given.figures, rules),
        **{"name": "", "worked_with": ""},  # the PDF is signed
        "titles": params.titles,
        "dataset": params.dataset,
        "mark": params.mark,
        "sources_hash": digest(manifest.sources),
        "chain_hash": manifest.chain,
        "report": params.report,
        "drawing": partial(draw, drawings, captions),
        "listings": Path(given.listings).read_text(encoding="utf-8"),
        "stylesheet": Path(given.style).read_text(encoding="utf-8"),
        "zip": zip,
    }
    filled = render("report", values, claims, "web/main.html.j2", web.environment)
    write_text(snakemake.output[0], web.page(filled))
