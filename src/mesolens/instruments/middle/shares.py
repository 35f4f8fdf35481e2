"""From a batch's ledger to shares by item: every leaf, and the source tokens of the leaves that are opened."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from mesolens.instruments.middle.gates import Gate
from mesolens.instruments.middle.ledger import Ledger, numpy64, reads_own_position


@dataclass(frozen=True, slots=True)
class TokenShare:
    """One leaf's share through one source token; `site` counts leaves over all gates."""

    site: int
    token: int
    from_reference: bool
    share: float


@dataclass(frozen=True, slots=True)
class ItemShares:
    """What one contrast's passes gave.

    Attributes:
        clean, reference: the readout at both ends, in nats.
        leaves: one share for each leaf of each gate, in gate order.
        tokens: the split of the opened leaves.
        source_gap: worst disagreement between a head's share and the sum over its source tokens, in nats.
        steps: quadrature nodes used.
        closes: whether the total came within the tolerance of Δ.
    """

    clean: float
    reference: float
    leaves: Float[np.ndarray, " N"]
    tokens: tuple[TokenShare, ...]
    source_gap: float
    steps: int
    closes: bool = False

    @property
    def delta(self) -> float:
        """Δ: the readout at the clean end less that at the reference end."""
        return self.clean - self.reference

    @property
    def total(self) -> float:
        """The sum of all leaves' shares."""
        return float(self.leaves.sum())


@dataclass(frozen=True, slots=True)
class _Part:
    """One gate's shares by item: leaves [I, N], and by source token [I, T, N] where the leaves can be split."""

    leaves: Float[np.ndarray, "I N"]
    clean: Float[np.ndarray, "I T N"] | None
    other: Float[np.ndarray, "I S N"] | None
    gap: Float[np.ndarray, " I"]


def items_of(
    ledger: Ledger,
    ends: tuple[Float[np.ndarray, " B"], Float[np.ndarray, " B"]],
    steps: int,
    open_neurons: int,
) -> Iterator[tuple[int, ItemShares]]:
    """Each item of the ledger's batch with its shares; an item's rows are added up."""
    batch = ledger.batch
    names, place = np.unique([row.item for row in batch.rows], return_inverse=True)
    parts = [_part(ledger, gate, place, len(names)) for gate in ledger.gates]
    clean, reference = (_by_item(end, place, len(names)) for end in ends)
    opened = open_neurons if ledger.tokens else 0
    for i, name in enumerate(names):
        yield (
            int(name),
            ItemShares(
                clean=float(clean[i]),
                reference=float(reference[i]),
                leaves=np.concatenate([part.leaves[i] for part in parts]),
                tokens=tuple(_tokens(parts, i, opened)) if ledger.tokens else (),
                source_gap=max(float(part.gap[i]) for part in parts),
                steps=steps,
            ),
        )


def _part(ledger: Ledger, gate: Gate, place: Int[np.ndarray, " B"], items: int) -> _Part:
    by_position = _by_item(numpy64(ledger.by_position(gate)), place, items)
    leaves = by_position.sum(1)
    none = np.zeros(items)
    split = ledger.by_source(gate)
    if split is not None:
        clean, other = (_by_item(numpy64(side), place, items) for side in split)
        through = clean.sum(1) + other.sum(1)
        return _Part(through, clean, other, np.abs(through - leaves).max(1))
    return _Part(leaves, by_position if reads_own_position(gate) else None, None, none)


def _by_item(values: np.ndarray, place: Int[np.ndarray, " B"], items: int) -> np.ndarray:
    total = np.zeros((items, *values.shape[1:]))
    np.add.at(total, place, values)
    return total


def _tokens(parts: Sequence[_Part], item: int, opened: int) -> Iterator[TokenShare]:
    first = 0
    for part in parts:
        count = part.leaves.shape[1]
        picks = np.arange(count) if part.other is not None else np.argsort(-np.abs(part.leaves[item]))[:opened]
        for side, from_reference in ((part.clean, False), (part.other, True)):
            if side is not None:
                for leaf in np.sort(picks):
                    for token in np.flatnonzero(side[item, :, leaf]):
                        yield TokenShare(first + int(leaf), int(token), from_reference, float(side[item, token, leaf]))
        first += count
