"""All facts that the report speaks of, gathered from the records."""

from __future__ import annotations

from typing import Any

from provenance.files import read_json

NAMES = ("toy", "gradients", "activations", "digits", "mistakes", "memorization")


def gather_facts(inputs: Any) -> dict[str, Any]:
    """Read a rule's records.

    Parameters
    ----------
    inputs : snakemake.io.InputFiles
        With one path for each of `NAMES`, and `runs`, the summaries in the config's order.

    Returns
    -------
    dict
        The facts under their names; `runs` holds `first`, `last` and `all`.
    """
    facts = {name: read_json(inputs[name]) for name in NAMES}
    runs = [read_json(path) for path in inputs.runs]
    return facts | {"runs": {"first": runs[0], "last": runs[-1], "all": runs}}
