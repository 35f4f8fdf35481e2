"""The program's first step: plain `--help` is answered from a text that ships beside this file.

Building that text costs more CPU than the rest of the answer together, as the parser's own imports do; a test holds the
text to what the parser would print on 80 columns. Everything else goes to the parser.
"""

import sys
from os.path import dirname, join


def main() -> None:
    """The `mesolens` program."""
    if sys.argv[1:] in (["--help"], ["-h"]):
        with open(join(dirname(__file__), "help.txt"), encoding="utf-8") as text:
            sys.stdout.write(text.read())
        return
    from mesolens.cli.main import main as parse

    parse()
