"""Chain the hashes of all that the report is made from, and fill the templates."""

from provenance.job import logged
from homework.facts import NAMES, gather_facts
from provenance.files import read_json, write_json, write_text
from provenance.manifest import describe_files, extend
from provenance.packages import require_pinned
from provenance.document.report import render_report
from provenance.sums import describe_record

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
