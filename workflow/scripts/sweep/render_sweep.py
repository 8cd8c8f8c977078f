"""Fill the sweep's template."""

from provenance.job import job
from provenance.document.report import render
from provenance.document.typed import require_computed
from provenance.files import digest, read_json, write_text
from provenance.manifest import manifest_of

with job(snakemake):
    given = snakemake.input
    require_computed(["report/sweep.tex.j2"], given.allowed)
    manifest = manifest_of(given)
    values = {
        **read_json(given.facts),
        "name": "",
        "mark": snakemake.params.mark,
        "sources_hash": digest(manifest.sources),
        "chain_hash": manifest.chain,
    }
    write_text(snakemake.output[0], render("report", values, {}, main="sweep.tex.j2"))
