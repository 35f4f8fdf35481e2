"""The code blocks of a Markdown page, and how they are run.

`python` blocks of a page run in order in one namespace; `console` blocks give commands after `$ `, and lines below a
command are what it must print, with `...` for anything. Both run in one empty folder. A block under a comment
`<!-- not run: REASON -->` is shown and not run.
"""

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from doctest import ELLIPSIS, NORMALIZE_WHITESPACE, OutputChecker
from pathlib import Path
from typing import Any

_BLOCK = re.compile(
    r"(?:^<!-- not run: (?P<reason>[^\n]+?) -->\n+)?^```(?P<language>python|console|bash|sh|shell)\n(?P<code>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Block:
    """A block of a page: the line at which its code begins, its language, its code, and why it is not run."""

    line: int
    language: str
    code: str
    reason: str


def blocks_of(text: str) -> list[Block]:
    """The code blocks of a page, in order."""
    return [
        Block(text[: found.start("code")].count("\n") + 1, found["language"], found["code"], found["reason"] or "")
        for found in _BLOCK.finditer(text)
    ]


def commands(code: str) -> Iterator[tuple[str, str]]:
    """Each command of a console block, with what it must print (empty when nothing is said)."""
    for part in re.split(r"^\$ ", code, flags=re.MULTILINE)[1:]:
        lines = part.splitlines(keepends=True)
        ends = next(i for i, line in enumerate(lines) if not line.endswith("\\\n"))
        yield "".join(lines[: ends + 1]).strip(), "".join(lines[ends + 1 :])


def run_python(block: Block, page: str, names: dict[str, Any]) -> None:
    """Run a block among the names that earlier blocks left; its errors carry the page's line numbers."""
    exec(compile("\n" * (block.line - 1) + block.code, page, "exec"), names)


def run_console(block: Block, folder: Path) -> None:
    """Run a block's commands in a shell where `mesolens` and `python` are this environment's.

    Raises:
        AssertionError: a command fails, or prints something else than the page says.
    """
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = os.environ | {"PATH": path, "COLUMNS": "120", "NO_COLOR": "1"}
    for command, wanted in commands(block.code):
        done = subprocess.run(
            ["bash", "-c", command], cwd=folder, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{shlex.quote(command)} gave {done.returncode}:\n{done.stdout}\n{done.stderr}"
        options = ELLIPSIS | NORMALIZE_WHITESPACE
        same = not wanted.strip() or OutputChecker().check_output(wanted, done.stdout, options)
        assert same, f"{shlex.quote(command)} printed:\n{done.stdout}\nand the page says:\n{wanted}"
