"""The report as a web page: complete, alone in one file, and without a barrier for anybody."""

from __future__ import annotations

import json
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from html import unescape
from pathlib import Path
from urllib.request import urlopen

import pytest

from provenance.document.latex import Latex
from provenance.document.web import CITED, CITED_END, inline
from provenance.files import read_json
from tests.pipeline.browser import CHROMIUM, NAMES, Page
from tests.project import RESULTS, Project, wait_for

PAGE = "report/hw2-synthetic.html"
TOOLS = Path(__file__).with_name("web")
NPM = shutil.which("npm")

in_a_browser = pytest.mark.skipif(
    not (CHROMIUM and NPM), reason=f"npm or one of {', '.join(NAMES)} is not installed"
)

OPEN_ALL = "document.querySelectorAll('details').forEach(details => details.open = true)"
EVIDENCE = "name => document.querySelector(`button[popovertarget=evidence-${name}]`)"
SHOWN = "name => document.querySelector(`#evidence-${name}`).matches(':popover-open')"
VIOLATIONS = """axe.run().then(found => found.violations.map(
    v => [v.id, v.nodes.length, v.nodes[0].html, v.nodes[0].failureSummary]))"""
WIDE = "document.documentElement.scrollWidth - innerWidth"


@pytest.fixture(scope="module")
def page(reference: Project) -> str:
    return (reference / PAGE).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def tools(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the checkers, pinned, outside of the project."""
    folder = tmp_path_factory.mktemp("tools") / "web"
    shutil.copytree(TOOLS, folder)
    command = [NPM or "", "ci", "--ignore-scripts", "--no-audit", "--no-fund"]
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return folder / "node_modules"


@pytest.fixture
def opened(reference: Project, tmp_path: Path) -> Iterator[Page]:
    opened = Page(tmp_path / "profile")
    opened.open(reference / PAGE)
    yield opened
    errors, fetched = opened.errors, opened.fetched
    opened.close()
    assert not errors
    assert not fetched, "the page needs the network"


def test_every_claim_is_on_the_page_with_its_evidence(reference: Project, page: str) -> None:
    claims = read_json(reference / f"{RESULTS}/claims.json")
    assert claims
    for name, claim in claims.items():
        sentence = re.sub(
            f"{CITED}.*?{CITED_END}", r"\\d+", re.escape(inline(Latex(claim["sentence"])))
        )
        assert re.search(sentence, page)
        assert page.count(f'popovertarget="evidence-{name}"') >= 1
        _, _, entry = page.partition(f'<div popover id="evidence-{name}"')
        entry = entry.partition("</div>")[0]
        assert claim["condition"] in unescape(re.sub("<[^>]*>", "", entry))
        for number in claim["numbers"]:
            assert f"<code>{number}</code>" in entry or claim["asked"].get("over_seeds")


def test_every_figure_is_drawn_on_the_page(reference: Project, page: str) -> None:
    drawn = {path.stem for path in (reference / f"{RESULTS}/figures").glob("*.svg")}
    assert drawn
    assert {
        *re.findall(
            r'<figure id="fig-([^"]*)">\n<div class="scroll" tabindex="0"><svg role="img"', page
        )
    } == drawn


def test_the_page_is_one_file_without_scripts(page: str) -> None:
    assert "<script" not in page
    loaded = re.findall(r'(?:src|href|data|action)="(?!#)(.{0,30})', page)
    assert [address for address in loaded if not address.startswith("data:image/png;")] == []
    assert re.findall(r"@import|url\((?!#)", page.partition("</style>")[0]) == []


def test_the_page_says_on_top_that_its_digits_are_synthetic(page: str) -> None:
    assert "Synthetic digits, no results for MNIST" in page.partition("<nav")[0]


@pytest.mark.faults
@in_a_browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [380, 1400])
def test_nobody_is_kept_from_reading(
    reference: Project, opened: Page, tools: Path, scheme: str, width: int
) -> None:
    feature = {"name": "prefers-color-scheme", "value": scheme}
    opened.send("Emulation.setEmulatedMedia", features=[feature])
    size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
    opened.send("Emulation.setDeviceMetricsOverride", **size)
    opened.evaluate(OPEN_ALL)
    assert opened.evaluate(WIDE) <= 0
    opened.evaluate((tools / "axe-core/axe.min.js").read_text(encoding="utf-8") + ";0")
    assert opened.evaluate(VIOLATIONS) == []
    name = next(iter(read_json(reference / f"{RESULTS}/claims.json")))
    opened.click(EVIDENCE, name)
    assert opened.wait_for(SHOWN, name)
    assert opened.evaluate(VIOLATIONS) == []


@pytest.mark.faults
@in_a_browser
def test_evidence_opens_and_closes_by_the_keyboard(reference: Project, opened: Page) -> None:
    name = next(iter(read_json(reference / f"{RESULTS}/claims.json")))
    opened.evaluate(f"name => ({EVIDENCE})(name).focus()", name)
    for key, code, shown in [("Enter", 13, True), ("Escape", 27, False)]:
        pressed = {"key": key, "code": key, "windowsVirtualKeyCode": code}
        text = {"text": "\r"} if shown else {}
        opened.send("Input.dispatchKeyEvent", type="keyDown", **pressed, **text)
        opened.send("Input.dispatchKeyEvent", type="keyUp", **pressed)
        opened.wait_for(f"(name, shown) => ({SHOWN})(name) === shown", name, shown)


@pytest.mark.faults
@in_a_browser
def test_the_page_is_valid_html(reference: Project, tools: Path) -> None:
    command = ["node", tools / "html-validate/bin/html-validate.mjs", "--formatter=json"]
    ended = subprocess.run(
        [*map(str, command), str(reference / PAGE)],
        cwd=tools.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == 0, json.loads(ended.stdout)


@pytest.mark.faults
def test_an_edit_is_on_the_screen_and_an_error_with_its_remedy(built: Project) -> None:
    template = built / "report/questions/data.tex.j2"
    text = template.read_text(encoding="utf-8")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "provenance", "live", PAGE, "--port", str(port)]

    def is_shown(*texts: str) -> bool:
        with suppress(OSError), urlopen(f"http://127.0.0.1:{port}/", timeout=60) as answer:
            page = answer.read().decode()
            return all(text in page for text in ["livereload.js", *texts])
        return False

    with subprocess.Popen(command, cwd=built.folder, stderr=subprocess.DEVNULL) as served:
        try:
            assert wait_for(lambda: is_shown("shows some."))
            template.write_text(text + "A sentence more.\n", encoding="utf-8")
            assert wait_for(lambda: is_shown("A sentence more."))
            template.write_text(text + r"\nonsense{}", encoding="utf-8")
            assert wait_for(
                lambda: is_shown("role='alert'", r"does not know \nonsense", "-&gt; Add")
            )
            template.write_text(text, encoding="utf-8")
            assert wait_for(lambda: is_shown("shows some.") and not is_shown("role='alert'"))
        finally:
            served.terminate()
    assert "livereload" not in (built / PAGE).read_text(encoding="utf-8")
