"""`mesolens organs`: which heads and neurons act together, what each group serves, and whether it holds."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

import click

from mesolens.cli.options import common, settings

if TYPE_CHECKING:
    from mesolens.evidence.reading import Reading

Row = dict[str, object]


@click.command()
@click.argument("model")
@click.option("--contrasts", metavar="FILE", help="Contrasts as JSON Lines; without it the pack that fits the model.")
@click.option("--angles", metavar="A,…|FILE", help="Angles that organs are found by, or a file of them.")
@click.option("--unseen", metavar="A,…", help="Other angles, from which they are tried on other contrasts.")
@click.option("--broken", metavar="A,…", help="Angles that are only looked from: which organs fall silent?")
@click.option("--against", metavar="MODEL", help="Another model of the same shape, which is the reference then.")
@click.option("--twin", metavar="MODEL", help="A model trained alike, whose organs are matched with MODEL's.")
@click.option("--budget", metavar="NAME", help="What proofs may cost: quick, standard or deep (standard).")
@common
def organs(model: str, contrasts: str | None, against: str | None, twin: str | None, **options: object) -> None:
    """Group heads and neurons that act together over prompts, traits and angles.

    Contrasts are grouped into traits by their templates' names up to the first slash. Each organ is described, and its
    removal on contrasts and angles that it was not found by is held against what its share foretold. With --json the
    reading is printed; else an overview.
    """
    found = settings(options)

    from mesolens.cli import chapters
    from mesolens.cli.opening import open_against, open_items, open_model, open_sights
    from mesolens.cli.subject import Subject

    named = (options["angles"], options["unseen"], options["broken"])
    sights = open_sights(*cast("tuple[str | None, str | None, str | None]", named))
    opened = open_model(model, found)
    other = open_against(against, opened, found)
    beside = None if twin is None else open_model(twin, found)
    items = open_items(model, opened, contrasts)
    subject = Subject(opened, other, items, found, sights=sights, matched=beside)
    chapters.answer(subject, "organs", _overview)


def _overview(reading: "Reading") -> None:
    """The verdict, the organs, the map, and what was checked."""
    from mesolens.cli.terminal import show, table

    show([f"{reading.subject}: {reading.verdict}", reading.sentence, ""])
    rows = cast(Sequence[Row], reading.data["organs"])
    traits = cast(Sequence[str], reading.data["traits"])
    if rows:
        table(_HEADINGS, [_cells(row) for row in rows], "Organs")
        table(
            ("organ", *traits), [[row["name"], *_served(row)] for row in rows], "Shares by trait, in nats; * is called"
        )
    checks = [(n.name, n.value, n.low, n.high, n.unit) for n in reading.numbers]
    table(("figure", "value", "low", "high", "unit"), checks, "What it rests on")


_HEADINGS = ("organ", "leaves", "of the gross", "stability", "stable", "largest")


def _cells(row: Row) -> list[object]:
    members = cast(Sequence[Row], row["members"])
    largest = ", ".join(str(member["site"]) for member in members[:3])
    stable = "yes" if row["stable"] else "unstable"
    return [row["name"], row["leaves"], row["part"], row["stability"], stable, largest]


def _served(row: Row) -> list[str]:
    served = cast(Sequence[Row], row["serves"])
    return [f"{cast(float, each['share']):+.3g}{'*' if each['called'] else ''}" for each in served]
