"""Check every claim of the report; a false one stops the build, or is marked if that is wanted."""

from provenance.job import job
from provenance.document.claims import evaluate_claims, read_facts, require_true
from provenance.files import write_json

with job(snakemake):
    given = snakemake.input
    facts = read_facts(**{name: given[name] for name in snakemake.params.facts})
    claims = evaluate_claims(given.claims, facts)
    if snakemake.params.must_hold:
        require_true(claims)
    write_json(snakemake.output[0], claims)
