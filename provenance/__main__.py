"""`python -m provenance why`, `diff`, `verify`, `rebuild`: what the library does by itself."""

from __future__ import annotations

import sys
from importlib import import_module

COMMANDS = ("why", "diff", "verify", "rebuild", "arxiv", "live")

if __name__ == "__main__":
    # Last, as with `python -P`: a random.py in it is refused by name, rather than imported.
    sys.path.append(sys.path.pop(0))
    name, *arguments = sys.argv[1:] or [""]
    if name not in COMMANDS:
        sys.exit(f"usage: python -m provenance {{{','.join(COMMANDS)}}} ...")
    sys.exit(import_module(f"provenance.{name}").main(arguments))
