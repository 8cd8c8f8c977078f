"""Fill the templates with the records."""

from workflow.lib.facts import gather_facts
from workflow.lib.job import logged
from workflow.lib.records import read_json, write_text
from workflow.lib.rendering import render_report

with logged(snakemake):
    given = snakemake.input
    text = render_report(
        "report",
        gather_facts(given),
        read_json(given.claims),
        read_json(given.chain),
        snakemake.params.author,
        snakemake.params.dataset,
    )
    write_text(snakemake.output[0], text)
