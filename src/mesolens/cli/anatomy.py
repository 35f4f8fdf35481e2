"""`mesolens anatomy`: what probing found in a model, and with which error each level closes."""

from typing import TYPE_CHECKING

import click

from mesolens.cli.options import common, settings

if TYPE_CHECKING:
    from mesolens.model.anatomy import Block
    from mesolens.model.card import ModelCard


@click.command()
@click.argument("model")
@common
def anatomy(model: str, **others: object) -> None:
    """Show MODEL's writers and heads, and the errors measured.

    A level that does not close is refused, with its number.
    """
    found = settings(others)

    from dataclasses import asdict

    from mesolens.cli.opening import open_model
    from mesolens.cli.terminal import data
    from mesolens.errors import CheckFailed
    from mesolens.runs.record import plain

    card = open_model(model, found).card
    if found.json:
        data(plain(asdict(card)))
    else:
        _draw(card)
    failed = [check for check in card.anatomy.checks if not check.holds]
    if failed:
        raise CheckFailed(f"{failed[0].name}: {failed[0].value:.3g}, its bar ≤ {failed[0].bar:.3g}")


def _draw(card: "ModelCard") -> None:
    from mesolens.cli.terminal import show, table

    found = card.anatomy
    window = "of a length that its configuration does not say" if card.window is None else f"of {card.window} tokens"
    show(
        [
            f"{card.name}: {card.architecture}, {card.parameters:,} parameters, {card.dtype}",
            f"stream of width {found.stream_width}, vocabulary of {card.vocabulary}, window {window}",
            "",
        ]
    )
    rows = [row for block in found.blocks for row in _rows(block)]
    table(("site", "module", "scale", "leaves", "width", "error", "level"), rows)
    table(("check", "measured", "bar", "holds"), [(c.name, c.value, c.bar, c.holds) for c in found.checks])
    refusals = [(f"L{b.layer}", b.refusal) for b in found.blocks if b.refusal]
    refusals += [(f"L{w.layer}.{w.name}", w.refusal) for w in found.writers if w.refusal]
    if refusals:
        table(("refused below", "because"), refusals)


def _rows(block: "Block") -> list[tuple[object, ...]]:
    """The block's line, then one for each of its writers."""
    kinds = {"h": "heads", "n": "neurons"}
    writers: list[tuple[object, ...]] = [
        (
            f"  L{w.layer}.{w.name}",
            w.module,
            w.scale,
            f"{w.leaves} {kinds[w.leaf]}" if w.leaves else "none",
            w.width if w.leaves else None,
            w.error,
            "leaf" if w.leaves else "writer",
        )
        for w in block.writers
    ]
    return [(f"L{block.layer}", block.module, None, None, None, block.error, block.level), *writers]
