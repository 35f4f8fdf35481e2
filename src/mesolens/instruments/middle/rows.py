"""From a contrast to the forward passes that read it.

The readout is Σ log p(target tokens) − Σ log p(foil tokens). Tokens that both begin with cancel, and by causality a
token that directly follows the prompt can be read from any row with that prompt; so one row serves the target, another
the foil, and only one is needed when one of them has a single token left to read.

Clean and reference rows end in the same continuation, so positions count from the end. Prompts of one length are
aligned: every position is gated. Prompts of other lengths share only the reply: from the last prompt token, which
writes the first reply token, to the end.
"""

from dataclasses import dataclass

from mesolens.traits.contrasts import Ids
from mesolens.traits.encode import EncodedContrast


@dataclass(frozen=True, slots=True)
class Read:
    """One term of the readout: `sign` · log p(token) at a position counted from the row's end (−1 is the last)."""

    offset: int
    token: int
    sign: float


@dataclass(frozen=True, slots=True)
class Row:
    """One pair of forward passes.

    Attributes:
        item: the contrast to which the row's shares are added.
        clean, reference: prompt and continuation as fed; `reference` equals `clean` when a model is the reference.
        gated: how many last positions are gated.
        reads: the terms of the readout that this row carries.
    """

    item: int
    clean: Ids
    reference: Ids
    gated: int
    reads: tuple[Read, ...]

    @property
    def aligned(self) -> bool:
        """Whether every position is gated."""
        return self.gated == len(self.clean) == len(self.reference)


def rows_of(item: int, contrast: EncodedContrast) -> list[Row]:
    """The one or two rows that carry a contrast's whole readout."""
    target, foil = contrast.target, contrast.foil
    shared = _common(target, foil)
    sides = [(side, sign) for side, sign in ((target, 1.0), (foil, -1.0)) if len(side) > shared]
    lone = [(side, sign) for side, sign in sides if len(side) == shared + 1]
    hosts = [pair for pair in sides if pair not in lone] or lone[:1]
    guests = [pair for pair in lone if pair not in hosts]
    rows: list[Row] = []
    for side, sign in hosts:
        reads = [Read(place - len(side), side[place], sign) for place in range(shared, len(side))]
        reads += [Read(shared - len(side), guest[shared], mark) for guest, mark in guests]
        guests = []
        rows.append(_row(item, contrast, side[:-1], tuple(reads)))
    return rows


def _row(item: int, contrast: EncodedContrast, fed: Ids, reads: tuple[Read, ...]) -> Row:
    clean = contrast.clean + fed
    reference = clean if contrast.reference is None else contrast.reference + fed
    gated = len(clean) if len(clean) == len(reference) else len(fed) + 1
    return Row(item, clean, reference, gated, reads)


def _common(one: Ids, other: Ids) -> int:
    same = 0
    while same < min(len(one), len(other)) and one[same] == other[same]:
        same += 1
    return same
