"""`mesolens depth`: how many steps it takes with no token between, which are readable, and which are used."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, cast

import click

from mesolens.cli.options import common, settings

if TYPE_CHECKING:
    from mesolens.evidence.reading import Reading

Row = dict[str, object]


@click.command()
@click.argument("model")
@click.option("--task", metavar="FILE", help="Items with known steps as JSON Lines; without it some made for MODEL.")
@click.option("--texts", metavar="FILE", help="Text on which the tuned lens is fitted, in the place of the prompts.")
@click.option("--sums", metavar="FILE", help="Sums to be answered with no visible step, as no-cot-arithmetic has them.")
@click.option("--myopic", metavar="MODEL", help="A twin that no loss reached back in, for the myopia gap.")
@click.option("--budget", metavar="NAME", help="How many items are asked: quick, standard or deep (standard).")
@common
def depth(
    model: str,
    task: str | None,
    texts: str | None,
    sums: str | None,
    myopic: str | None,
    budget: str | None,
    **others: object,
) -> None:
    """Find how many steps MODEL takes with no token between, and which are readable, present and used.

    A task names what lies between question and answer. At every boundary of the stream a lens and a probe look for it,
    and it is exchanged to see whether the answer follows. With --json the reading is printed; else an overview.
    """
    found = settings(others | {"budget": budget})

    from mesolens.cli import chapters
    from mesolens.cli.opening import Items, open_depth, open_model, open_myopic
    from mesolens.cli.subject import Subject

    opened = open_model(model, found)
    twin = open_myopic(myopic, opened, found)
    spec = open_depth(opened, task, texts, found, sums, twin)
    twins = () if twin is None else (twin,)
    subject = Subject(opened, None, Items((), ""), found, twins=twins, depth=spec)
    chapters.answer(subject, "depth", _overview)


def _overview(reading: "Reading") -> None:
    """The verdict, the three matrices, accuracy by k, and what was not measured."""
    from mesolens.cli.terminal import show, table

    show([f"{reading.subject}: {reading.verdict}", reading.sentence, ""])
    task = cast(Row, reading.data["task"])
    layers, steps = (cast(Sequence[str], task[name]) for name in ("layers", "steps"))
    for name, title in _MATRICES.items():
        part = cast("Row | None", reading.data[name])
        if part is not None:
            rows = zip(layers, cast("Sequence[Sequence[Row | None]]", part["cells"]), strict=True)
            cells = [(layer, *(None if cell is None else cell["value"] for cell in row)) for layer, row in rows]
            chance = ("chance", *cast(Sequence[object], part["chance"]))
            table(("", *steps), [*cells, chance], title)
    for curve in cast(Sequence[Row], reading.data["k50"]):
        names = ("k", "n", "accuracy", "low", "high", "chance")
        rows_of_k = [[row[name] for name in names] for row in cast(Sequence[Row], curve["curve"])]
        table(names, rows_of_k, f"{curve['presentation']}: {curve['says']}")
    show([str(cast(Row, reading.data["bound"])["says"])])
    _silence(reading.data)
    for line in cast(Sequence[str], reading.data["unavailable"]):
        show([f"not measured: {line}"])


def _silence(found: Mapping[str, object]) -> None:
    """Answers with no visible step, by condition, and what planning was found."""
    from mesolens.cli.terminal import show, table

    silent, planning = (cast("Row | None", found[name]) for name in ("nocot", "planning"))
    for family in cast(Sequence[Row], (silent or {}).get("families", [])):
        names = ("name", "n", "accuracy", "low", "high", "unanswered")
        rows = [[row[name] for name in names] for row in cast(Sequence[Row], family["conditions"])]
        table(names, rows, f"{family['name']}, with no visible step: {family['says']}")
        effects = [f"{row['name']}: {row['says']}" for row in cast(Sequence[Row], family["effects"]) if row["effect"]]
        show(effects)
    show([f"with no visible step: {silent['says']}"] if silent and not silent["families"] else [])
    show([f"planning: {planning['says']}"] if planning else [])


_MATRICES = {
    "read": "READ: the lens names the step",
    "present": "PRESENT: a probe finds the step",
    "used": "USED: the answer follows when the step is exchanged",
}
