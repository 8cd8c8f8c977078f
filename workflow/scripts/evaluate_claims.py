"""Check every claim of the report; with MNIST a false one stops the build."""

from provenance.job import job
from provenance.document.claims import evaluate_claims, require_true
from homework.facts import gather_facts
from provenance.files import write_json

with job(snakemake):
    claims = evaluate_claims(snakemake.input.claims, gather_facts(snakemake.input))
    if snakemake.params.must_hold:
        require_true(claims)
    write_json(snakemake.output[0], claims)
