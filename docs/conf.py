"""How Sphinx builds the documentation: `make docs`."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

project = "The report that builds itself"
author = "The authors"
extensions = ["myst_parser", "sphinx.ext.autodoc", "numpydoc"]
exclude_patterns = [".venv", "requirements.*"]
html_theme = "furo"
html_title = project
html_copy_source = False
# A link like faults.md#rows leads to that heading.
myst_heading_anchors = 3

# Names of types as the source writes them, not what they stand for.
autodoc_type_aliases = {name: name for name in ("Activation", "FloatArray", "IntArray")}
autodoc_member_order = "bysource"
# `name` in a docstring leads to what has that name, if something public has.
default_role = "py:obj"
python_maximum_signature_line_length = 88
numpydoc_show_class_members = False
# Every function here says what it takes and gives; what is in a named tuple is said at its fields.
numpydoc_validation_checks = {"GL08", "SS01", "PR01", "PR02", "RT01"}
numpydoc_validation_exclude = {r"^nn\.\w+\.[A-Z]"}
