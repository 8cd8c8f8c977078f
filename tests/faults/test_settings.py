"""What a person may write into the configuration, by mistake or not."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.faults.matrix import row
from tests.faults.project import Project
from tests.provenance import test_configuration
from tests.provenance.document import test_latex
from provenance.errors import Failure
from provenance.document.latex import escape

CONFIG = "config/config.yaml"


def edited(text: str, old: str, new: str) -> str:
    assert old in text
    return text.replace(old, new)


@pytest.mark.faults
@row(
    23,
    "Refused before anything is built; the last words name the key, what was expected, what came, "
    "and the nearest valid key.",
)
@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("hidden:", "hiden:", "unknown key 'hiden' in training; did you mean 'hidden'?"),
        ("epochs: 1", "epochs: one", "training.epochs: expected a whole number, 1 or more"),
        ("- 0.1", "- .nan", "training.step_sizes.0: expected a finite number; got nan"),
        ("- 0.1", "- 1e-3", "write it with a point, as 0.001 or 1.0e-3"),
        ("", None, "config/config.yaml: expected sections as `name:`; got an empty file."),
        ("training:", "training: [", "config/config.yaml is not valid YAML: while parsing"),
    ],
    ids=["mistyped", "type", "nan", "1e-3", "empty", "broken"],
)
def test_a_mistake_in_the_configuration_is_named(
    fresh: Project, old: str, new: str | None, said: str
) -> None:
    text = (fresh / CONFIG).read_text(encoding="utf-8")
    (fresh / CONFIG).write_text("" if new is None else edited(text, old, new), encoding="utf-8")
    ended = fresh.build()
    assert ended.status != 0
    assert said in ended.last_words(9), ended.said
    assert "-> " in ended.last_words(1)
    assert fresh.results() == {}


@row(23)
def test_every_problem_is_told_at_once() -> None:
    test_configuration.test_all_problems_are_said_at_once()
    test_configuration.test_an_empty_file_is_refused_with_every_missing_section()


def text_of(pdf: Path) -> str:
    """Read a PDF's text on one line."""
    command = ["pdftotext", "-enc", "UTF-8", str(pdf), "-"]
    return " ".join(
        subprocess.run(command, capture_output=True, check=True).stdout.decode().split()
    )


@pytest.mark.faults
@row(24, "Appears literally in the PDF; for a glyph that the font lacks, a clear refusal.")
@row(25, "Appears literally; no file is read or written, shell escape is off.")
@pytest.mark.skipif(not shutil.which("pdftotext"), reason="pdftotext is not here")
def test_a_name_full_of_tex_appears_literally(built: Project) -> None:
    name = "R&D_50% #1 ~^\\{}$ Zo\u00eb \u0141\u00f3d\u017a"
    friend = "\\input{/etc/passwd} \\write18{touch canary} \\csname x\\endcsname"
    built.configure(author={"name": name, "worked_with": friend})
    ended = built.build()
    assert ended.status == 0, ended.said
    text = text_of(built / "report/hw2-synthetic.pdf")
    assert name in text
    assert friend in text
    assert not [*built.folder.rglob("canary")]


@row(24)
@pytest.mark.parametrize("name", ["\u5f20\u4f1f", "\u0418\u0432\u0430\u043d", "a\nb", "a\tb"])
def test_a_name_that_cannot_be_printed_is_refused_by_its_key(name: str) -> None:
    with pytest.raises(Failure, match=r"\(author\.name\) holds"):
        escape(name, "author.name")


@row(24)
@row(25)
@test_latex.needs_tex
@test_latex.needs_text
def test_what_is_escaped_appears_literally(tmp_path: Path) -> None:
    test_latex.test_what_is_escaped_appears_literally_in_the_pdf(tmp_path)
