"""`python -m provenance why`, `python -m provenance verify`: what the library does by itself."""

from __future__ import annotations

import sys
from importlib import import_module

COMMANDS = ("why", "verify")

if __name__ == "__main__":
    name, *arguments = sys.argv[1:] or [""]
    if name not in COMMANDS:
        sys.exit(f"usage: python -m provenance {{{','.join(COMMANDS)}}} ...")
    sys.exit(import_module(f"provenance.{name}").main(arguments))
