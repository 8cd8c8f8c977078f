"""Fill the templates, with the hashes of all that the report is made from."""

from provenance.job import job
from homework.facts import gather_facts
from provenance.configuration import require_printed
from provenance.document.report import render_report
from provenance.files import digest, read_json, write_text
from provenance.manifest import manifest_of

with job(snakemake):
    given = snakemake.input
    require_printed(snakemake.config, "config/config.yaml", ["dataset"])
    manifest = manifest_of(given)
    text = render_report(
        "report",
        gather_facts(given),
        read_json(given.claims),
        digest(manifest.sources),
        manifest.chain,
        snakemake.params.author,
        snakemake.params.dataset,
    )
    write_text(snakemake.output[0], text)
