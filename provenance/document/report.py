"""The report's LaTeX: templates filled with facts and claims."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import jinja2

from provenance.document import latex, listings
from provenance.document.claims import unproven
from provenance.errors import Failure


def render(
    folder: str | Path,
    values: Mapping[str, Any],
    claims: Mapping[str, Mapping[str, Any]],
    main: str = "main.tex.j2",
    environment: Callable[[str | Path], jinja2.Environment] = latex.environment,
) -> str:
    r"""Fill the templates.

    Parameters
    ----------
    folder : str or Path
        Where the templates are. `<< style | latex >>` belongs into its preamble.
    values : mapping
        All that the templates speak of, by name.
    claims : mapping
        From `evaluate_claims`. Each must be printed somewhere, as `<< claim("name") >>`. It is
        labelled `claim:name` and followed by `\evidence{name}{number}`; one that does not hold
        stands in `\unproven{...}`. The templates define both, and know how many `claims` there
        are, the names of those that are `marked` and, by name, the number of each that was
        printed so far (`numbered`).
    main : str
        The template that makes the document; it may include the others.
    environment : callable
        How templates are read: for LaTeX, or `web.environment`.

    Returns
    -------
    str
        The document's source.

    Raises
    ------
    Failure
        If a template asks for a claim that is not there, or a claim is never printed.
    """
    marked = unproven(claims)
    numbered: dict[str, int] = {}

    @jinja2.pass_context
    def claim(context: jinja2.runtime.Context, name: str) -> latex.Latex:
        if name not in claims:
            template = f"{folder}/{context.name}"
            raise Failure(
                f"{template} prints the claim {name!r}; report/claims.yaml has no such claim.",
                f'If it was removed there, remove << claim("{name}") >> from {template}, too. Else '
                f"add it, or correct the name; there are {', '.join(claims)}.",
            )
        label = rf"\leavevmode\phantomsection\label{{claim:{name}}}" * (name not in numbered)
        number = numbered.setdefault(name, len(numbered) + 1)
        sentence = claims[name]["sentence"]
        said = rf"\unproven{{{sentence}}}" if name in marked else sentence
        return latex.Latex(rf"{label}{said}\evidence{{{name}}}{{{number}}}")

    style = latex.STYLE + listings.STYLE
    template = environment(folder).get_template(main)
    known = {"claims": len(claims), "marked": marked, "numbered": numbered, "style": style}
    text = template.render(values, claim=claim, **known)
    if silent := claims.keys() - numbered:
        raise Failure(
            f"No template prints the claims {', '.join(sorted(silent))}.",
            'Print them with << claim("name") >> in a template, or remove them from '
            "report/claims.yaml.",
        )
    return text
