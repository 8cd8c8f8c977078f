r"""A file that the PDF carries, for every engine: pdfTeX, and XeTeX, which tectonic is."""

from __future__ import annotations

from provenance.document.latex import Latex

# AFRelationship says that the document was made from it. PDF viewers list the file, pdfdetach
# saves it.
SPECIFICATION = (
    r"<< /Type /Filespec /F (FILE) /UF (FILE) /Desc (DESCRIPTION) /AFRelationship /Source "
    r"/EF << /F \carried\space /UF \carried\space >> >>"
)
ATTACHMENT = rf"""\edef\carriedtype{{/Type /EmbeddedFile /Subtype /application\string#2Fzip}}
\ifPDFTeX
  \immediate\pdfobj stream attr {{\carriedtype\space
    /Params << /Size \pdffilesize{{FILE}} /CheckSum <\pdfmdfivesum file {{FILE}}> >>}} file {{FILE}}
  \edef\carried{{\the\pdflastobj\space 0 R}}
  \immediate\pdfobj {{{SPECIFICATION}}}
  \edef\carried{{\the\pdflastobj\space 0 R}}
  \pdfnames{{/EmbeddedFiles << /Names [(FILE) \carried] >>}}
  \pdfcatalog{{/AF [\carried]}}
\else
  \AtBeginDocument{{%
    \special{{pdf:fstream @carried (FILE) << \carriedtype\space >>}}%
    \def\carried{{@carried}}%
    \special{{pdf:obj @source {SPECIFICATION}}}%
    \special{{pdf:put @names << /EmbeddedFiles << /Names [(FILE) @source] >> >>}}%
    \special{{pdf:put @catalog << /AF [@source] >>}}}}
\fi"""


def attachment(file: str, description: str) -> Latex:
    """Attach a zip file to a document.

    Parameters
    ----------
    file : str
        The zip file's name; it lies beside the document's source.
    description : str
        What PDF viewers say of it.

    Returns
    -------
    Latex
        What belongs into the preamble.
    """
    return Latex(ATTACHMENT.replace("FILE", file).replace("DESCRIPTION", description))
