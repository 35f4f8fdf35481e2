"""The order of all suffixes of a shard: what a suffix array lists.

Suffixes are compared as their raw little-endian bytes are, which is infini-gram's order: of two tokens the one whose
low byte is smaller comes first, a suffix that ends comes before its continuations, and the separator, all of whose
bits are set, comes last. Queries hold no separator, so no n-gram is ever found across the end of a document.

Three steps. The first 16 bits of each suffix's packed first tokens are counted into buckets (a radix sort). Buckets
are sorted by the rest of the packed tokens. What is still tied is told apart by prefix doubling (Manber and Myers,
*Suffix arrays*, SIAM J. Comput. 1993): a suffix known to depth h is followed by one known to depth h, so two ranks
give depth 2h. Ranks are made finer in place, as Larsson and Sadakane (*Faster suffix sorting*, TCS 2007) show that
they may. Every sort is of one number that holds group, key and place, over a block small enough for the cache.
"""

from collections.abc import Callable, Iterator

import numpy as np
from jaxtyping import Integer

Indices = Integer[np.ndarray, " _"]
Progress = Callable[[float], None]
"""Called with the part that is done, from 0 to 1."""

_BLOCK, _PIECE = 1 << 13, 1 << 16
_DIGIT = 16
PACKED = 55
"""Bits of packed tokens: with 25 bits for a place in the largest bucket and without the 16 of the digit they fit 64."""


def suffix_array(text: Indices, progress: Progress = lambda part: None) -> Indices:
    """The places of the text's suffixes in their order.

    Args:
        text: tokens as a shard holds them, uint16 or uint32, the separator before each document among them.
        progress: told the part that is done.

    Returns:
        Token positions, uint32, or int64 for a text of 2³² tokens and more.

    >>> suffix_array(np.array([0xFFFF, 7, 256, 7], np.uint16)).tolist()
    [2, 3, 1, 0]
    """
    if len(text) < 2:
        return np.zeros(len(text), np.uint32)
    numbers, bits = in_byte_order(text)
    depth = max(1, PACKED // bits)
    order, rank, tied = _by_packed(_packed(numbers[np.minimum(text, len(numbers) - 1)], bits, depth), bits * depth)
    whole = len(text)
    while len(tied):
        progress(1 - len(tied) / whole * 0.75)
        tied = _doubled(order, rank, tied, depth)
        depth *= 2
    progress(1.0)
    return order


def in_byte_order(text: Indices) -> tuple[Indices, int]:
    """Numbers from 1 that compare as the tokens' bytes do, and the bits of the largest.

    The number of token t is at place t, and the separator's at the last place. Only tokens that occur take a number, so
    a small vocabulary takes few bits.
    """
    separator = np.iinfo(text.dtype).max
    there = np.zeros((1 << 16) if text.itemsize == 2 else _largest(text, separator) + 2, bool)
    for first in range(0, len(text), _PIECE):
        there[np.minimum(text[first : first + _PIECE], len(there) - 1)] = True
    here = np.flatnonzero(there)
    values = np.where(here == len(there) - 1, separator, here).astype(text.dtype)
    numbers = np.zeros(len(there), np.uint16 if len(here) < (1 << 16) else np.uint32)
    numbers[here[np.argsort(values.byteswap())]] = np.arange(1, len(here) + 1)
    return numbers, len(here).bit_length()


def _largest(text: Indices, separator: int) -> int:
    pieces = (text[first : first + _PIECE] for first in range(0, len(text), _PIECE))
    return max(int(np.where(piece == separator, 0, piece).max()) for piece in pieces)


def _packed(codes: Indices, bits: int, depth: int) -> Indices:
    """For each suffix its first tokens in one number, zeros beyond the end."""
    words = codes.astype(np.uint64)
    for ahead in range(1, depth):
        words <<= np.uint64(bits)
        words[: max(0, len(codes) - ahead)] |= codes[ahead:]
    return words


def _by_packed(words: Indices, width: int) -> tuple[Indices, Indices, Indices]:
    """Order and ranks by the packed tokens, and the places that share theirs with another."""
    low = max(width - _DIGIT, 0)
    digits = (words >> np.uint64(low)).astype(np.uint16)
    narrow = np.uint32 if len(words) < (1 << 32) else np.int64
    order = np.argsort(digits, kind="stable").astype(narrow)
    starts = np.concatenate([[0], np.cumsum(np.bincount(digits, minlength=1 << _DIGIT))])
    del digits
    rank, tied = np.zeros(len(words) + 1, narrow), list[Indices]()
    for first, last in _blocks(starts[np.concatenate([[True], np.diff(starts) > 0])]):
        places = order[first:last]
        keys = words[places]
        keys -= keys.min()
        by, keys = _sorted(keys)
        order[first:last] = places[by]
        tied.append(_ranked(order, rank, np.arange(first, last), keys))
    return order, rank, np.concatenate(tied)


def _doubled(order: Indices, rank: Indices, tied: Indices, depth: int) -> Indices:
    """Tell tied places apart by the rank of what follows `depth` tokens later; gives those that are tied still."""
    groups = rank[order[tied]]
    fresh = np.flatnonzero(np.concatenate([[True], groups[1:] != groups[:-1], [True]]))
    number = np.zeros(len(tied), np.int64)
    number[fresh[1:-1]] = 1
    number = np.cumsum(number)
    left, bits = list[Indices](), np.uint64(len(rank).bit_length())
    for first, last in _blocks(fresh):
        places = tied[first:last]
        suffixes = order[places]
        keys = (number[first:last] - number[first]).astype(np.uint64) << bits
        keys |= rank[suffixes + np.asarray(depth, suffixes.dtype)].astype(np.uint64)
        by, keys = _sorted(keys)
        order[places] = suffixes[by]
        left.append(_ranked(order, rank, places, keys))
    return np.concatenate(left)


def _sorted(keys: Indices) -> tuple[Indices, Indices]:
    """The stable order of the keys, and the keys in it."""
    bits = np.uint64(len(keys).bit_length())
    if int(keys.max()) >> (64 - int(bits)):
        by = np.argsort(keys, kind="stable")
        return by, keys[by]
    joined = (keys << bits) | np.arange(len(keys), dtype=np.uint64)
    joined.sort()
    return (joined & ((np.uint64(1) << bits) - np.uint64(1))).astype(np.intp), joined >> bits


def _ranked(order: Indices, rank: Indices, places: Indices, keys: Indices) -> Indices:
    """Rank the suffixes at `places`, whose keys ascend, by the first place with that key; gives the tied ones."""
    fresh = np.concatenate([[True], keys[1:] != keys[:-1], [True]])
    starts = np.maximum.accumulate(np.where(fresh[:-1], places, 0))
    rank[order[places]] = starts + 1
    return places[~(fresh[:-1] & fresh[1:])]


def _blocks(starts: Indices) -> Iterator[tuple[int, int]]:
    """Stretches of whole groups, of one group or up to some thousand members; the last start is the end."""
    first = 0
    while first < len(starts) - 1:
        last = int(np.searchsorted(starts, starts[first] + _BLOCK, side="right")) - 1
        last = max(first + 1, last)
        yield int(starts[first]), int(starts[last])
        first = last
