"""What `mesolens quine check` does: the judging of files."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mesolens.errors import BadInput
from mesolens.hostile import printable
from mesolens.instruments import quine
from mesolens.instruments.quine.honesty import Bench, Language, bench
from mesolens.instruments.quine.judging import Judged, judge
from mesolens.instruments.quine.spec import Item

if TYPE_CHECKING:
    pass

_ENDINGS: dict[str, Language] = {".py": "python", ".js": "javascript", ".mjs": "javascript", ".cjs": "javascript"}
PLAIN = "program"
"""The rung of a program from anywhere: it is to print itself, and nothing else is asked of it."""


def judge_files(files: Sequence[str], language: str | None) -> list[tuple[str, Judged]]:
    """The verdict on each file.

    Raises:
        BadInput: a file cannot be read or its language is not known, before any program is run.
        Unsafe: there is no sandbox here.
    """
    found: list[tuple[str, Language, bytes]] = [(name, _language(name, language), _bytes(name)) for name in files]
    with bench() as table:
        _check_engine(table, found)
        return [(name, judge(table, Item(name, PLAIN, kind, "", ""), [text])) for name, kind, text in found]


def _check_engine(table: Bench, found: Sequence[tuple[str, Language, bytes]]) -> None:
    scripts = [name for name, kind, _ in found if kind == "javascript"]
    if scripts and not table.has_javascript:
        name = printable(scripts[0], 80)
        raise BadInput(f"{name}: JavaScript runs in QuickJS, which is not installed: pip install 'mesolens[js]'")


def _language(name: str, said: str | None) -> Language:
    if said is not None:
        if said not in quine.LANGUAGES:
            raise BadInput(f"--language {printable(said, 40)} is none; there are {', '.join(quine.LANGUAGES)}")
        return said
    ending = Path(name).suffix.lower()
    if ending not in _ENDINGS:
        shown = printable(repr(name), 80)
        raise BadInput(f"{shown} does not end in {', '.join(_ENDINGS)}; say with --language what it is")
    return _ENDINGS[ending]


_LONGEST = 1 << 20


def _bytes(name: str) -> bytes:
    path, shown = Path(name), printable(repr(name), 80)
    if not path.is_file():
        raise BadInput(f"{shown} is no file")
    if path.stat().st_size > _LONGEST:
        raise BadInput(f"{shown} is longer than {_LONGEST >> 20} MiB: no quine that is judged here")
    try:
        return path.read_bytes()
    except OSError as problem:
        raise BadInput(f"{shown} cannot be read: {printable(str(problem.strerror))}") from None
