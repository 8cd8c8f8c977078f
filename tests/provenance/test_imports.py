"""The files that a script reaches, found without running it."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from provenance.errors import Failure
from provenance.imports import sources

ROOT = Path(__file__).resolve().parents[2]
SCRIPTS = sorted(path.relative_to(ROOT).as_posix() for path in ROOT.glob("workflow/scripts/*.py"))

# Imports what each script imports, each in a fork of a process that has the libraries already.
PROBE = """
import ast, json, os, sys
from pathlib import Path
import numpy, yaml, jinja2, mnist, scipy.ndimage, scipy.stats, matplotlib.figure, matplotlib.style

def imports(script):
    tree = ast.parse(Path(script).read_text())
    nodes = [n for n in tree.body if isinstance(n, ast.Import | ast.ImportFrom)]
    exec(compile(ast.Module(nodes, []), script, "exec"), {})
    files = {getattr(m, "__file__", None) for m in list(sys.modules.values())}
    root = Path.cwd()
    ours = [Path(f).relative_to(root) for f in files if f and Path(f).is_relative_to(root)]
    return sorted(f.as_posix() for f in ours if not f.parts[0].startswith("."))

for script in sys.argv[1:]:
    sys.stdout.flush()
    if os.fork() == 0:
        try:
            print(json.dumps([script, imports(script)]), flush=True)
        finally:
            os._exit(0)
    os.wait()
"""


@pytest.fixture(scope="module")
def imported() -> dict[str, list[str]]:
    """Return for each script the project's files that it really imports."""
    child = subprocess.run(
        [sys.executable, "-c", PROBE, *SCRIPTS],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    found = dict(map(json.loads, child.stdout.splitlines()))
    assert set(found) == set(SCRIPTS), child.stderr
    return found


@pytest.mark.parametrize("script", SCRIPTS)
def test_a_script_depends_on_itself_and_on_what_it_imports_and_on_no_more(imported, script) -> None:
    assert sources(script, ROOT) == sorted([script, *imported[script]])


def project(root: Path, files: dict[str, str]) -> Path:
    """Write a small project."""
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


MODULES = {
    "nn/__init__.py": "def __getattr__(name): ...",
    "nn/layers.py": "import numpy",
    "nn/loop.py": "from nn.layers import dense",
    "lib/tools.py": "from lib import more",
    "lib/more.py": "import os",
    "lib/unused.py": "",
}
ALL_OF_NN = ["nn/__init__.py", "nn/layers.py", "nn/loop.py"]


@pytest.mark.parametrize(
    ("text", "reached"),
    [
        ("import numpy, os.path", []),
        ("from nn.layers import dense", ["nn/__init__.py", "nn/layers.py"]),
        ("import nn.layers as layers", ["nn/__init__.py", "nn/layers.py"]),
        ("from nn import layers", ["nn/__init__.py", "nn/layers.py"]),
        ("from nn.loop import run", ALL_OF_NN),
        ("from nn import run", ALL_OF_NN),
        ("from nn import *", ALL_OF_NN),
        ("from lib import tools", ["lib/more.py", "lib/tools.py"]),
        ("from lib.tools import a, b", ["lib/more.py", "lib/tools.py"]),
        ("from lib import more, tools", ["lib/more.py", "lib/tools.py"]),
        ("def f():\n    import lib.more", ["lib/more.py"]),
        ("if True:\n    from lib import more", ["lib/more.py"]),
        ("# import lib.more\n'import lib.more'", []),
        ("from lib.missing import a", []),
        ("from library import more", []),
    ],
)
def test_imports_are_followed(tmp_path, text, reached) -> None:
    root = project(tmp_path, {**MODULES, "s.py": text})
    assert sources("s.py", root) == sorted([*reached, "s.py"])


def test_modules_that_import_each_other_end(tmp_path) -> None:
    root = project(tmp_path, {"a.py": "import b", "b.py": "import a"})
    assert sources("a.py", root) == ["a.py", "b.py"]


def test_nothing_is_run(tmp_path) -> None:
    root = project(tmp_path, {"s.py": "import lib.bad", "lib/bad.py": "raise SystemExit(3)"})
    assert sources("s.py", root) == ["lib/bad.py", "s.py"]


def test_a_script_with_a_syntax_error_is_named(tmp_path) -> None:
    root = project(tmp_path, {"s.py": "import broken", "broken.py": "def"})
    with pytest.raises(Failure, match=r"broken\.py cannot be read as Python"):
        sources("s.py", root)


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        ("from .ink import INK", ["workflow/lib/ink.py"]),
        ("from . import ink", ["workflow/lib/ink.py"]),
        ("from ..other import x", ["workflow/other.py"]),
        ("from .gone import x", []),
    ],
)
def test_relative_imports_are_followed(tmp_path, statement, found) -> None:
    for name in ("workflow/lib/ink.py", "workflow/other.py"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    (tmp_path / "workflow/lib/a.py").write_text(statement)
    assert sources("workflow/lib/a.py", tmp_path) == sorted(["workflow/lib/a.py", *found])
