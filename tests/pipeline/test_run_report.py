"""Snakemake's own report in a real browser: each figure, its caption, the run times."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote_to_bytes

import pytest

from tests.pipeline.browser import CHROMIUM, NAMES, Page
from tests.project import RESULTS, ROOT, Project, copy_built

pytestmark = [
    pytest.mark.faults,
    pytest.mark.skipif(CHROMIUM is None, reason=f"none of {', '.join(NAMES)} is installed"),
]

FIGURES = f"{RESULTS}/figures"

MENU_ITEM = "text => [...document.querySelectorAll('nav li a')].find(a => a.innerText === text)"
# Of a figure's line in a category: its first button shows it, the second tells about it.
BUTTON = """(path, number) => [...document.querySelectorAll('nav tr')]
    .find(row => row.cells[0].innerText === path)?.querySelectorAll('a')[number]"""
# The figures of a category.
LISTED = "[...document.querySelectorAll('nav tbody td:first-child')].map(cell => cell.innerText)"
# The picture in the page's main part, once it is there and can be seen in its middle.
SHOWN = """async address => {
    const image = [...document.querySelectorAll('#app img')].find(i => i.src === address);
    if (!image) return null;
    await image.decode();
    const box = image.getBoundingClientRect();
    const [x, y] = [box.x + box.width / 2, box.y + box.height / 2];
    if (document.elementFromPoint(x, y) !== image) return null;
    return {width: image.naturalWidth, height: image.naturalHeight, shown: box.width};
}"""
# What is told about a figure.
CAPTION = """path => {
    const items = [...document.querySelectorAll('nav li')];
    return items.some(item => item.innerText.trim() === path)
        && document.querySelector('nav li.prose')?.innerText;
}"""
# How many different colours a picture or a canvas has: nothing drawn has one.
COLOURS = """selector => {
    const source = [...document.querySelectorAll(selector)].at(-1);
    if (!source) return 0;
    const canvas = document.createElement('canvas');
    canvas.width = source.naturalWidth || source.width;
    canvas.height = source.naturalHeight || source.height;
    const context = canvas.getContext('2d');
    context.drawImage(source, 0, 0);
    const data = context.getImageData(0, 0, canvas.width, canvas.height).data;
    return new Set(new Uint32Array(data.buffer)).size;
}"""


@pytest.fixture(scope="module")
def finished(reference: Project, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a build with Snakemake's report."""
    project = copy_built(reference, tmp_path_factory.mktemp("html") / "project")
    project.builds("--report", "report/run.html")
    return project.folder


@pytest.fixture
def page(finished: Path, tmp_path: Path) -> Iterator[Page]:
    """Return the opened report; whatever the test did there, nothing may have gone wrong."""
    page = Page(tmp_path / "profile")
    page.open(finished / "report/run.html")
    page.wait_for("document.querySelector('#rulegraph canvas, #rulegraph svg') !== null")
    yield page
    page.evaluate("new Promise(done => setTimeout(done, 200))")
    errors, fetched = page.errors, page.fetched
    page.close()
    assert not errors
    assert not fetched, "the report needs the network"


def test_every_figure_is_shown_in_exactly_one_category(finished: Path, page: Page) -> None:
    shown = []
    for category in page.evaluate("Object.keys(categories)"):
        for path in figures_of(page, category):
            page.click(BUTTON, path, 0)
            figure = page.wait_for(SHOWN, page.evaluate("path => results[path].data_uri", path))
            assert min(figure["width"], figure["height"], figure["shown"]) > 100, (path, figure)
            assert page.evaluate(COLOURS, "#app .grow img") > 10, f"{path} is blank"
            drawn = embedded(page.evaluate("[...document.querySelectorAll('#app img')].at(-1).src"))
            assert drawn == (finished / path).read_bytes()
            shown.append(path)
    assert sorted(shown) == [f"{FIGURES}/{path.name}" for path in figures(finished)]


def test_every_figure_has_its_caption(finished: Path, page: Page) -> None:
    captions = {}
    for category in page.evaluate("Object.keys(categories)"):
        for path in figures_of(page, category):
            figures_of(page, category)
            page.click(BUTTON, path, 1)
            captions[Path(path).stem] = page.wait_for(CAPTION, path)
    assert {name: plain(caption) for name, caption in captions.items()} == {
        path.stem: plain((ROOT / f"report/captions/{path.stem}.rst").read_text(encoding="utf-8"))
        for path in figures(finished)
    }


def test_the_run_time_of_each_rule_is_plotted(finished: Path, page: Page) -> None:
    page.click(MENU_ITEM, "Statistics")
    for plot in ("runtimes", "timeline"):
        page.wait_for(f"selector => ({COLOURS})(selector) > 10", f"#{plot} canvas")
    times = page.evaluate("runtimes_spec.data.values.map(job => [job.rule, job.runtime])")
    assert min(runtime for _, runtime in times) > 0
    plotted = {rule for rule, _ in times}
    assert plotted == set(page.evaluate("Object.keys(rules)"))


def test_the_first_page_says_what_the_report_is_about(page: Page) -> None:
    page.click(MENU_ITEM, "Workflow")
    said = page.wait_for("document.querySelector('#app .grow .prose')?.innerText")
    expected = (ROOT / "report/captions/workflow.rst").read_text(encoding="utf-8")
    assert plain(said) == plain(expected)


def test_an_error_and_a_fetched_address_are_noticed(tmp_path: Path) -> None:
    broken = tmp_path / "broken.html"
    broken.write_text("<script src='http://example.org/a.js'></script><script>oh.no</script>")
    page = Page(tmp_path / "profile")
    page.open(broken)
    page.evaluate("console.error('told', 'so')")
    errors, fetched = page.errors, page.fetched
    page.close()
    assert fetched == ["http://example.org/a.js"]
    assert [error.splitlines()[0] for error in errors] == [
        "Failed to load resource: net::ERR_NAME_NOT_RESOLVED",
        "ReferenceError: oh is not defined",
        "told so",
    ]


def figures(folder: Path) -> list[Path]:
    """Name the figures that a build drew for Snakemake's report."""
    drawn = sorted((folder / FIGURES).glob("*.svg"))
    assert drawn
    return drawn


def figures_of(page: Page, category: str) -> list[str]:
    """Click to a category and return what is listed there."""
    page.click("() => document.querySelector('nav nav a')")
    page.click(MENU_ITEM, category)
    page.wait_for("name => document.querySelector('nav ol').innerText.includes(name)", category)
    return page.wait_for(LISTED)


def embedded(address: str) -> bytes:
    """Decode a data: address."""
    kind, _, data = address.partition(",")
    assert kind.startswith("data:image/svg+xml")
    return base64.b64decode(data) if kind.endswith(";base64") else unquote_to_bytes(data)


def plain(text: str) -> str:
    """Drop marks and line ends."""
    return " ".join(text.replace("``", "").split())
