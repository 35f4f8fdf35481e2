"""Rows as tensors: right-padded ids for both ends, which positions are gated, and where the readout is taken.

No attention mask is passed: under causal attention what stands to the right cannot change a position.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from mesolens.instruments.middle.rows import Row
from mesolens.traits.contrasts import Ids


@dataclass(frozen=True, slots=True)
class Reads:
    """The terms of a batch's readout, R of them, at P distinct positions of one end.

    Attributes:
        positions: the positions at which logits are needed.
        row, place, token, sign: for each term its row, its index into `positions`, its token and its sign.
    """

    positions: Int[Tensor, " P"]
    row: Int[Tensor, " R"]
    place: Int[Tensor, " R"]
    token: Int[Tensor, " R"]
    sign: Float[Tensor, " R"]


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows that are computed together.

    Attributes:
        rows: B of them, either all aligned or all of other length.
        clean, reference: token ids.
        clean_reads, reference_reads: the same terms, at each end's own positions.
        gated: which clean positions are gated; None when all are.
        twin: for each clean position the reference position that stands for it; None when they are the same.
    """

    rows: tuple[Row, ...]
    clean: Int[Tensor, "B T"]
    reference: Int[Tensor, "B S"]
    clean_reads: Reads
    reference_reads: Reads
    gated: Bool[Tensor, "B T"] | None
    twin: Int[Tensor, "B T"] | None


def batches_of(rows: Sequence[Row], most_tokens: int, device: str) -> list[Batch]:
    """Batches of at most `most_tokens` padded tokens, by kind of alignment and length; an item's rows stay together."""
    items: dict[int, list[Row]] = {}
    for row in rows:
        items.setdefault(row.item, []).append(row)
    order = sorted(
        items.values(), key=lambda pair: (pair[0].aligned, max(len(row.clean) for row in pair), pair[0].item)
    )
    groups: list[list[Row]] = []
    for pair in order:
        joined = [*groups[-1], *pair] if groups else pair
        longest = max(max(len(row.clean), len(row.reference)) for row in joined)
        if groups and joined[0].aligned == pair[0].aligned and longest * len(joined) <= most_tokens:
            groups[-1] = joined
        else:
            groups.append(list(pair))
    return [_batch(tuple(group), device) for group in groups]


def _batch(rows: tuple[Row, ...], device: str) -> Batch:
    clean, reference = _padded([row.clean for row in rows], device), _padded([row.reference for row in rows], device)
    lengths = [(len(row.clean), len(row.reference)) for row in rows]
    gated = twin = None
    if not rows[0].aligned:
        place = torch.arange(clean.shape[1], device=device)
        ends = torch.tensor([one for one, _ in lengths], device=device)[:, None]
        first = ends - torch.tensor([row.gated for row in rows], device=device)[:, None]
        gated = (place >= first) & (place < ends)
        shift = torch.tensor([other - one for one, other in lengths], device=device)[:, None]
        twin = torch.where(gated, place + shift, 0)
    return Batch(
        rows,
        clean,
        reference,
        _reads(rows, [one for one, _ in lengths], device),
        _reads(rows, [other for _, other in lengths], device),
        gated,
        twin,
    )


def _padded(ids: Sequence[Ids], device: str) -> Int[Tensor, "B T"]:
    longest = max(len(row) for row in ids)
    return torch.tensor([[*row, *([0] * (longest - len(row)))] for row in ids], device=device)


def _reads(rows: Sequence[Row], lengths: Sequence[int], device: str) -> Reads:
    terms = [
        (place, length + read.offset, read.token, read.sign)
        for place, (row, length) in enumerate(zip(rows, lengths, strict=True))
        for read in row.reads
    ]
    positions = sorted({position for _, position, _, _ in terms})
    return Reads(
        torch.tensor(positions, device=device),
        torch.tensor([row for row, _, _, _ in terms], device=device),
        torch.tensor([positions.index(position) for _, position, _, _ in terms], device=device),
        torch.tensor([token for _, _, token, _ in terms], device=device),
        torch.tensor([sign for _, _, _, sign in terms], device=device, dtype=torch.float64),
    )
