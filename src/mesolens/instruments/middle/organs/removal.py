"""Organs removed: what the readout loses when a group of leaves is held.

That is measured on views that nothing was found by, and on the plain ones that organs were found by, from which it is
learned how much more than its share an organ takes with it. Held at the *reference*, each leaf passes on what it was in
the reference run; at its *mean*, what it was on average at the gated positions of other clean prompts. Everything else
runs on as it will: the effect is measured, not attributed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, cast

import numpy as np
import pyarrow as pa
import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from mesolens.evidence.shards import Shard, Tables
from mesolens.instruments.middle.batch import Batch, batches_of
from mesolens.instruments.middle.ends import gates_for, reference_model
from mesolens.instruments.middle.game import PromptGame
from mesolens.instruments.middle.games import Games, games_of
from mesolens.instruments.middle.gates import Gate, actions_of
from mesolens.instruments.middle.organs.found import Found
from mesolens.instruments.middle.organs.groupings import groupings
from mesolens.instruments.middle.organs.partition import Partition
from mesolens.instruments.middle.organs.plan import organ_shard
from mesolens.instruments.middle.organs.spec import CLEAN, FOUND, HELD, OrgansSpec
from mesolens.instruments.middle.plan import contrast_from, fields_of
from mesolens.instruments.middle.readout import logits_at
from mesolens.instruments.middle.rows import rows_of
from mesolens.model.card import ModelCard
from mesolens.model.loaded import LoadedModel
from mesolens.model.sites import Site
from mesolens.model.taps import tapped
from mesolens.traits.encode import EncodedContrast

KIND = "removal"
TABLE = "organs-removed"
REFERENCE, MEAN = "reference", "mean"
AVERAGED = 32
"""Clean prompts over which leaves are averaged, at most."""


@dataclass(frozen=True, slots=True)
class RemovalWork:
    """A shard of removals.

    Attributes:
        items, contrasts: the views on which groups are removed.
        averaged: contrasts whose clean prompts give the mean.
        names: of each group, its grouping, which of its kind it is, and its number.
        groups: the leaves of each.
    """

    items: tuple[int, ...]
    contrasts: tuple[EncodedContrast, ...]
    averaged: tuple[EncodedContrast, ...]
    against: str
    batch_tokens: int
    names: tuple[tuple[str, int, int], ...]
    groups: tuple[tuple[int, ...], ...]


def learned_from(found: Found) -> Int[np.ndarray, " R"]:
    """Rows of the views that organs were found by, as they are, without an angle."""
    return np.array([row for row in found.of(FOUND) if found.views[row].angle == CLEAN], dtype=int)


def removal_shards(card: ModelCard, spec: OrgansSpec, found: Found, known: Partition) -> list[Shard]:
    """The removals of every grouping's groups, some views a shard; none where no view is held back."""
    names, groups = list[tuple[str, int, int]](), list[tuple[int, ...]]()
    for kind, several in groupings(spec, found, known).items():
        for draw, of in enumerate(several):
            names += [(kind, draw, group) for group in range(known.organs)]
            groups += [tuple(np.flatnonzero(of == group).tolist()) for group in range(known.organs)]
    held, learned = found.of(HELD).tolist(), learned_from(found).tolist()
    tried = [*held, *learned] if held else []
    plain = [found.views[row].contrast for row in learned][:AVERAGED]
    shards: list[Shard] = []
    for start in range(0, len(tried), spec.shard_items):
        some = tried[start : start + spec.shard_items]
        work = RemovalWork(
            tuple(some),
            tuple(spec.views[view].contrast for view in some),
            tuple(plain),
            spec.against,
            spec.batch_tokens,
            tuple(names),
            tuple(groups),
        )
        shards.append(organ_shard(card, KIND, work, len(some)))
    return shards


def remove(model: LoadedModel, shard: Shard, against: LoadedModel | None) -> Tables:
    """`organs-removed`: view, grouping, draw, group, where it was held, and the readout that is lost, in nats.

    With another model as the reference there is no mean.

    Raises:
        BadInput: `against` is missing, is not of the model's shape, or is not the model that was planned.
    """
    work = _work(shard)
    other = reference_model(model, against, work.against)
    gates = gates_for(model, other)
    games = games_of(model, other, gates, work.contrasts, work.batch_tokens)
    live = _live(work, sum(gate.count for gate in gates))
    tables = [_table(work, REFERENCE, games.value(live))]
    if other is None:
        _hold_at_means(games, means_of(model, gates, work.averaged, work.batch_tokens))
        tables.append(_table(work, MEAN, games.value(live)))
    return {TABLE: pa.concat_tables(tables)}


def _work(shard: Shard) -> RemovalWork:
    fields = fields_of(shard)
    averaged = cast("list[dict[str, Any]]", fields.pop("averaged"))
    names = cast("list[tuple[str, int, int]]", fields.pop("names"))
    return RemovalWork(
        averaged=tuple(contrast_from(each) for each in averaged),
        names=tuple((str(kind), int(draw), int(group)) for kind, draw, group in names),
        **fields,
    )


def _live(work: RemovalWork, leaves: int) -> Bool[np.ndarray, "C N"]:
    """First nothing held, then one group after the other."""
    live = np.ones((1 + len(work.groups), leaves), bool)
    for place, group in enumerate(work.groups, 1):
        live[place, list(group)] = False
    return live


def _table(work: RemovalWork, held_at: str, values_CI: Float[np.ndarray, "C I"]) -> pa.Table:
    lost_GI = values_CI[0] - values_CI[1:]
    count = len(work.items)
    kinds, draws, groups = (np.repeat([name[k] for name in work.names], count) for k in range(3))
    return pa.table(
        {
            "view": pa.array(np.tile(np.asarray(work.items, np.int32), len(work.names))),
            "grouping": pa.array(kinds.tolist(), pa.string()),
            "draw": pa.array(draws.astype(np.int32)),
            "group": pa.array(groups.astype(np.int32)),
            "held_at": pa.array([held_at] * (count * len(work.names)), pa.string()),
            "lost": pa.array(lost_GI.ravel()),
        }
    )


def _hold_at_means(games: Games, means: dict[Site, Float[Tensor, " W"]]) -> None:
    """Let held leaves of every game pass on their means."""
    for game in games.games:
        assert isinstance(game, PromptGame)
        for site, frozen in game.frozen.items():
            game.frozen[site] = means[site].expand_as(frozen)


def means_of(
    model: LoadedModel, gates: Sequence[Gate], contrasts: Sequence[EncodedContrast], batch_tokens: int
) -> dict[Site, Float[Tensor, " W"]]:
    """What every gate's leaves are on average over the gated positions of clean prompts."""
    rows = [row for place, contrast in enumerate(contrasts) for row in rows_of(place, contrast)]
    totals: dict[Site, Float[Tensor, " W"]] = {}
    count = 0
    for batch in batches_of(rows, batch_tokens, str(model.module.device)):
        here = _positions(batch)
        count += int(here.sum())
        with torch.no_grad(), tapped(model.module, actions_of(gates, partial(_add, totals, here))):
            logits_at(model.module, batch.clean, batch.clean_reads.positions)
    return {site: total / count for site, total in totals.items()}


def _positions(batch: Batch) -> Bool[Tensor, "B T"]:
    """Which positions are gated, padding left out."""
    if batch.gated is not None:
        return batch.gated
    lengths = torch.tensor([len(row.clean) for row in batch.rows], device=batch.clean.device)
    return torch.arange(batch.clean.shape[1], device=batch.clean.device) < lengths[:, None]


def _add(totals: dict[Site, Tensor], here: Bool[Tensor, "B T"], gate: Gate, live: Tensor) -> None:
    total = live[here].sum(0)
    totals[gate.site] = totals[gate.site] + total if gate.site in totals else total
