"""Logits at chosen positions of many rows, with as few and as full forward passes as possible.

Equal rows run once; a row that is the beginning of another runs inside it, since a causal model gives it the same
logits there; rows with a long common beginning go on from one cache; everything else comes in right-padded batches.
Only the asked positions are projected to the vocabulary where the model can be told so.
"""

from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import torch
from jaxtyping import Float
from torch import Tensor
from transformers import DynamicCache, PreTrainedModel

from mesolens.model.batches import Batch, Ids, pack
from mesolens.model.cache import accepted, copied, remember, shares_prefixes
from mesolens.model.loaded import LoadedModel
from mesolens.model.prefix import Group, groups
from mesolens.model.taps import Action, Point, tapped

HELD = 8
"""A token in a cache counts as an eighth of one that is computed, against `batch_tokens`."""


@dataclass(frozen=True, slots=True)
class Ask:
    """A row and the positions (ascending) whose next-token logits are wanted."""

    ids: Ids
    positions: tuple[int, ...]


Answer = tuple[int, Float[Tensor, "P V"]]
"""Which ask it is, and the logits at its positions, in their order."""


@torch.no_grad()
def answers(
    model: LoadedModel,
    asks: Sequence[Ask],
    *,
    batch_tokens: int,
    taps: Mapping[Point, Action] | None = None,
) -> Generator[Answer]:
    """The logits that each ask wants, in the order in which batches finish; each ask once.

    With `taps` every row is run whole and from its beginning, so that an action sees all positions of it.
    """
    hosts = _hosts(asks)
    rows = [host.ids for host in hosts]
    starts = [ids[: host.positions[0]] for ids, host in zip(rows, hosts, strict=True)]
    plan = [Group(0, tuple(range(len(rows))))] if taps else groups(starts)
    if any(group.length for group in plan) and not shares_prefixes(model.module, model.card.vocabulary):
        plan = [Group(0, tuple(range(len(rows))))]
    guests = _guests(asks, hosts)
    with tapped(model.module, taps or {}):
        for group in plan:
            for row, logits_PV in _of_group(model.module, group, hosts, batch_tokens):
                for ask, places in guests[row]:
                    yield ask, logits_PV[places]


@dataclass(frozen=True, slots=True)
class _Host:
    """A row that is run, with all the positions that any ask wants of it."""

    ids: Ids
    positions: tuple[int, ...]
    asks: tuple[int, ...]


def _hosts(asks: Sequence[Ask]) -> list[_Host]:
    """The rows to run: in sorted order a row that is the beginning of another comes right before one that holds it."""
    order = sorted(range(len(asks)), key=lambda ask: asks[ask].ids)
    runs: list[list[int]] = []
    for ask in order:
        before = asks[runs[-1][-1]].ids if runs else None
        if before is not None and asks[ask].ids[: len(before)] == before:
            runs[-1].append(ask)
        else:
            runs.append([ask])
    hosts = [
        _Host(asks[run[-1]].ids, tuple(sorted({p for ask in run for p in asks[ask].positions})), tuple(run))
        for run in runs
    ]
    return sorted(hosts, key=lambda host: min(host.asks))


def _guests(asks: Sequence[Ask], hosts: Sequence[_Host]) -> list[list[tuple[int, list[int]]]]:
    """For each host its asks, each with the places of its positions among the host's."""
    places = [{position: place for place, position in enumerate(host.positions)} for host in hosts]
    return [
        [(ask, [place[position] for position in asks[ask].positions]) for ask in host.asks]
        for host, place in zip(hosts, places, strict=True)
    ]


def _of_group(
    module: PreTrainedModel, group: Group, hosts: Sequence[_Host], batch_tokens: int
) -> Generator[tuple[int, Tensor]]:
    start = group.length
    cache = remember(module, hosts[group.rows[0]].ids[:start]) if start else None
    rest = [hosts[row].ids[start:] for row in group.rows]
    for batch in pack(rest, batch_tokens, beside=start // HELD):
        wanted = [tuple(p - start for p in hosts[group.rows[row]].positions) for row in batch.rows]
        logits = _logits(module, batch, wanted, cache)
        for row, logits_PV in zip(batch.rows, logits, strict=True):
            yield group.rows[row], logits_PV


def _logits(
    module: PreTrainedModel, batch: Batch, wanted: Sequence[tuple[int, ...]], cache: DynamicCache | None
) -> list[Tensor]:
    """For each row of the batch the logits at its wanted positions."""
    ids_BT = batch.ids.to(module.device)
    kept = sorted({position for positions in wanted for position in positions})
    options: dict[str, object] = {"use_cache": cache is not None}
    if cache is not None:
        options["past_key_values"] = copied(cache, len(ids_BT))
    if "logits_to_keep" in accepted(module):
        options["logits_to_keep"] = torch.tensor(kept, device=ids_BT.device)
        places = {position: place for place, position in enumerate(kept)}
    else:
        places = {position: position for position in kept}
    forward = cast(Callable[..., object], module)
    logits_BPV = cast(Tensor, getattr(forward(input_ids=ids_BT, **options), "logits"))  # noqa: B009
    return [logits_BPV[row, [places[p] for p in positions]] for row, positions in enumerate(wanted)]
