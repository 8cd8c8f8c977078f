"""The report's LaTeX: templates filled with facts and claims."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from provenance.errors import Failure
from provenance.document.latex import Latex, environment, escape
from provenance.document.listing_style import LISTING_STYLE


def render_report(
    folder: str | Path,
    facts: Mapping[str, Any],
    claims: Mapping[str, Mapping[str, Any]],
    sources_hash: str,
    chain_hash: str,
    author: Mapping[str, str],
    dataset: str,
) -> str:
    """Fill the templates.

    Parameters
    ----------
    folder : str or Path
        Where main.tex.j2 is.
    facts : mapping
        The records, by name.
    claims : mapping
        From `evaluate_claims`. Each must be printed somewhere.
    chain : mapping
        The manifest up to the figures.
    author : mapping
        name and worked_with, as a person typed them.
    dataset : str
        "mnist" or "synthetic".

    Returns
    -------
    str
        The document's source.

    Raises
    ------
    Failure
        If a template asks for a claim that is not there, or a claim is never printed.
    """
    printed = set()

    def claim(name: str) -> Latex:
        if name not in claims:
            raise Failure(
                f"A template prints the claim {name!r}; report/claims.yaml has no such claim.",
                f"Add it there. There are {', '.join(claims)}.",
            )
        printed.add(name)
        sentence = claims[name]["sentence"]
        if claims[name]["holds"]:
            return Latex(sentence)
        return Latex(
            rf"\emph{{[Said of MNIST; the numbers of these digits do not bear it out:}} {sentence}"
            r"\emph{]}"
        )

    text = (
        environment(folder)
        .get_template("main.tex.j2")
        .render(
            **facts,
            claim=claim,
            author={key: escape(text, f"author.{key}") for key, text in author.items()},
            dataset=dataset,
            sources_hash=sources_hash,
            chain_hash=chain_hash,
            listing_style=LISTING_STYLE,
            zip=zip,
        )
    )
    if silent := set(claims) - printed:
        raise Failure(
            f"No template prints the claims {', '.join(sorted(silent))}.",
            'Print them with << claim("name") >>, or remove them from report/claims.yaml.',
        )
    return text
