"""Narrowing stretches of suffixes to those that begin with an n-gram, compiled: many searches in step.

What limits a search is waiting for memory, and then branches that cannot be foretold. So searches go in groups: each
looks at the table before any looks at the text, and each at the text before any compares, and comparing branches on
nothing. The two borders of a range are one search until it meets a suffix that begins with the n-gram; from there the
lower border goes on before it and the upper one behind it, so what does not occur is looked for once.

An n-gram is given as words of eight bytes, most significant first, and for each a mask of the bits that count. Indices
are unsigned: for signed ones numba also asks whether they count from the end.
"""

import numpy as np
from jaxtyping import UInt64

from mesolens.corpus.index.compiled import Number, compiled, inlined
from mesolens.corpus.index.search import Ranks, Words
from mesolens.corpus.index.shard import WORD

Rows = UInt64[np.ndarray, "Q P"]
GROUP, AT_ONCE = 256, 3
"""Searches in step, and words of a suffix that are fetched before comparing."""
ALL = np.uint64(0xFFFF_FFFF_FFFF_FFFF)
ZERO, ONE, BYTE = np.uint64(0), np.uint64(1), np.uint64(8)
_EVEN, _PAIRS = np.uint64(0x00FF_00FF_00FF_00FF), np.uint64(0x0000_FFFF_0000_FFFF)


@inlined
def swapped(word: Number) -> Number:
    """A word with its bytes in the other order."""
    word = ((word & _EVEN) << BYTE) | ((word >> BYTE) & _EVEN)
    word = ((word & _PAIRS) << np.uint64(16)) | ((word >> np.uint64(16)) & _PAIRS)
    return (word << np.uint64(32)) | (word >> np.uint64(32))


@inlined
def word_in(raw: Number, place: Number, size: Number, last: Number) -> Number:
    """Eight bytes from a token on, most significant first, from those that lie there, or at `last` where less do.

    Beyond the end of the text stand zeros.
    """
    word = swapped(raw)
    if place > last:
        beyond = (place - last) * size
        word = (word << (BYTE * beyond)) if beyond < np.uint64(WORD) else ZERO
    return word


@inlined
def word_at(words: Words, size: Number, place: Number) -> Number:
    """Eight bytes from a token on, most significant first. All numbers are unsigned."""
    last = np.uint64(len(words) - 1)
    return word_in(words[min(place, last)], place, size, last)


@inlined
def place_in(raw: Number, rank: Number, width: Number, shift: Number, end: Number) -> Number:
    """Where, in tokens, the suffix of a rank begins, from the eight bytes that hold it; `end` is where the last are."""
    at = rank * width
    return ((raw >> (BYTE * (at - min(at, end)))) & (ALL >> (np.uint64(64) - BYTE * width))) >> shift


@inlined
def place_at(table: Words, width: Number, shift: Number, rank: Number) -> Number:
    """Where, in tokens, the suffix of that rank begins; the table is seen as eight bytes from each byte on."""
    end = np.uint64(len(table) - 1)
    return place_in(table[min(rank * width, end)], rank, width, shift, end)


@inlined
def _fetched(
    words: Words, size: int, table: Words, width: int, ahead: int, busy: Number, chosen: Words, low: Words, high: Words,
    middles: Words, places: Words, seen: Rows,
) -> None:  # fmt: skip
    """The middle of each chosen search, and the words that stand there."""
    shift, per, unit, each = np.uint64(size // 2), np.uint64(WORD // size), np.uint64(size), np.uint64(width)
    end, last = np.uint64(len(table) - 1), np.uint64(len(words) - 1)
    for i in range(busy):
        middles[i] = (low[chosen[i]] + high[chosen[i]]) >> ONE
        places[i] = table[min(middles[i] * each, end)]
    for i in range(busy):
        places[i] = place_in(places[i], middles[i], each, shift, end) + np.uint64(ahead)
    for part in range(np.uint64(len(seen))):
        for i in range(busy):
            seen[part, i] = words[min(places[i] + part * per, last)]
        for i in range(busy):
            seen[part, i] = word_in(seen[part, i], places[i] + part * per, unit, last)


@inlined
def _compared(
    words: Words,
    size: int,
    place: Number,
    seen: Rows,
    i: Number,
    parts: int,
    bounds: Rows,
    masks: Rows,
    q: Number,
) -> tuple[Number, Number]:
    """Whether a suffix is before the n-gram, and whether it begins with it: 1 or 0 each."""
    before, same, part = ZERO, ONE, np.uint64(len(seen))
    for near in range(part):
        word, bound = seen[near, i] & masks[q, near], bounds[q, near]
        before |= same & np.uint64(word < bound)
        same &= np.uint64(word == bound)
    while same and part < np.uint64(parts):
        word = word_at(words, np.uint64(size), place + part * np.uint64(WORD // size)) & masks[q, part]
        before, same = np.uint64(word < bounds[q, part]), np.uint64(word == bounds[q, part])
        part += ONE
    return before, same


@inlined
def _begun(
    first: int, many: Number, begin: Ranks, until: Ranks, upper: Ranks, end: Ranks, of: Words, low: Words, high: Words,
    kind: Words, chosen: Words,
) -> tuple[Number, Number]:  # fmt: skip
    """Fill the searches of a group; gives how many there are and how many of them have anything to look at."""
    some, busy = many, ZERO
    for i in range(many):
        q = np.uint64(first) + i
        apart = np.uint64(upper[q] >= 0)
        of[i], low[i], high[i], kind[i] = q, np.uint64(begin[q]), np.uint64(until[q]), (ONE - apart) << ONE
        of[some], low[some], high[some], kind[some] = q, np.uint64(upper[q]), np.uint64(end[q]), ONE
        some += apart
    for i in range(some):
        chosen[busy] = i
        busy += np.uint64(low[i] < high[i])
    return some, busy


@compiled
def narrow(
    words: Words, size: int, table: Words, width: int, ahead: int, parts: int, bounds: Rows, masks: Rows,
    begin: Ranks, until: Ranks, upper: Ranks, end: Ranks,
) -> None:  # fmt: skip
    """Move each `begin` and `end` to the ranks from which and up to which suffixes begin, `ahead` tokens on, so.

    An n-gram has at most so many `parts`, words of eight bytes. The lower border lies from `begin` to `until`, the
    upper one from `upper` to `end`; or both lie from `begin` to `until`, where `upper` is −1. A search is of kind 0,
    for a lower border, 1, for an upper one, or 2, for both.
    """
    of, low, high, kind, chosen = np.empty((5, 2 * GROUP + 1), np.uint64)
    fresh, middles, places = np.empty((3, 2 * GROUP + 1), np.uint64)
    seen = np.empty((min(AT_ONCE, parts), 2 * GROUP), np.uint64)
    for first in range(0, len(begin), GROUP):
        many = np.uint64(min(GROUP, len(begin) - first))
        some, busy = _begun(first, many, begin, until, upper, end, of, low, high, kind, chosen)
        while busy:
            _fetched(words, size, table, width, ahead, busy, chosen, low, high, middles, places, seen)
            left, new = ZERO, ZERO
            for i in range(busy):
                k, middle = chosen[i], middles[i]
                q, last = of[k], high[k]
                before, same = _compared(words, size, places[i], seen, i, parts, bounds, masks, q)
                # a search for both that meets the n-gram leaves the upper border to a search of its own
                of[some], low[some], high[some], kind[some], fresh[new] = q, middle + ONE, last, ONE, some
                born = same & (kind[k] >> ONE)
                some, kind[k] = some + born, kind[k] & ~(born << ONE)
                new += born & np.uint64(middle + ONE < last)
                before |= same & kind[k]
                low[k], high[k] = (middle + ONE, last) if before else (low[k], middle)
                chosen[left] = k
                left += np.uint64(low[k] < high[k])
            for i in range(new):
                chosen[left + i] = fresh[i]
            busy = left + new
        for k in range(many):
            begin[of[k]] = end[of[k]] = np.int64(low[k])
        for k in range(many, some):
            end[of[k]] = np.int64(low[k])
