"""Fill the templates, with the hashes of all that the report is made from."""

from pathlib import Path

from provenance.job import job
from provenance.carried import MANIFEST, pack
from provenance.configuration import require_printed
from provenance.document.attachment import attachment
from provenance.document.claims import read_facts
from provenance.document.evidence import Evidence
from provenance.document.latex import escape
from provenance.document.report import render
from provenance.files import canonical_json, digest, read_json, write_text
from provenance.manifest import manifest_of

with job(snakemake):
    given, params = snakemake.input, snakemake.params
    # The records are of the configuration as it was when the Snakefile was read.
    require_printed(snakemake.config, "config/config.yaml", ["dataset"], begun=True)
    manifest = manifest_of(given)
    sources = manifest.sources
    carried = [*given.sources, *given.signature]
    contents = {path: Path(path).read_bytes() for path in carried}
    contents[MANIFEST] = canonical_json(manifest._asdict()).encode()
    pack(snakemake.output.packed, "hw2", contents)
    signature = read_json(given.signature[0]) if given.signature else {}
    rules = [path for path in given.sources if path.endswith(".smk")]
    claims = read_json(given.claims)
    facts = {"runs": given.runs} | {name: given[name] for name in params.facts}
    values = {
        **read_facts(**facts),
        "evidence": Evidence(manifest, claims, facts, given.figures, rules),
        "name": escape(signature.get("name", ""), "NAME"),
        "worked_with": escape(signature.get("worked_with", ""), "WITH"),
        "titles": params.titles,
        "dataset": params.dataset,
        "mark": params.mark,
        "sources_hash": digest(sources),
        "machine_hash": digest({p: h for p, h in sources.items() if p.startswith("provenance/")}),
        "chain_hash": manifest.chain,
        "report": params.report,
        "page": Path(given.page).name,
        "page_hash": manifest.files[given.page],
        "carried": attachment(Path(snakemake.output.packed).name, f"snakemake {params.report}"),
        "zip": zip,
    }
    write_text(snakemake.output.tex, render("report", values, claims))
