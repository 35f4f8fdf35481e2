"""`mesolens slides`: the embedded models whose truth is planted."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from mesolens.cli.options import common, settings

if TYPE_CHECKING:
    from pathlib import Path

    from mesolens.runs.settings import Settings


@click.group()
def slides() -> None:
    """List, show, grow and verify the models with planted truth."""


@slides.command("list")
@common
def list_(**others: object) -> None:
    """List the slides: what each is, and whether it is on the shelf."""
    found = settings(others)

    from dataclasses import asdict

    from mesolens.cli.terminal import data, table
    from mesolens.slides.shelf import listing

    rows = listing()
    if found.json:
        data([asdict(row) for row in rows])
        return
    cells = [(f"slide:{row.name}", row.about, row.parameters, row.bytes, row.shipped) for row in rows]
    table(("slide", "what it is", "parameters", "bytes", "on the shelf"), cells)


@slides.command()
@click.argument("name")
@common
def show(name: str, **others: object) -> None:
    """Show what was planted in NAME: rules, support counts, measured cues, location, recipe."""
    found = settings(others)

    from mesolens.cli import terminal
    from mesolens.runs.record import plain
    from mesolens.slides.shelf import describe

    truth = plain(describe(_bare(name)))
    if found.json:
        terminal.data(truth)
    else:
        terminal.show(list(_outline(truth, 0)))


@slides.command()
@click.argument("name")
@common
def grow(name: str, **others: object) -> None:
    """Train NAME anew from its recipe, on the shelf or in --out; a kill costs some hundred steps."""
    found = settings(others)

    from mesolens.cli.terminal import data
    from mesolens.cli.terminal import show as print_lines
    from mesolens.slides import shelf

    out = shelf.SHELF / _bare(name) if found.out is None else found.out
    if found.out is not None or not shelf.present(_bare(name)):
        _grown(_bare(name), out, found)
    if found.json:
        data({"slide": _bare(name), "folder": str(out)})
    else:
        print_lines([str(out)])


@slides.command()
@click.argument("names", nargs=-1, metavar="[NAME]…")
@common
def verify(names: tuple[str, ...], **others: object) -> None:
    """Check slides against their truth: files, corpus, recipe, and the gates measured anew."""
    found = settings(others)

    from dataclasses import asdict

    from mesolens.cli.terminal import data, table
    from mesolens.errors import CheckFailed
    from mesolens.slides import shelf

    wanted = [_bare(name) for name in names] or shelf.names()
    rows = [{"slide": name, **asdict(check)} for name in wanted for check in shelf.verify(name)]
    if found.json:
        data(rows)
    else:
        headings = ("slide", "name", "value", "bar", "holds")
        table(headings, [[row[heading] for heading in headings] for row in rows])
    failed = [f"{row['slide']}: {row['name']}" for row in rows if not row["holds"]]
    if failed:
        raise CheckFailed(f"{len(failed)} of {len(rows)} checks do not hold, first {failed[0]}")


def _bare(name: str) -> str:
    return name.removeprefix("slide:")


def _grown(name: str, out: "Path", found: "Settings") -> None:
    from mesolens.runs.progress import reporter
    from mesolens.slides.growers import grower

    made = grower(name)
    with reporter(as_json=found.json)(f"{name}, {made.unit}", made.most, 0) as advance:
        told = 0

        def progress(done: int, _: int, __: float) -> None:
            nonlocal told
            advance(done - told)
            told = done

        made.grow(out, progress)


def _outline(value: object, depth: int) -> Sequence[str]:
    """A JSON document as indented lines; long lists are cut with their length."""
    lead = "  " * depth
    if isinstance(value, dict):
        lines: list[str] = []
        for key, part in value.items():
            if isinstance(part, dict | list) and part:
                lines += [f"{lead}{key}", *_outline(part, depth + 1)]
            else:
                lines.append(f"{lead}{key}: {part}")
        return lines
    if isinstance(value, list):
        shown = [line for part in value[:_SHOWN] for line in _outline(part, depth)]
        return shown if len(value) <= _SHOWN else [*shown, f"{lead}… {len(value)} in all"]
    return [f"{lead}{value}"]


_SHOWN = 12
