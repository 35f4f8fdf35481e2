"""`mesolens twins`: where models that were trained alike agree, and from which angles they part."""

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

import click

from mesolens.cli.options import common, settings

if TYPE_CHECKING:
    from mesolens.evidence.reading import Reading

Row = dict[str, object]
_SHOWN = 24


@click.command()
@click.argument("models", nargs=-1, required=True, metavar="MODEL MODEL…")
@click.option("--pack", metavar="PATH", help="Voices and prompts; without it those that fit the first model.")
@click.option("--bank", metavar="PATH", help="Role files, in the place of the pack's voices.")
@click.option("--angles", metavar="A,…|FILE", help="Compositions to look from, or a file of angles (every angle).")
@click.option("--temperature", metavar="T", type=float, default=1.0, help="Of sampling; 0 is greedy (1).")
@click.option("--most", metavar="N", type=int, default=64, help="Tokens of the longest reply (64).")
@click.option("--budget", metavar="NAME", help="How many prompts and replies: quick, standard or deep (standard).")
@common
def twins(models: tuple[str, ...], temperature: float, most: int, **options: object) -> None:
    """Find where MODELs agree and from which angles they part.

    Seeds of one recipe, a model and its base, checkpoints of one run: each is asked the same from the same angles. With
    --json the reading is printed; else an overview.
    """
    found = settings(options)

    from mesolens.cli import chapters
    from mesolens.cli.face_ask import FaceAsk, face_of
    from mesolens.cli.opening import open_model
    from mesolens.cli.terminal import data, tell
    from mesolens.errors import BadInput

    if len(models) < 2:
        raise BadInput(f"{' '.join(models)} has nobody to be compared with: name two models or more")
    opened = [open_model(name, found) for name in models]
    spec = face_of(models[0], opened[0], None, found, FaceAsk.of(options, temperature, most))
    store, reading = chapters.run_twins(opened, spec, found, sys.argv[1:])
    if found.json:
        data(reading.data)
    else:
        _overview(reading)
    tell(f"report    {store.run / 'report.html'}")


def _overview(reading: "Reading") -> None:
    from mesolens.cli.terminal import show, table

    show([f"{reading.subject}: {reading.verdict}", reading.sentence, ""])
    rows = sorted(cast(Sequence[Row], reading.data["angles"]), key=_bits, reverse=True)
    cells = [
        (row["angle"], row["agreement"], _bits(row), row["floor"], row["adjusted"], "yes" if row["called"] else "")
        for row in rows[:_SHOWN]
    ]
    headings = ("angle", "agreement", "divergence, bits", "floor", "p adjusted", "called")
    table(headings, cells, f"The most divergent of {len(rows)} angles")


def _bits(row: Row) -> float:
    return cast("dict[str, float]", row["divergence"])["value"]
