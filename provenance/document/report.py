"""The report's LaTeX: templates filled with facts and claims."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from provenance.document import latex, listings
from provenance.document.claims import unproven
from provenance.errors import Failure


def render(
    folder: str | Path,
    values: Mapping[str, Any],
    claims: Mapping[str, Mapping[str, Any]],
    main: str = "main.tex.j2",
) -> str:
    r"""Fill the templates.

    Parameters
    ----------
    folder : str or Path
        Where the templates are. `<< style | latex >>` belongs into its preamble.
    values : mapping
        All that the templates speak of, by name.
    claims : mapping
        From `evaluate_claims`. Each must be printed somewhere, as `<< claim("name") >>`; one that
        does not hold stands in `\unproven{...}`, which the templates define, labelled
        `claim:name`. The templates know how many `claims` there are and the names of those that
        are `marked` so.
    main : str
        The template that makes the document; it may include the others.

    Returns
    -------
    str
        The document's source.

    Raises
    ------
    Failure
        If a template asks for a claim that is not there, or a claim is never printed.
    """
    silent = set(claims)
    marked = unproven(claims)

    def claim(name: str) -> latex.Latex:
        if name not in claims:
            raise Failure(
                f"A template prints the claim {name!r}; report/claims.yaml has no such claim.",
                f"Add it there. There are {', '.join(claims)}.",
            )
        label = rf"\phantomsection\label{{claim:{name}}}" if name in silent else ""
        silent.discard(name)
        sentence = claims[name]["sentence"]
        return latex.Latex(sentence if name not in marked else rf"\unproven{{{label}{sentence}}}")

    style = latex.STYLE + listings.STYLE
    template = latex.environment(folder).get_template(main)
    text = template.render(values, claim=claim, claims=len(claims), marked=marked, style=style)
    if silent:
        raise Failure(
            f"No template prints the claims {', '.join(sorted(silent))}.",
            'Print them with << claim("name") >>, or remove them from report/claims.yaml.',
        )
    return text
