"""`mesolens middle`: the tree of shares of one readout."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, cast

import click

from mesolens.cli.options import common, settings

if TYPE_CHECKING:
    from mesolens.evidence.reading import Reading

_LEAVES = 10
Node = dict[str, object]


@click.command()
@click.argument("model")
@click.option("--contrasts", metavar="FILE", help="Contrasts as JSON Lines; without it the pack that fits the model.")
@click.option("--against", metavar="MODEL", help="Another model of the same shape, which is the reference then.")
@click.option("--engine", metavar="NAME", default="gated", help="gated, or owen: the slower referee without gradients.")
@click.option("--width", metavar="PART", type=float, help="Interval at which the referee stops, as a part of Δ.")
@click.option("--budget", metavar="NAME", help="What checks may cost: quick, standard or deep (standard).")
@common
def middle(
    model: str,
    contrasts: str | None,
    against: str | None,
    engine: str,
    width: float | None,
    budget: str | None,
    **others: object,
) -> None:
    """Divide a difference among layers, heads and neurons.

    The shares add up at every level. The difference is between each contrast's two prompts or, with --against, between
    two models. Where the gradient's total does not close, the referee takes its place. What a sceptic would try is
    tried and printed with the tree; --budget says how much of it. With --json the tree is printed; else an overview.
    """
    found = settings(others | {"budget": budget})

    from mesolens.cli import chapters
    from mesolens.cli.middle_ask import engine_of, width_of
    from mesolens.cli.opening import open_against, open_items, open_model
    from mesolens.cli.subject import Subject

    asked, half = engine_of(engine), width_of(width)
    opened = open_model(model, found)
    other = open_against(against, opened, found)
    subject = Subject(opened, other, open_items(model, opened, contrasts), found, asked, half)
    chapters.answer(subject, "middle", _overview)


def _overview(reading: "Reading") -> None:
    """The levels down to writers in order, then the largest leaves."""
    from mesolens.cli.terminal import show, table

    nodes = cast(Sequence[Node], reading.data["nodes"])
    show([f"{reading.subject}: {reading.verdict}", reading.sentence, ""])
    parents = {node["parent"] for node in nodes}
    upper = [node for node in nodes if node["site"] in parents or str(node["site"]) in ("embed", "unembed")]
    leaves = [node for node in nodes if node["site"] not in parents and node not in upper]
    largest = sorted(leaves, key=lambda node: -abs(cast(float, node["share"])))[:_LEAVES]
    table(_HEADINGS, [_row(node) for node in upper], "Levels, in nats")
    if largest:
        table(_HEADINGS, [_row(node) for node in largest], f"The largest of {len(leaves)} leaves, in nats")
    checks = [(n.name, n.value, n.unit, n.bar, _held(n.holds)) for n in reading.numbers]
    table(("figure", "value", "unit", "bar", ""), checks, "What was checked")


def _held(holds: bool | None) -> str:
    return {True: "holds", False: "does not hold", None: ""}[holds]


_HEADINGS = ("site", "share", "low", "high", "direct")


def _row(node: Node) -> list[object]:
    depth = 0 if node["parent"] is None else 1 + str(node["site"]).count(".")
    return ["  " * depth + str(node["site"]), *(node.get(name) for name in _HEADINGS[1:])]
