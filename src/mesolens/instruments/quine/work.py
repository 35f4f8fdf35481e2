"""A specification to shards, and back: some items each; a machine without a sandbox has one shard, of nothing."""

from collections.abc import Mapping
from dataclasses import asdict, replace
from typing import Any, cast

from mesolens.errors import BadInput
from mesolens.evidence.shards import Cost, Json, Shard, Tables
from mesolens.instruments.quine.limits import Limits
from mesolens.instruments.quine.spec import VERSION, Item, QuineSpec
from mesolens.model.card import ModelCard

NAME = "quine"
_OF_READING = ("shard_items", "novel_below", "items", "seed")
_TOKENS = 256
"""Of a prompt, about, for the estimate."""


def plan(card: ModelCard, spec: QuineSpec) -> list[Shard]:
    """What is asked, some items a shard.

    Raises:
        BadInput: there are no items, no replies are asked for, or the model has no tokenizer.
    """
    if spec.why_not:
        return [_shard(card, spec, (), 1)]
    if not spec.items:
        raise BadInput("no items: name a rung or a language that has some")
    if spec.draws < 1:
        raise BadInput(f"{spec.draws} replies to an item: ask for 1 or more")
    if not card.tokenizer_hash:
        raise BadInput(f"{card.name} has no tokenizer, and quines are asked for in words")
    starts = range(0, len(spec.items), spec.shard_items)
    parts = [spec.items[start : start + spec.shard_items] for start in starts]
    return [_shard(card, spec, part, len(part) * spec.draws) for part in parts]


def _shard(card: ModelCard, spec: QuineSpec, items: tuple[Item, ...], rows: int) -> Shard:
    asked = {name: value for name, value in asdict(spec).items() if name not in _OF_READING}
    depends: dict[str, Json] = {
        "version": VERSION,
        "model": card.weights_hash,
        "tokenizer": card.tokenizer_hash,
        "dtype": card.dtype,
        "asked": cast(Json, asked),
        "items": cast(Json, [asdict(item) for item in items]),
    }
    return Shard(NAME, depends, rows)


def asked_of(shard: Shard) -> QuineSpec:
    """The specification on which a shard depends, with the shard's items alone."""
    asked = dict(cast(Mapping[str, Any], shard.depends["asked"]))
    items = tuple(Item(**fields) for fields in cast("list[dict[str, Any]]", shard.depends["items"]))
    return replace(QuineSpec(items), **{**asked, "limits": Limits(**asked["limits"])})


def follow(card: ModelCard, spec: QuineSpec, tables: Tables) -> list[Shard]:
    """Nothing: every item stands alone."""
    del card, spec, tables
    return []


def cost(card: ModelCard, spec: QuineSpec) -> Cost:
    """Operations of all replies: 2 for each parameter and token; running the programs is not foreseen.

    Replies begun anew are counted as if every program kept itself in a quote.
    """
    replies = 0 if spec.why_not else len(spec.items) * spec.draws * (1 + 2 * spec.again)
    width = 16 * card.anatomy.stream_width * max(len(card.anatomy.blocks), 1)
    return Cost(2.0 * card.parameters * replies * (_TOKENS + spec.most), 4.0 * 16384 * width)
