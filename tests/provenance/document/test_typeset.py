"""Typesetting for real: what stops it, what it refuses, what its bytes depend on."""

import hashlib
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import pytest

from provenance.document import typeset as typesetting
from provenance.document.typeset import INSTALL, engine, typeset
from provenance.errors import Failure

needs_tex = pytest.mark.skipif(engine() is None, reason=f"no TeX engine on PATH. {INSTALL}")
needs_pdftex = pytest.mark.skipif(
    engine() != "pdflatex", reason="pdflatex is not on PATH; its messages are tested here"
)
needs_text = pytest.mark.skipif(
    shutil.which("pdftotext") is None, reason="pdftotext (poppler-utils) is not on PATH"
)

PREAMBLE = r"""\documentclass[11pt,letterpaper]{article}
\usepackage{iftex}
\ifPDFTeX
  \pdfinfoomitdate=1 \pdftrailerid{} \pdfsuppressptexinfo=15
  \usepackage[T1]{fontenc}
  \usepackage[utf8]{inputenc}
\fi
\usepackage{lmodern}
\usepackage[margin=1in]{geometry}
\usepackage{textcomp,graphicx,xcolor,fancyvrb}
\usepackage[hidelinks,unicode]{hyperref}
"""


def write_document(folder: Path, body: str, preamble: str = "") -> Path:
    """Write a document as the report's templates would."""
    source = folder / "source.tex"
    source.write_text(f"{PREAMBLE}{preamble}\n\\begin{{document}}\n{body}\n\\end{{document}}\n")
    return source


def typeset_text(folder: Path, body: str, preamble: str = "", timeout: float = 60.0) -> Path:
    """Typeset a body; return the PDF."""
    output = folder / "out.pdf"
    typeset(write_document(folder, body, preamble), {}, output, timeout=timeout)
    return output


def text_of(pdf: Path, *options: str) -> str:
    """Extract a PDF's text as a reader would copy it."""
    command = ["pdftotext", "-enc", "UTF-8", *options, str(pdf), "-"]
    return subprocess.run(command, check=True, capture_output=True).stdout.decode()


@needs_tex
@needs_text
def test_references_and_contents_have_come_to_rest(tmp_path: Path) -> None:
    body = (
        r"\tableofcontents\newpage\section{First}\label{a}See page \pageref{b}."
        r"\newpage\section{Second}\label{b}"
    )
    pages = text_of(typeset_text(tmp_path, body)).split("\f")
    assert "See page 3." in pages[1]
    assert "Second" in pages[0]


@needs_tex
def test_inputs_are_found_under_their_names(tmp_path: Path) -> None:
    folder = tmp_path / "odd \u00e9 name"
    folder.mkdir()
    (folder / "other.tex").write_text("Included.")
    source = write_document(folder, r"\input{appendix}\input{figures/a.tex}")
    inputs = {"appendix.tex": folder / "other.tex", "figures/a.tex": folder / "other.tex"}
    typeset(source, inputs, folder / "out.pdf")
    assert (folder / "out.pdf").read_bytes().startswith(b"%PDF")
    assert sorted(path.name for path in folder.iterdir()) == ["other.tex", "out.pdf", "source.tex"]


def test_an_input_that_is_missing_is_named(tmp_path: Path) -> None:
    (tmp_path / "source.tex").touch()
    with (
        pytest.raises(Failure, match=r"a\.pdf does not exist")
        if engine()
        else pytest.raises(Failure, match="No TeX engine")
    ):
        typeset(tmp_path / "source.tex", {"a.pdf": tmp_path / "a.pdf"}, tmp_path / "out.pdf")


@needs_tex
@pytest.mark.parametrize("name", ["../a.tex", "/a.tex", "a b.tex", "$HOME.tex", ""])
def test_an_input_with_an_odd_name_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "source.tex").touch()
    with pytest.raises(ValueError, match="plain and relative"):
        typeset(tmp_path / "source.tex", {name: tmp_path / "source.tex"}, tmp_path / "out.pdf")


@needs_pdftex
@pytest.mark.parametrize(
    ("body", "said"),
    [
        (
            r"One \nosuchcommand two",
            [
                "! Undefined control sequence",
                "source.tex, line 14",
                r"l.14 One \nosuchcommand",
                "Correct the template",
            ],
        ),
        (r"$x", ["! Missing $ inserted"]),
        (r"\begin{quote}x", [r"\begin{quote}"]),
        (r"\input{/etc/passwd}", ["File `/etc/passwd.tex' not found", "its rule names as input"]),
        (r"\input{../../../../../etc/passwd}", ["not found"]),
        (r"\makeatletter\@@input /etc/passwd ", ["/etc/passwd"]),
        (r"\includegraphics{nothing.pdf}", ["nothing.pdf", "its rule names as input"]),
        (r"\def\x{\x x}\x", ["! TeX capacity exceeded"]),
        (r"See \ref{nowhere}.", ["typeset, but not well", "`nowhere' on page 1 undefined"]),
        (r"\hyperref[nowhere]{Here}.", ["`nowhere' on page 1 undefined"]),
        (r"\hyperlink{nowhere}{Here}.", ["name{nowhere} has been referenced but does not exist"]),
        (r"\cite{nobody}", ["`nobody' on page 1 undefined"]),
        (r"\section{a}\label{q}\section{b}\label{q}", ["Label `q' multiply defined"]),
        (r"\hyperlink{gone}{x}", ["name{gone}", "does not exist"]),
        (r"\noindent\hbox to 1cm{much too wide a text}", [r"Overfull \hbox", "too wide", "much"]),
        (r"{\font\f=cmr10 \f \char200}", ["Missing character"]),
    ],
)
def test_a_fault_in_the_document_is_explained(tmp_path: Path, body: str, said: list[str]) -> None:
    with pytest.raises(Failure) as error:
        typeset_text(tmp_path, body)
    for part in said:
        assert part in str(error.value)
    assert not (tmp_path / "out.pdf").exists()


@pytest.mark.row(26)
@needs_pdftex
def test_a_missing_package_is_named_with_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(Failure) as error:
        typeset_text(tmp_path, "x", r"\usepackage{nosuchpackage}")
    assert "File `nosuchpackage.sty' not found" in error.value.cause
    assert "apt-get install" in error.value.remedy


def test_a_missing_engine_is_named_with_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert engine() is None
    with pytest.raises(Failure) as error:
        typeset_text(tmp_path, "x")
    assert "pdflatex" in error.value.cause
    assert "apt-get install" in error.value.remedy


@pytest.mark.row(57, "The installation is named, and what to install; not the template.")
@needs_pdftex
@pytest.mark.parametrize(
    ("lacking", "said"),
    [
        ("TEXFONTMAPS", "ec-lmr10"),
        ("T1FONTS", "cannot open Type 1 font file"),
        ("TFMFONTS", "Metric (TFM) file not found"),
    ],
)
def test_an_installation_without_fonts_or_their_maps_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lacking: str, said: str
) -> None:
    wrapper = tmp_path / "bin/pdflatex"
    wrapper.parent.mkdir()
    real = shutil.which("pdflatex")
    wrapper.write_text(f'#!/bin/sh\n{lacking}=/nowhere exec {real} -progname=pdflatex "$@"\n')
    wrapper.chmod(0o755)
    monkeypatch.setenv("PATH", f"{wrapper.parent}{os.pathsep}{os.environ['PATH']}")
    with pytest.raises(Failure) as error:
        typeset_text(tmp_path, "x")
    assert said in error.value.cause
    assert "The TeX installation lacks a font" in error.value.remedy


@pytest.mark.row(59)
@needs_pdftex
def test_a_disk_that_fills_up_while_tex_writes_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(typesetting, "SMALLEST_FREE_BYTES", 1 << 60)
    with pytest.raises(OSError, match="No space left") as error:
        typeset_text(tmp_path, r"\nosuchcommand")
    assert error.value.filename.startswith(f"{tempfile.gettempdir()}/typeset-")


@pytest.mark.row(26)
@needs_tex
def test_an_endless_loop_is_stopped(tmp_path: Path) -> None:
    start = time.monotonic()
    with pytest.raises(Failure, match=r"not done after 1 seconds"):
        typeset_text(tmp_path, r"\def\x{\x}\x", timeout=1.0)
    assert time.monotonic() - start < 5.0
    assert not (tmp_path / "out.pdf").exists()


@needs_pdftex
def test_a_document_that_never_comes_to_rest_is_refused(tmp_path: Path) -> None:
    # Each pass adds one to what the pass before wrote.
    body = r"""\makeatletter\ifdefined\n\else\gdef\n{0}\fi \count255=\n\relax\advance\count255 1
        \immediate\write\@auxout{\gdef\string\n{\the\count255}}x"""
    with pytest.raises(Failure, match="still change after 6 passes"):
        typeset_text(tmp_path, body)


@needs_pdftex
def test_an_earlier_pdf_stays_when_typesetting_fails(tmp_path: Path) -> None:
    (tmp_path / "out.pdf").write_bytes(b"earlier")
    with pytest.raises(Failure):
        typeset_text(tmp_path, r"\nosuchcommand")
    assert (tmp_path / "out.pdf").read_bytes() == b"earlier"


@pytest.mark.row(25)
@needs_tex
def test_shell_escape_is_off(tmp_path: Path) -> None:
    canary = tmp_path / "canary"
    typeset_text(tmp_path, rf"\ifPDFTeX\immediate\write18{{touch {canary}}}\fi x")
    assert not canary.exists()


@needs_pdftex
def test_nothing_is_written_outside_the_folder(tmp_path: Path) -> None:
    canary = tmp_path / "canary.txt"
    with pytest.raises(Failure, match="TeX stopped"):
        typeset_text(tmp_path, rf"\newwrite\f\immediate\openout\f={canary} x")
    assert not canary.exists()


@needs_tex
def test_the_surroundings_do_not_change_a_byte(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashes = set()
    here = {"TZ": "Asia/Tokyo", "LC_ALL": "tr_TR.UTF-8", "SOURCE_DATE_EPOCH": "1000000000"}
    for name, surroundings in {"a": {}, "b \u00e9": {**here, "HOME": "/nonexistent"}}.items():
        for variable, value in surroundings.items():
            monkeypatch.setenv(variable, value)
        folder = tmp_path / name
        folder.mkdir()
        umask = os.umask(0o077 if surroundings else 0o022)
        try:
            pdf = typeset_text(folder, r"\tableofcontents\section{A} \today{} Text $x^2$.")
        finally:
            os.umask(umask)
        hashes.add(hashlib.sha256(pdf.read_bytes()).hexdigest())
    assert len(hashes) == 1


@needs_pdftex
def test_personal_tex_files_have_no_influence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    styles = tmp_path / "home" / "texmf" / "tex" / "latex"
    styles.mkdir(parents=True)
    (styles / "personal.sty").write_text(r"\def\personal{x}")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TEXINPUTS", f"{styles}:")
    with pytest.raises(Failure, match=r"personal\.sty' not found"):
        typeset_text(tmp_path, "x", r"\usepackage{personal}")
