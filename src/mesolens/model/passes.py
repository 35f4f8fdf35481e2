"""Logits at chosen positions of many rows, with as few and as full forward passes as possible.

Equal rows run once; a row that is the beginning of another runs inside it, since a causal model gives it the same
logits there; rows with a common beginning go on from its cache where that is worth it; everything else comes in
right-padded batches. Only the asked positions are projected to the vocabulary.
"""

from collections.abc import Generator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, chain

import torch
from jaxtyping import Float, Int
from torch import Tensor
from transformers import DynamicCache, PreTrainedModel

from mesolens.model.batches import Ids, pack
from mesolens.model.cache import copied, remember, shares_prefixes
from mesolens.model.heads import Places, head_of, logits_at
from mesolens.model.loaded import LoadedModel
from mesolens.model.prefix import Sharing, sharings
from mesolens.model.taps import Action, Point, tapped

HELD = 8
"""A token in a cache counts as an eighth of one that is computed, against `batch_tokens`."""
MANY = 64
"""Rows for which trying costs next to nothing."""


@dataclass(frozen=True, slots=True)
class Ask:
    """A row and the positions (ascending) whose next-token logits are wanted."""

    ids: Ids
    positions: tuple[int, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """What one forward pass gave.

    Attributes:
        logits: at every position that was asked for, each once.
        asks: which asks these answer, each with the places of its positions in `logits`, in their order.
    """

    logits: Float[Tensor, "N V"]
    asks: tuple[tuple[int, list[int]], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Pass:
    """Some rows that run together.

    Attributes:
        rows: which of the given rows these are.
        ids: what is fed, padded on the right.
        start: how many of each row's tokens come before and are in the cache.
        cache: what the rows go on from, for this pass alone; None where they begin.
    """

    rows: tuple[int, ...]
    ids: Int[Tensor, "B T"]
    start: int
    cache: DynamicCache | None

    @property
    def options(self) -> dict[str, object]:
        """What the model's forward is given besides the tokens."""
        return {"use_cache": False} if self.cache is None else {"use_cache": True, "past_key_values": self.cache}


@torch.no_grad()
def answers(
    model: LoadedModel,
    asks: Sequence[Ask],
    *,
    batch_tokens: int,
    taps: Mapping[Point, Action] | None = None,
) -> Generator[Answers]:
    """The logits that each ask wants, in the order in which passes finish; each ask once.

    With `taps` every row is run whole and from its beginning, so that an action sees all positions of it.
    """
    hosts = _hosts(asks)
    guests = _guests(asks, hosts)
    free = [0 if taps else host.positions[0] for host in hosts]
    head = None if taps or not _worth_gathering(hosts) else head_of(model.module, model.anatomy, model.card.vocabulary)
    with tapped(model.module, taps or {}):
        for each in passes([host.ids for host in hosts], free, model, batch_tokens):
            counts = [len(hosts[row].positions) for row in each.rows]
            positions = chain.from_iterable(hosts[row].positions for row in each.rows)
            rows = torch.arange(len(counts)).repeat_interleave(torch.tensor(counts))
            places = Places(rows, torch.tensor(list(positions)) - each.start)
            logits = logits_at(model.module, each.ids, places, head, **each.options)
            told = zip(each.rows, accumulate(counts[:-1], initial=0), strict=True)
            found = ((ask, [first + place for place in local]) for row, first in told for ask, local in guests[row])
            yield Answers(logits, tuple(found))


@torch.no_grad()
def passes(rows: Sequence[Ids], free: Sequence[int], model: LoadedModel, batch_tokens: int) -> Generator[Pass]:
    """Every row in one pass; what it shares with others is run before, once, and at most its first `free` tokens.

    A pass must be run before the next is asked for. Nothing may be asked of a row's first `free` tokens.
    """
    plan = sharings([ids[:count] for ids, count in zip(rows, free, strict=True)])
    if any(each.length for each in plan) and not shares_prefixes(model.module, model.card.vocabulary):
        plan = [Sharing(0, tuple(range(len(rows))))]
    for sharing in plan:
        for some in _side_by_side(rows, sharing, batch_tokens):
            yield from _of_sharing(model.module, some, rows, batch_tokens)


def _side_by_side(rows: Sequence[Ids], sharing: Sharing, batch_tokens: int) -> Generator[Sharing]:
    """The rows in parts whose different prefixes fit in one pass."""
    if not sharing.length:
        yield sharing
        return
    owned: dict[Ids, list[int]] = {}
    for row in sharing.rows:
        owned.setdefault(rows[row][: sharing.length], []).append(row)
    fits, parts = max(1, batch_tokens // sharing.length), list(owned.values())
    for first in range(0, len(parts), fits):
        yield Sharing(sharing.length, tuple(chain.from_iterable(parts[first : first + fits])))


def _of_sharing(module: PreTrainedModel, sharing: Sharing, rows: Sequence[Ids], batch_tokens: int) -> Generator[Pass]:
    start = sharing.length
    number: dict[Ids, int] = {}
    owners = [number.setdefault(rows[row][:start], len(number)) for row in sharing.rows]
    cache = remember(module, list(number)) if start else None
    for batch in pack([rows[row][start:] for row in sharing.rows], batch_tokens, beside=start // HELD):
        own = None if cache is None else copied(cache, [owners[row] for row in batch.rows])
        yield Pass(tuple(sharing.rows[row] for row in batch.rows), batch.ids.to(module.device), start, own)


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


def _worth_gathering(hosts: Sequence[_Host]) -> bool:
    """Whether many rows are projected, or many positions that nobody asked for: trying to gather costs two passes."""
    wanted = {position for host in hosts for position in host.positions}
    return len(hosts) > MANY or len(wanted) * len(hosts) > 2 * sum(len(host.positions) for host in hosts)
