"""How common a message is, as far as counting can tell: the part of its n-grams that a corpus holds.

A corpus is kept as a sorted set of 64-bit hashes, 8 bytes for each different n-gram. An n-gram that it does not hold is
taken for one that it does with a chance of N / 2⁶⁴ for N n-grams, 5e-11 for a thousand million of them. The hash
chains the finaliser of SplitMix64 (Steele, Lea and Flood, *Fast splittable pseudorandom number generators*, OOPSLA
2014) over the tokens.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Integer, UInt64

from mesolens.errors import BadInput

Tokens = Sequence[int] | Integer[np.ndarray, " T"]

_BATCH = 1 << 22
_STEP = 0x9E3779B97F4A7C15
_FIRST, _SECOND = 0xBF58476D1CE4E5B9, 0x94D049BB133111EB


@dataclass(frozen=True, slots=True)
class NGrams:
    """The different n-grams of a corpus.

    Attributes:
        n: tokens in each.
        hashes: one for each, ascending.
    """

    n: int
    hashes: UInt64[np.ndarray, " N"]

    @classmethod
    def from_sequences(cls, sequences: Iterable[Tokens], n: int = 3) -> "NGrams":
        """The n-grams inside the sequences; none reaches from one sequence into the next.

        The sequences are read one at a time, and beside the hashes that are kept at most as many others wait, or four
        million.

        Raises:
            BadInput: n is below 1, or a token is negative.
        """
        if n < 1:
            raise BadInput(f"there are no n-grams of {n} tokens; n must be 1 or more")
        kept, waiting, count = np.zeros(0, np.uint64), list[UInt64[np.ndarray, " M"]](), 0
        for sequence in sequences:
            waiting.append(hashed(sequence, n))
            count += len(waiting[-1])
            if count > max(_BATCH, len(kept)):
                kept, waiting, count = _distinct([kept, *waiting]), [], 0
        return cls(n, _distinct([kept, *waiting]))


def coverage(tokens: Tokens, index: NGrams) -> float | None:
    """The part of the sequence's n-grams that the corpus holds; None when it is too short to have one.

    >>> index = NGrams.from_sequences([[1, 2, 3, 4]])
    >>> coverage([2, 3, 4, 9], index), coverage([2, 3], index)
    (0.5, None)

    Raises:
        BadInput: a token is negative.
    """
    wanted = hashed(tokens, index.n)
    if not len(wanted):
        return None
    if not len(index.hashes):
        return 0.0
    places = np.searchsorted(index.hashes, wanted).clip(max=len(index.hashes) - 1)
    return float((index.hashes[places] == wanted).mean())


def hashed(tokens: Tokens, n: int) -> UInt64[np.ndarray, " M"]:
    """A hash for each of the sequence's n-grams, in order."""
    ids = np.asarray(tokens, dtype=np.int64)
    if ids.size and ids.min() < 0:
        raise BadInput(f"token {ids.min()} is negative, and no vocabulary has such a one")
    count = max(0, len(ids) - n + 1)
    mixed = np.full(count, n, np.uint64)
    for place in range(n):
        mixed = _mix(mixed ^ ids[place : place + count].astype(np.uint64))
    return mixed


def _distinct(parts: Sequence[UInt64[np.ndarray, " _"]]) -> UInt64[np.ndarray, " N"]:
    # `np.unique` of numpy 2.4 takes seventeen times as long on hashes that are nearly all different.
    hashes = np.sort(np.concatenate(parts))
    return hashes[np.diff(hashes, prepend=~hashes[:1]) != 0]


def _mix(value: UInt64[np.ndarray, " M"]) -> UInt64[np.ndarray, " M"]:
    value = value + np.uint64(_STEP)
    value = (value ^ (value >> np.uint64(30))) * np.uint64(_FIRST)
    value = (value ^ (value >> np.uint64(27))) * np.uint64(_SECOND)
    return value ^ (value >> np.uint64(31))
