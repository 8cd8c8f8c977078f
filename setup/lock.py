"""Pin the packages: requirements.txt, -dev.txt, -slurm.txt, docs/requirements.txt, environment.yml.

The .in files say what is needed and why; uv chooses versions that fit together for every
supported Python and platform, with the hashes of their files. Pins that still fit stay;
`make lock ARGS=--upgrade` takes the newest versions. People who use conda get the same pins.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

COMPILE = (
    *("pip", "compile", "--quiet", "--universal", "--fork-strategy", "fewest"),
    *("--python-version", "3.11", "--generate-hashes", "--no-header"),
)
PIN = re.compile(r"^([A-Za-z0-9._-]+==[^\s\\]+(?: ; [^\\]+?)?)(?: \\)?$", re.MULTILINE)
HEAD = """\
# The packages of requirements.txt for people who use conda, written by `make lock`:
#   conda env create --file environment.yml && conda activate report
name: report
channels:
  - conda-forge
dependencies:
  - python=3.11
  - pip
  - tectonic
  - pip:
"""


def pins(requirements: str) -> Iterator[str]:
    """Yield what a requirements file pins, with its markers, for instance `numpy==2.4.6`."""
    yield from PIN.findall(requirements)


def environment(requirements: str) -> str:
    """Write environment.yml for the pins of requirements.txt; take and give the files' text."""
    return HEAD + "".join(f'      - "{pin}"\n' for pin in pins(requirements))


def main(arguments: Sequence[str]) -> None:
    """Compile all."""
    uv = shutil.which("uv") or sys.exit("ERROR: uv is not on PATH.\n  -> python3 -m pip install uv")
    for name in ("requirements", "requirements-dev", "requirements-slurm", "docs/requirements"):
        command = [uv, *COMPILE, *arguments, f"{name}.in", "--output-file", f"{name}.txt"]
        subprocess.run(command, check=True)
    # Without hashes, for there a person adds packages by hand.
    template = "provenance/template/requirements"
    command = [uv, *(option for option in COMPILE if option != "--generate-hashes"), *arguments]
    command += ["--no-annotate", f"{template}.in", "--output-file", f"{template}.txt"]
    subprocess.run(command, check=True)
    text = Path("requirements.txt").read_text(encoding="utf-8")
    Path("environment.yml").write_text(environment(text), encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
