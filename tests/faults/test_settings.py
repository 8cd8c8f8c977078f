"""What a person may write into the configuration, by mistake or not."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from tests.project import CONFIG, RESULTS, Project

MISTAKES = {
    "mistyped": ("hidden:", "hiden:", "unknown key 'hiden' in training; did you mean 'hidden'?"),
    "type": ("epochs: 1", "epochs: one", "training.epochs: expected a whole number, 1 or more"),
    "nan": ("- 0.1", "- .nan", "training.step_sizes.0: expected a finite number; got nan"),
    "1e-3": ("- 0.1", "- 1e-3", "write it with a point, as 0.001 or 1.0e-3"),
    "empty": ("", None, "config/config.yaml: expected sections as `name:`; got an empty file."),
    "broken": ("training:", "training: [", "config/config.yaml is not valid YAML: while parsing"),
}
SLOW = pytest.mark.faults
SIGNED = "report/hw2-synthetic-signed.pdf"


@pytest.mark.row(
    23,
    "Refused before anything is built; the last words name the key, what was expected, what came, "
    "and the nearest valid key.",
)
@pytest.mark.parametrize(
    "mistake", ["mistyped", *(pytest.param(name, marks=SLOW) for name in [*MISTAKES][1:])]
)
def test_a_mistake_in_the_configuration_is_named(fresh: Project, mistake: str) -> None:
    old, new, said = MISTAKES[mistake]
    text = (fresh / CONFIG).read_text(encoding="utf-8")
    assert old in text
    (fresh / CONFIG).write_text("" if new is None else text.replace(old, new), encoding="utf-8")
    ended = fresh.fails()
    assert said in ended.last_words(9), ended.said
    assert "-> " in ended.last_words(1)
    assert fresh.results() == {}


@pytest.mark.row(
    24, "Appears literally in the PDF; for a glyph that the font lacks, a clear refusal."
)
@pytest.mark.row(25, "Appears literally; no file is read or written, shell escape is off.")
@pytest.mark.skipif(not shutil.which("pdftotext"), reason="pdftotext is not here")
def test_a_name_full_of_tex_signs_a_copy_and_appears_literally(built: Project) -> None:
    name = "R&D_50% #1 ~^\\{}$ Zo\u00eb \u0141\u00f3d\u017a"
    friend = "\\input{/etc/passwd} \\write18{touch canary} \\csname x\\endcsname"
    before = built.results()
    ended = built.run(built.python, "setup/report.py", f"--name={name}", f"--with={friend}")
    assert ended.status == 0, ended.said
    assert "ready-made" in ended.last_words(1)
    command = ["pdftotext", "-enc", "UTF-8", str(built / SIGNED), "-"]
    text = subprocess.run(command, capture_output=True, check=True).stdout.decode()
    assert name in " ".join(text.split())
    assert friend in " ".join(text.split())
    assert "not signed" not in text
    names = (f"{RESULTS}/signed/{name}" for name in ("tex/hw2.tex", "tex/hw2-sources.zip"))
    made = {SIGNED, f"{RESULTS}/pages/hw2-synthetic-signed.json", *names}
    assert {path for path, _ in built.results().items() ^ before.items()} == made
    assert not [*built.folder.rglob("canary")]
