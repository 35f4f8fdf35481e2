"""From a batch's ledger to shares by item: every leaf, and the source tokens of the leaves that are opened."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from mesolens.instruments.middle.gates import Gate
from mesolens.instruments.middle.ledger import Ledger, numpy64, reads_own_position
from mesolens.model.sites import UNEMBED


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
        direct: the part of each leaf's share that goes straight to the final norm; None where it was not measured.
    """

    clean: float
    reference: float
    leaves: Float[np.ndarray, " N"]
    tokens: tuple[TokenShare, ...]
    source_gap: float
    steps: int
    closes: bool = False
    direct: Float[np.ndarray, " N"] | None = None

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
    """One gate's shares by item, and by source token where the cells were read: clean [I, T, N], other [I, S, N]."""

    gate: Gate
    leaves: Float[np.ndarray, "I N"]
    direct: Float[np.ndarray, "I N"]
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
    names, place = np.unique([row.item for row in ledger.batch.rows], return_inverse=True)
    member = (np.arange(len(names))[:, None] == place).astype(np.float64)
    parts = [_part(ledger, gate, member) for gate in ledger.gates]
    clean, reference = (member @ end for end in ends)
    for i, name in enumerate(names):
        rows = np.flatnonzero(member[i])
        yield (
            int(name),
            ItemShares(
                clean=float(clean[i]),
                reference=float(reference[i]),
                leaves=np.concatenate([part.leaves[i] for part in parts]),
                tokens=tuple(_tokens(ledger, parts, i, rows, open_neurons)) if ledger.tokens else (),
                source_gap=max(float(part.gap[i]) for part in parts),
                steps=steps,
                direct=np.concatenate([part.direct[i] for part in parts]),
            ),
        )


def _part(ledger: Ledger, gate: Gate, member: Float[np.ndarray, "I B"]) -> _Part:
    leaves = member @ numpy64(ledger.by_row(gate))
    # Nothing comes between the way to the logits and the readout.
    direct = leaves if gate.site == UNEMBED else member @ numpy64(ledger.direct.shares[gate.site])
    split = ledger.by_source(gate)
    if split is None:
        return _Part(gate, leaves, direct, None, None, np.zeros(len(member)))
    clean, other = (np.tensordot(member, numpy64(side), 1) for side in split)
    through = clean.sum(1) + other.sum(1)
    return _Part(gate, through, direct, clean, other, np.abs(through - leaves).max(1))


def _tokens(
    ledger: Ledger, parts: Sequence[_Part], item: int, rows: Int[np.ndarray, " R"], opened: int
) -> Iterator[TokenShare]:
    first = 0
    for part in parts:
        if part.clean is not None and part.other is not None:
            every = np.arange(part.gate.count)
            yield from _nonzero(first, every, part.clean[item], from_reference=False)
            yield from _nonzero(first, every, part.other[item], from_reference=True)
        elif reads_own_position(part.gate):
            picks = np.sort(np.argsort(-np.abs(part.leaves[item]))[:opened])
            yield from _nonzero(first, picks, ledger.by_position(part.gate, rows, picks), from_reference=False)
        first += part.gate.count


def _nonzero(
    first: int, leaves: Int[np.ndarray, " n"], shares_Tn: Float[np.ndarray, "T n"], *, from_reference: bool
) -> Iterator[TokenShare]:
    for column, leaf in enumerate(leaves):
        for token in np.flatnonzero(shares_Tn[:, column]):
            yield TokenShare(first + int(leaf), int(token), from_reference, float(shares_Tn[token, column]))
