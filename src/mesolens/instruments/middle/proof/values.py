"""The heavy step of the checks: the readout of a shard's contrasts under every coalition that was asked for."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa
from jaxtyping import Bool

from mesolens.evidence.shards import Shard, Tables
from mesolens.instruments.middle.ends import gates_for, reference_model
from mesolens.instruments.middle.games import Games, games_of
from mesolens.instruments.middle.plan import fields_of
from mesolens.instruments.middle.players import players_of
from mesolens.instruments.middle.proof.coalition import Coalition, Orders
from mesolens.model.loaded import LoadedModel
from mesolens.traits.encode import EncodedContrast

TOGETHER = 256
"""Coalitions that are spelled out leaf by leaf at one time."""


@dataclass(frozen=True, slots=True)
class ValuesWork:
    """A shard of coalitions to value.

    Attributes:
        alone, groups: who plays, as for the referee; with gated shares every leaf does.
        ranked: the leaves that play, from the largest share down.
        coalitions: what is asked.
    """

    items: tuple[int, ...]
    contrasts: tuple[EncodedContrast, ...]
    against: str
    batch_tokens: int
    alone: int
    groups: int
    ranked: tuple[int, ...]
    coalitions: tuple[Coalition, ...]
    seed: int


def value(model: LoadedModel, shard: Shard, against: LoadedModel | None) -> Tables:
    """`middle-values`: item, check, label and readout in nats; the check `ends` has the clean and the reference one."""
    work = ValuesWork(**_fields(shard))
    other = reference_model(model, against, work.against)
    gates = gates_for(model, other)
    players = players_of(gates, work.alone, work.groups)
    orders = Orders(len(players.sites), work.ranked, work.seed)
    tables: list[pa.Table] = []
    for swapped in (False, True):
        some = [one for one in work.coalitions if one.swapped == swapped]
        if swapped and not some:
            continue
        games = games_of(model, other, gates, work.contrasts, work.batch_tokens, swapped=swapped)
        if not swapped:
            tables.append(_ends(games, work, len(players.of_leaf)))
        for start in range(0, len(some), TOGETHER):
            part = some[start : start + TOGETHER]
            live = np.array([orders.live(one) for one in part])[:, players.of_leaf]
            tables.append(_table(work, [(one.check, one.label) for one in part], games, live))
    return {"middle-values": pa.concat_tables(tables)}


def _fields(shard: Shard) -> dict[str, Any]:
    fields = fields_of(shard)
    asked = tuple(_coalition(one) for one in fields["coalitions"])
    return {**fields, "coalitions": asked}


def _coalition(fields: dict[str, Any]) -> Coalition:
    return replace(Coalition(**fields), leaves=tuple(fields["leaves"]))


def _ends(games: Games, work: ValuesWork, leaves: int) -> pa.Table:
    both = np.array([[True], [False]]).repeat(leaves, 1)
    return _table(work, [("ends", 0), ("ends", 1)], games, both)


def _table(work: ValuesWork, names: Sequence[tuple[str, int]], games: Games, live: Bool[np.ndarray, "C N"]) -> pa.Table:
    values = games.value(live)
    items = len(work.items)
    return pa.table(
        {
            "item": pa.array(np.tile(np.asarray(work.items, np.int32), len(names))),
            "check": pa.array([check for check, _ in names for _ in range(items)]),
            "label": pa.array(np.repeat(np.array([label for _, label in names], np.int32), items)),
            "value": pa.array(values.ravel()),
        }
    )
