"""Chain the hashes of all that the report is made from, and fill the templates."""

from workflow.lib.job import logged
from workflow.lib.facts import NAMES, gather_facts
from workflow.lib.files import read_json, write_json, write_text
from workflow.lib.manifest import describe_files, extend
from workflow.lib.packages import require_pinned
from workflow.lib.rendering import render_report
from workflow.lib.sums import describe_record

with logged(snakemake):
    given = snakemake.input
    require_pinned(given.pins)
    stages = read_json(given.arrays) | {
        "pins": describe_files([given.pins]),
        "sources": describe_files(given.sources),
        "facts": describe_files(
            [*(given[name] for name in NAMES), *given.runs, given.claims], describe_record
        ),
        "figures": describe_files(given.figures),
    }
    chain = extend({}, stages)
    text = render_report(
        "report",
        gather_facts(given),
        read_json(given.claims),
        chain,
        snakemake.params.author,
        snakemake.params.dataset,
    )
    write_json(snakemake.output.chain, chain)
    write_text(snakemake.output.tex, text)
