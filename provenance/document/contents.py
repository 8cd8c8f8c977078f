"""What a document and its web page have in common: they are filled with the same."""

from __future__ import annotations

from typing import Any

from provenance.configuration import require_printed
from provenance.document.claims import read_facts
from provenance.document.evidence import Evidence
from provenance.document.latex import escape
from provenance.files import digest, read_json
from provenance.manifest import Manifest, manifest_of


def contents(snakemake: Any) -> tuple[Manifest, dict[str, Any], dict[str, Any]]:
    """Give what a document is made of, its claims, and by name what its templates speak of.

    The job has as inputs `config`, `claims`, `figures`, records and, if wanted, a `signature`, a
    record of texts; as parameters the names of the inputs that are `facts`, and further `values`.
    """
    given, params = snakemake.input, snakemake.params
    # The records are of the configuration as it was when the Snakefile was read.
    free = params.get("overridable", [])
    require_printed(snakemake.config, given.config, free, begun=True)
    manifest, claims = manifest_of(given), read_json(given.claims)
    facts = {name: given[name] for name in params.facts}
    signed = bool(given.get("signature"))
    rules = [
        path
        for path in dict.fromkeys(given)
        if path.endswith((".smk", "Snakefile")) and not path.startswith("provenance/")
    ]
    told = params.get("values", {}) | (read_json(given.signature[0]) if signed else {})
    values = {
        **read_facts(**facts),
        "evidence": Evidence(manifest, claims, facts, given.figures, rules),
        **{name: _escaped(value, name) for name, value in told.items()},
        "report": params.report,
        "sources_hash": digest(manifest.sources),
        "chain_hash": manifest.chain,
        "zip": zip,
    }
    return manifest, claims, values


def _escaped(value: Any, key: str) -> Any:
    """Write the texts of a setting as LaTeX; an error names the setting."""
    if isinstance(value, dict):
        return {name: _escaped(inner, f"{key}.{name}") for name, inner in value.items()}
    return escape(value, key) if isinstance(value, str) else value
