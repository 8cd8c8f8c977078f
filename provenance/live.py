"""`live`: a web page in the browser, built again and loaded again after each edit.

What is served is a copy: the built page itself has no script. A build that fails is told on top of
the page as it was.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
from collections.abc import Sequence
from functools import partial
from html import escape
from pathlib import Path
from tempfile import TemporaryDirectory

from livereload import Server

from provenance.errors import Failure
from provenance.receipts import read_all

#: What Snakemake says before the causes of a failure.
BEFORE = re.compile(r".*did not complete successfully\.\n", re.DOTALL)
EMPTY = "<!DOCTYPE html>\n<html lang='en'><head><title>Not built</title></head><body></body></html>"
TOLD = "<pre role='alert' style='border: 2px solid #b3261e; padding: 1em; white-space: pre-wrap'>"
# Nobody edits what is in these.
ASIDE = {"results", "resources", "logs"}


def build(page: Path, shown: Path) -> None:
    """Build the page and show it, or what is wrong on top of the page as it was."""
    command = [sys.executable, "-P", "-m", "snakemake", str(page), "--cores", "all"]
    ended = subprocess.run(command, stderr=subprocess.PIPE, text=True, check=False)
    # A page that could not be built is gone.
    good = shown.with_name("good.html")
    html = next((p.read_text(encoding="utf-8") for p in (page, good) if p.is_file()), EMPTY)
    if ended.returncode == 0:
        good.write_text(html, encoding="utf-8")
    else:
        causes = BEFORE.sub("", ended.stderr).strip()
        print(causes, file=sys.stderr)
        html = re.sub(
            "<body>", lambda body: f"{body[0]}{TOLD}{escape(causes)}</pre>", html, count=1
        )
    shown.write_text(html, encoding="utf-8")


def edited() -> list[Path]:
    """Name what is watched: the files and folders that a person edits."""
    return [path for path in Path().iterdir() if path.name[0] != "." and path.name not in ASIDE]


def main(arguments: Sequence[str]) -> None:
    """Serve a page on this machine alone, until Ctrl-C."""
    parser = argparse.ArgumentParser(prog="python -m provenance live", description=__doc__)
    parser.add_argument("page", type=Path, help="what the Snakefile builds, for instance a.html")
    parser.add_argument("--port", type=int, default=5500)
    given = parser.parse_args(arguments)
    with TemporaryDirectory() as folder:
        shown = Path(folder, "index.html")
        build(given.page, shown)
        server, written = Server(), {str(given.page), *read_all()}
        for path in edited():
            server.watch(str(path), partial(build, given.page, shown), ignore=written.__contains__)
        try:
            server.serve(port=given.port, root=folder)
        except OSError as error:
            cause = f"The page cannot be served on port {given.port}: {error.strerror}."
            raise SystemExit(str(Failure(cause, "Take another: --port 5501."))) from None
