"""A new report: whole or not at all, and built by a library that is installed."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import sysconfig
import tomllib
import venv
from pathlib import Path

import pytest

from provenance.document.typeset import engine
from provenance.new import LIBRARY, TEMPLATE, main
from tests.project import ROOT, Ended, Project, copy_sources

PINNED = re.compile(r"^([A-Za-z0-9._-]+)==(\S+)", re.MULTILINE)


def files(folder: Path) -> set[str]:
    return {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


@pytest.fixture
def made(tmp_path: Path) -> Path:
    assert main([str(tmp_path / "mine")]) == 0
    return tmp_path / "mine"


def test_a_new_report_is_the_template_and_a_copy_of_the_library(made: Path) -> None:
    library = {f"provenance/{name}" for name in files(LIBRARY) if not name.startswith("template/")}
    template = {".gitignore" if name == "gitignore" else name for name in files(TEMPLATE)}
    assert files(made) == library | template
    assert [path.name for path in made.parent.iterdir()] == ["mine"]


def test_its_snakefile_has_less_than_30_lines(made: Path) -> None:
    assert len((made / "Snakefile").read_text("utf-8").splitlines()) < 30


def test_a_folder_that_is_not_empty_is_left_alone(made: Path, capsys) -> None:
    (made / "README.md").write_text("mine\n", encoding="utf-8")
    before = files(made.parent)
    assert main([str(made)]) == 1
    assert capsys.readouterr().err == (
        f"new: {made} is there already, and not empty.\n  -> Name a folder that is not there.\n"
    )
    assert files(made.parent) == before
    assert (made / "README.md").read_text("utf-8") == "mine\n"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_where_nobody_may_write_nothing_is_left(tmp_path: Path, capsys) -> None:
    (tmp_path / "theirs").mkdir(mode=0o555)
    assert main([str(tmp_path / "theirs/mine")]) == 1
    assert "Name a folder where you may write" in capsys.readouterr().err


def test_a_copy_that_is_interrupted_leaves_nothing(tmp_path: Path, monkeypatch, capsys) -> None:
    def full(self: Path, _: Path) -> None:
        raise OSError(28, "No space left on device", str(self))

    monkeypatch.setattr(Path, "rename", full)
    assert main([str(tmp_path / "mine")]) == 1
    assert "mine cannot be made: No space left on device." in capsys.readouterr().err
    assert [*tmp_path.iterdir()] == []


def test_a_folder_in_which_no_report_could_be_built_is_refused(tmp_path: Path, capsys) -> None:
    assert main([str(tmp_path / "my{report}")]) == 1
    assert "in a folder with '{' in its path" in capsys.readouterr().err
    assert [*tmp_path.iterdir()] == []


def test_a_reports_own_copy_of_the_library_says_that_it_has_no_template(made: Path) -> None:
    ended = Project(made).run(sys.executable, "-m", "provenance", "new", "other")
    assert ended.status == 1
    assert "has no template for others" in ended.said
    assert not (made / "other").exists()


def test_its_pins_are_those_of_this_project() -> None:
    ours = {
        pin
        for name in ("requirements.txt", "requirements-dev.txt")
        for pin in PINNED.findall((ROOT / name).read_text("utf-8"))
    }
    pins = PINNED.findall((TEMPLATE / "requirements.txt").read_text("utf-8"))
    assert pins
    assert {*pins} <= ours


def test_what_the_library_imports_is_among_its_dependencies() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    said = project["dependencies"] + project["optional-dependencies"]["live"]
    needed = {re.split(r"[<>=]", dependency)[0] for dependency in said}
    modules = {
        name.partition(".")[0]
        for path in LIBRARY.rglob("*.py")
        if TEMPLATE not in path.parents
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        for name in (
            [node.module or ""]
            if isinstance(node, ast.ImportFrom)
            else [alias.name for alias in node.names]
            if isinstance(node, ast.Import)
            else []
        )
    }
    theirs = modules - sys.stdlib_module_names - {"provenance", ""}
    names = {{"yaml": "pyyaml"}.get(name, name.replace("_", "-")) for name in theirs}
    assert names - needed == set()


class Report(Project):
    """A report that an installed library has made, with an environment that is there already."""

    def make(self, target: str, **more: str) -> Ended:
        return self.run("make", target, *(f"{k}={v}" for k, v in more.items()))

    def succeeds(self, target: str, **more: str) -> str:
        ended = self.make(target, **more)
        assert ended.status == 0, ended.said
        return ended.said

    def rewrite(self, name: str, old: str, new: str) -> None:
        text = (self / name).read_text("utf-8")
        assert text.count(old) == 1
        (self / name).write_text(text.replace(old, new), encoding="utf-8")


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Build the wheel, install it into an environment of its own, and give that."""
    place = tmp_path_factory.mktemp("wheel")
    source = copy_sources(ROOT, place / "source").folder
    build = "import sys; from flit_core.buildapi import build_wheel; build_wheel(sys.argv[1])"
    subprocess.run([sys.executable, "-c", build, place], cwd=source, check=True)
    (wheel,) = place.glob("*.whl")
    environment = place / "environment"
    venv.create(environment, symlinks=True)
    (packages,) = environment.glob("lib/python*/site-packages")
    ours = f"import site; site.addsitedir({sysconfig.get_path('purelib')!r})\n"
    (packages / "dependencies.pth").write_text(ours, encoding="utf-8")
    python = str(environment / "bin/python")
    install = ("install", "--quiet", "--no-index", "--no-deps", str(wheel))
    subprocess.run([sys.executable, "-m", "pip", "--python", python, *install], check=True)
    return environment


@pytest.fixture(scope="module")
def report(installed: Path, tmp_path_factory: pytest.TempPathFactory) -> Report:
    place = tmp_path_factory.mktemp("new")
    ended = Project(place).run(installed / "bin/provenance", "new", "mine")
    assert ended.status == 0, ended.said
    report = Report(place / "mine")
    (report / ".venv").symlink_to(installed)
    (installed / "installed").touch()
    return report


@pytest.mark.faults
@pytest.mark.skipif(engine() is None, reason="no TeX engine")
def test_a_new_report_is_built_edited_broken_mended_and_verified(
    installed: Path, report: Report
) -> None:
    assert "3 passed" in report.succeeds("test")
    assert "report/report.pdf" in report.succeeds("report")
    pdf, first = (report / "report/report.pdf").read_bytes(), report.jobs()
    assert "everything is as the last build left it" in report.succeeds("why")
    report.succeeds("manifest")
    # Edited: what uses it runs again, and nothing else.
    report.rewrite("report/main.tex.j2", '"The data"', '"What was measured"')
    assert report.succeeds("why").endswith("\nreport/main.tex.j2 changed -> report\n")
    report.succeeds("report")
    again = {name for name, job in report.jobs().items() if job.done != first[name].done}
    assert again == {"render_page", "render_report", "typeset"}
    # Broken: a sentence that is not true stops it, by name, and the report stays as it was.
    good = (report / "report/report.pdf").read_bytes()
    assert good != pdf
    report.rewrite("data/seedlings.csv", "12.5,11.9", "12.5,-99.9")
    ended = report.make("report")
    assert ended.status != 0
    assert "explains: “The line explains" in ended.last_words()
    assert (report / "report/report.pdf").read_bytes() == good
    # Marked, if that is wanted.
    report.rewrite("config/config.yaml", "claims: stop", "claims: mark")
    assert "report/report.pdf marks what does not hold (" in report.succeeds("report")
    # Mended: the same bytes as before.
    report.rewrite("config/config.yaml", "claims: mark", "claims: stop")
    report.rewrite("data/seedlings.csv", "12.5,-99.9", "12.5,11.9")
    report.succeeds("report")
    assert (report / "report/report.pdf").read_bytes() == good
    # Another number in the data: the sentences that say something else by it.
    report.rewrite("data/seedlings.csv", "12.5,11.9", "12.5,13.9")
    report.succeeds("report")
    assert "grows" in report.succeeds("diff")
    # From nothing but the PDF; and the command that is installed asks the report's own library.
    assert "OK: the PDF rebuilds itself, byte for byte" in report.succeeds("verify")
    assert "everything is as" in report.run(installed / "bin/provenance", "why").said
