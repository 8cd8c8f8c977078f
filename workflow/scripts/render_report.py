"""Chain the hashes of all that the report is made from, and fill the templates."""

from provenance.job import logged
from provenance.document.claims import read_facts
from provenance.document.latex import escape
from provenance.document.report import render
from provenance.files import read_json, write_json, write_text
from provenance.manifest import describe_files, extend, sources_hash
from provenance.packages import require_pinned
from provenance.sums import describe_record

with logged(snakemake):
    given, params = snakemake.input, snakemake.params
    require_pinned(given.pins)
    facts = {name: given[name] for name in params.facts}
    stages = read_json(given.arrays) | {
        "pins": describe_files([given.pins]),
        "sources": describe_files(given.sources),
        "facts": describe_files([*facts.values(), *given.runs, given.claims], describe_record),
        "figures": describe_files(given.figures),
    }
    chain = extend({}, stages)
    values = {
        **read_facts(runs=given.runs, **facts),
        "author": {key: escape(text, f"author.{key}") for key, text in params.author.items()},
        "dataset": params.dataset,
        "sources_hash": sources_hash(chain),
        "chain_hash": chain["figures"]["chain"],
        "zip": zip,
    }
    text = render("report", values, read_json(given.claims))
    write_json(snakemake.output.chain, chain)
    write_text(snakemake.output.tex, text)
