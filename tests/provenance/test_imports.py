"""The files that a script reaches, found without running it."""

from __future__ import annotations

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


MODULES = {
    "nn/__init__.py": "def __getattr__(name): ...",
    "nn/layers.py": "import numpy",
    "nn/loop.py": "from nn.layers import dense",
    "lib/tools.py": "from lib import more",
    "lib/more.py": "import os",
    "lib/one.py": "import lib.other",
    "lib/other.py": "import lib.one",
    "lib/bad.py": "raise SystemExit(3)",
    "lib/unused.py": "",
}
ALL_OF_NN = ["nn/__init__.py", "nn/layers.py", "nn/loop.py"]
TOOLS = ["lib/more.py", "lib/tools.py"]


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
        ("from lib import tools", TOOLS),
        ("from lib.tools import a, b", TOOLS),
        ("from lib import more, tools", TOOLS),
        ("from ..lib.tools import a", TOOLS),
        ("from ..lib import tools", TOOLS),
        ("from . import beside", ["scripts/beside.py"]),
        ("from .beside import a", ["scripts/beside.py"]),
        ("from .missing import a", []),
        ("def f():\n    import lib.more", ["lib/more.py"]),
        ("if True:\n    from lib import more", ["lib/more.py"]),
        ("import lib.one", ["lib/one.py", "lib/other.py"]),  # they import each other
        ("import lib.bad", ["lib/bad.py"]),  # nothing is run
        ("# import lib.more\n'import lib.more'", []),
        ("from lib.missing import a", []),
        ("from library import more", []),
    ],
)
def test_imports_are_followed(tmp_path, text, reached) -> None:
    for name, content in {**MODULES, "scripts/beside.py": "", "scripts/s.py": text}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(content)
    assert sources("scripts/s.py", tmp_path) == sorted([*reached, "scripts/s.py"])


def test_a_file_with_a_syntax_error_is_named(tmp_path) -> None:
    (tmp_path / "s.py").write_text("import broken")
    (tmp_path / "broken.py").write_text("def")
    with pytest.raises(Failure, match=r"broken\.py cannot be read as Python"):
        sources("s.py", tmp_path)
