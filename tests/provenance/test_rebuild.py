"""What `rebuild` asks, builds and says of a report that carries its sources."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import pypdf
import pytest

from provenance import rebuild
from provenance.carried import MANIFEST, pack
from provenance.errors import Failure
from provenance.files import canonical_json, digest, sha256, write_json, write_text
from provenance.manifest import manifest_of
from tests.project import ROOT, Project

REPORT, CODE, DATA, FACTS = "report/r.pdf", "code.py", "resources/x.gz", "results/facts.json"
Report = Callable[..., bytes]


def pdf(*packed: bytes, pages: int = 2, description: str = f"snakemake {REPORT}") -> bytes:
    """Write a PDF that carries files."""
    writer, written = pypdf.PdfWriter(), io.BytesIO()
    for number in range(pages):
        writer.add_blank_page(width=72, height=72 + number)
    for number, content in enumerate(packed):
        file = writer.add_attachment(f"{number}.zip", content)
        file.description = pypdf.generic.create_string_object(description)
    writer.write(written)
    return written.getvalue()


@pytest.fixture
def report(inside: Path, leave: Callable[..., object], monkeypatch: pytest.MonkeyPatch) -> Report:
    """Return a function that makes a report of some sources, which stand-ins for builds rebuild."""

    def build(pages: int = 2, code: str = "1", fact: int = 1) -> bytes:
        write_text(CODE, code)
        write_json(FACTS, fact)
        leave("count", [CODE, *([DATA] if Path(DATA).is_file() else [])], [FACTS])
        manifest = manifest_of([FACTS])._asdict()
        pack("p.zip", "project", {CODE: code.encode(), MANIFEST: as_json(manifest)})
        return pdf(Path("p.zip").read_bytes(), pages=pages)

    def rebuilt(of: str, **changes: int) -> None:
        assert of == REPORT
        assert Path.cwd() != inside
        content = build(code=Path(CODE).read_text("utf-8"), **changes)
        Path(REPORT).parent.mkdir()
        Path(REPORT).write_bytes(content)
        leave("typeset", [FACTS], [REPORT])

    def make(build_otherwise: dict[str, int] | None = None, **how: str | int) -> bytes:
        monkeypatch.setattr(rebuild, "build", lambda of: rebuilt(of, **(build_otherwise or {})))
        content = build(**how)
        Path("given.pdf").write_bytes(content)
        return content

    return make


def as_json(manifest: dict[str, object]) -> bytes:
    """Write a manifest as the report's job does."""
    return canonical_json(manifest).encode()


def main(*options: str) -> int:
    return rebuild.main(["given.pdf", *options])


def test_a_report_that_its_sources_build_is_ok_and_nothing_is_left(
    report: Report, capsys: pytest.CaptureFixture[str]
) -> None:
    report()
    before = sorted(Path().rglob("*"))
    assert main("--yes") == 0
    said = capsys.readouterr().out.splitlines()
    assert said[-1] == "OK: the PDF rebuilds itself, byte for byte"
    assert digest({CODE: sha256(CODE)}) in said[1]
    assert sorted(Path().rglob("*")) == before


@pytest.mark.row(
    83, "The rebuilt PDF has other bytes; the first job that made others is named, and the pages."
)
def test_a_job_that_makes_other_files_is_named(
    report: Report, capsys: pytest.CaptureFixture[str]
) -> None:
    report({"fact": 2})
    assert main("--yes") == 1
    said = capsys.readouterr().out.splitlines()
    assert said[-2] == f"count: bytes: {FACTS}"
    assert said[-1] == "NOT OK: its sources build another PDF; every page has the same text"


@pytest.mark.row(83)
def test_a_page_that_is_not_built_is_named(
    report: Report, capsys: pytest.CaptureFixture[str]
) -> None:
    report({"pages": 3})
    assert main("--yes") == 1
    assert capsys.readouterr().out.endswith("NOT OK: its sources build another PDF; pages: 3\n")


@pytest.mark.row(83)
def test_sources_other_than_the_reports_are_named(
    report: Report, capsys: pytest.CaptureFixture[str]
) -> None:
    content = report()
    packed, _ = rebuild.attached(content)
    manifest = packed[packed.index(b"{") : packed.rindex(b"}\n") + 2]
    pack("other.zip", "project", {CODE: b"2", MANIFEST: manifest})
    Path("given.pdf").write_bytes(pdf(Path("other.zip").read_bytes()))
    assert main("--yes") == 1
    assert f"sources: bytes: {CODE}\n" in capsys.readouterr().out


@pytest.mark.row(84, "It is named; what is here is taken from where the configuration looks.")
def test_data_that_is_not_here_is_named(report: Report, capsys: pytest.CaptureFixture[str]) -> None:
    write_text(DATA, "data")
    report({"fact": 2})
    Path(DATA).unlink()
    assert main("--yes") == 1
    said = capsys.readouterr().out
    assert "x.gz: not here, but it was built with that\n" in said
    assert f"count: bytes: {FACTS}" not in said


@pytest.mark.row(84)
def test_data_that_is_here_is_used(report: Report, capsys: pytest.CaptureFixture[str]) -> None:
    write_text(DATA, "data")
    report()
    assert main("--yes") == 0


@pytest.mark.row(82, "Nothing of it is written or run; no answer is no.")
@pytest.mark.parametrize("answer", ["", "n", "yes!", None])
def test_without_a_yes_nothing_runs(
    report: Report,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    answer: str | None,
) -> None:
    report()
    monkeypatch.setattr(rebuild, "elsewhere", lambda _: pytest.fail("something is written"))
    monkeypatch.setattr("sys.stdin", io.StringIO("" if answer is None else f"{answer}\n"))
    assert main() == 1
    said = capsys.readouterr()
    assert f"-m snakemake {REPORT}" in said.out
    assert "Nothing was run" in said.err


def test_a_yes_is_heeded(report: Report, monkeypatch: pytest.MonkeyPatch) -> None:
    report()
    monkeypatch.setattr("sys.stdin", io.StringIO("y\n"))
    assert main() == 0


@pytest.mark.row(81, "Refused with one message; nothing of it is unpacked or run.")
@pytest.mark.parametrize(
    ("content", "said"),
    [
        (pdf(), "here are 0"),
        (pdf(b"1", b"2"), "here are 2"),
        (pdf(b"1", description="sources"), "says by which command it is built"),
        (pdf(b"1", description="snakemake --delete-all-output.pdf"), "by which command"),
        (pdf(b"1", description="snakemake ../r.pdf"), "by which command"),
        (pdf(b"1", description=f"snakemake {REPORT}; ls r.pdf"), "by which command"),
        (b"", "cannot be read as a PDF"),
        (b"%PDF-1.5 and no more", "cannot be read as a PDF"),
        (pdf(b"1")[:-300], "cannot be read as a PDF"),
    ],
)
def test_a_pdf_that_carries_something_else_is_refused(content: bytes, said: str) -> None:
    with pytest.raises(Failure, match=said):
        rebuild.attached(content)


def test_a_pdf_that_is_not_there_is_named(inside: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main() == 1
    assert "given.pdf cannot be read: No such file or directory" in capsys.readouterr().err


@pytest.mark.faults
def test_the_tiny_report_rebuilds_itself_from_nothing_but_the_pdf(
    reference: Project, tmp_path: Path
) -> None:
    empty = Project(tmp_path / "empty")
    empty.folder.mkdir()
    (built,) = (reference / "report").glob("*.pdf")
    (empty / "saved as.pdf").write_bytes(built.read_bytes())
    command = ("-P", "-m", "provenance", "rebuild", "saved as.pdf", "--yes")
    ended = empty.run(empty.python, *command, PYTHONPATH=str(ROOT))
    assert ended.status == 0, ended.said
    assert ended.last_words(1) == "OK: the PDF rebuilds itself, byte for byte"
    assert [path.name for path in empty.folder.iterdir()] == ["saved as.pdf"]
