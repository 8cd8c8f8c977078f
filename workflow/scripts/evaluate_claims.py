"""Check every claim of the report; with MNIST a false one stops the build."""

from workflow.lib.job import logged
from workflow.lib.claims import evaluate_claims, require_true
from workflow.lib.facts import gather_facts
from workflow.lib.files import write_json

with logged(snakemake):
    claims = evaluate_claims(snakemake.input.claims, gather_facts(snakemake.input))
    if snakemake.params.must_hold:
        require_true(claims)
    write_json(snakemake.output[0], claims)
