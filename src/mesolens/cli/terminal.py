"""Where text goes: data to stdout, people's text to stderr, and whatever a stranger wrote made harmless on the way."""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.table import Table

_WIDE = 160


def tell(text: str) -> None:
    """One line for people, on stderr; line breaks in it are shown as escapes."""
    from mesolens.hostile import printable

    print(printable(text), file=sys.stderr, flush=True)


def data(document: object) -> None:
    """One JSON document on stdout: plain ASCII, so that nothing in it can touch a terminal."""
    import json

    json.dump(document, sys.stdout, indent=1, ensure_ascii=True, allow_nan=False)
    print(flush=True)


def show(lines: Sequence[str]) -> None:
    """A result for people, on stdout, a line each."""
    from mesolens.hostile import printable

    for line in lines:
        print(printable(line))
    sys.stdout.flush()


def table(headings: Sequence[str], rows: Sequence[Sequence[object]], title: str = "") -> None:
    """A table for people, on stdout; numbers stand to the right, floats with three digits."""
    from rich.console import Console
    from rich.text import Text

    drawn = _empty(headings, rows, title)
    for row in rows:
        drawn.add_row(*(Text(_cell(value)) for value in row))
    console = Console(file=sys.stdout, width=None if sys.stdout.isatty() else _WIDE, highlight=False)
    console.print(drawn)
    sys.stdout.flush()


def _empty(headings: Sequence[str], rows: Sequence[Sequence[object]], title: str) -> "Table":
    from rich import box
    from rich.table import Table
    from rich.text import Text

    from mesolens.hostile import printable

    drawn = Table(box=box.SIMPLE_HEAD, title=Text(printable(title)) if title else None, title_justify="left")
    for place, heading in enumerate(headings):
        numeric = any(isinstance(row[place], int | float) for row in rows)
        drawn.add_column(Text(heading), justify="right" if numeric else "left", overflow="fold")
    return drawn


def _cell(value: object) -> str:
    from mesolens.hostile import printable

    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.3g}"
    return "" if value is None else printable(str(value))
