"""The help that ships is the help that the parser prints, and nothing heavy is imported for it."""

import subprocess
import sys

from click.testing import CliRunner

import mesolens.cli.start as start
from mesolens.cli.main import cli


def test_the_shipped_help_is_what_the_parser_prints() -> None:
    printed = CliRunner().invoke(cli, ["--help"], prog_name="mesolens", terminal_width=80).output
    with open(start.__file__.replace("start.py", "help.txt"), encoding="utf-8") as text:
        assert text.read() == printed


def test_plain_help_imports_no_parser_and_other_words_do() -> None:
    script = (
        "import sys; sys.argv = ['mesolens', *{words}]; import mesolens.cli.start as s\n"
        "try: s.main()\nexcept SystemExit: pass\n"
        "print('click' in sys.modules, 'torch' in sys.modules)"
    )
    for words, expected in ((["--help"], "False False"), (["-h"], "False False"), (["--version"], "True False")):
        done = subprocess.run(
            [sys.executable, "-c", script.format(words=words)], capture_output=True, text=True, check=True
        )
        assert done.stdout.splitlines()[-1] == expected
