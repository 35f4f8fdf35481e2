"""How the documentation is built: `make docs`, where a warning is an error."""

import re
from typing import TYPE_CHECKING

import mesolens

if TYPE_CHECKING:
    from sphinx.application import Sphinx

project = "Mesolens"
author = "The Mesolens developers"
copyright = "2026, the Mesolens developers"
release = mesolens.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.mathjax", "sphinx.ext.napoleon"]
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = "Mesolens"
html_show_sphinx = False
myst_enable_extensions = ["amsmath", "deflist", "dollarmath"]
myst_heading_anchors = 3

default_role = "literal"
autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
napoleon_numpy_docstring = False


def _keep_bars(_app: object, _what: str, _name: str, _obj: object, _options: object, lines: list[str]) -> None:
    # An absolute value in a docstring is no substitution of reStructuredText.
    lines[:] = [re.sub(r"(?<!\\)\|", r"\\|", line) if "`" not in line else line for line in lines]


def setup(app: "Sphinx") -> None:
    """Register what cleans docstrings before Sphinx reads them."""
    app.connect("autodoc-process-docstring", _keep_bars)
