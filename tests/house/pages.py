"""The code blocks of a Markdown page, and how they are run.

`python` blocks of a page run in order in one namespace; `console` blocks give commands after `$ `, and lines below a
command are what it must print, with `...` for anything. Both run in one folder, empty at first. A block under a comment
`<!-- file: NAME -->` is written there under that name; one under `<!-- not run: REASON -->` is only shown.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from doctest import ELLIPSIS, NORMALIZE_WHITESPACE, OutputChecker
from pathlib import Path
from typing import Any

_BLOCK = re.compile(
    r"(?:^<!-- (?P<mark>not run|file): (?P<text>[^\n]+?) -->\n+)?^```(?P<language>[a-z]+)\n(?P<code>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)
RUN = {"python", "console", "bash", "sh", "shell"}


@dataclass(frozen=True, slots=True)
class Block:
    """A block of a page.

    Attributes:
        line: where in the page its code begins.
        reason: why it is not run; "" when it is.
        file: under which name it is written; "" when it is run.
    """

    line: int
    language: str
    code: str
    reason: str
    file: str


def blocks_of(text: str) -> list[Block]:
    """The blocks of a page that are run, written or marked as not run, in order."""
    return [_block(text, found) for found in _BLOCK.finditer(text) if found["mark"] or found["language"] in RUN]


def _block(text: str, found: re.Match[str]) -> Block:
    line = text[: found.start("code")].count("\n") + 1
    reason, file = (found["text"] if found["mark"] == mark else "" for mark in ("not run", "file"))
    return Block(line, found["language"], found["code"], reason, file)


def run(block: Block, page: str, folder: Path, names: dict[str, Any]) -> None:
    """Do with a block what its page says."""
    if block.file:
        (folder / block.file).write_text(block.code, "utf-8")
    elif not block.reason:
        run_python(block, page, names) if block.language == "python" else run_console(block, folder)


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
        assert done.returncode == 0, f"{command!r} gave {done.returncode}:\n{done.stdout}\n{done.stderr}"
        options = ELLIPSIS | NORMALIZE_WHITESPACE
        same = not wanted.strip() or OutputChecker().check_output(wanted, done.stdout, options)
        assert same, f"{command!r} printed:\n{done.stdout}\nand the page says:\n{wanted}"
