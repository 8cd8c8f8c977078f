"""`python -m provenance new`, `why`, `diff`, `verify` ...: what the library does by itself."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from pathlib import Path

COMMANDS = {
    "new": "make a folder with a report of one's own, which builds at once",
    "why": "say what would be built again, and what changed",
    "diff": "say what the report says that the released one did not",
    "verify": "build the last commit anew elsewhere and compare it with the released manifest",
    "rebuild": "build a report anew from the sources that its PDF carries, and compare",
    "arxiv": "pack what TeX read for a report",
    "live": "show a report's page in a browser, built again after each edit",
}


def main() -> int:
    """Do what the arguments ask for; return the exit status."""
    name, *arguments = sys.argv[1:] or [""]
    if name not in COMMANDS:
        listed = "".join(f"\n  {name:<8} {what}" for name, what in COMMANDS.items())
        sys.exit(f"usage: python -m provenance COMMAND ... (each tells more with --help){listed}")
    status: int = import_module(f"provenance.{name}").main(arguments)
    return status


def command() -> int:
    """Do the same as a command that is installed; a report's own copy of the library goes first."""
    if sys.argv[1:2] != ["new"] and Path("provenance/__main__.py").is_file():
        os.execv(sys.executable, [sys.executable, "-m", "provenance", *sys.argv[1:]])
    return main()


if __name__ == "__main__":
    # Last, as with `python -P`: a random.py in it is refused by name, rather than imported.
    sys.path.append(sys.path.pop(0))
    sys.exit(main())
