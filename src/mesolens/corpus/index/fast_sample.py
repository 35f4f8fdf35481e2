"""Where in a shard's sample n-grams begin and end, compiled: in their order, so that each goes on from the last.

Every 16th pair of the sample stands in a *top*, small enough for the cache, and a table of the first bits says where to
begin in it. What the top says of a group of n-grams is fetched for all of them before any is looked for in it.
"""

from typing import NamedTuple
from weakref import WeakKeyDictionary

import numpy as np
from jaxtyping import UInt32

from mesolens.corpus.index.compiled import Number, compiled, inlined
from mesolens.corpus.index.fast_narrow import ONE, ZERO, Rows
from mesolens.corpus.index.search import Ranks, Words
from mesolens.corpus.index.shard import STRIDE, Shard

_NEAR, _EVERY, _GROUP = np.uint64(12), np.uint64(16), 256


class Sample(NamedTuple):
    """The words that a search begins in.

    Attributes:
        firsts: first words of the sample.
        seconds: second words of the sample.
        top_firsts: every 16th of the first words.
        top_seconds: every 16th of the second words.
        jumps: for each beginning of 16 bits, or fewer where the top is small, where in it such words begin; its end.
    """

    firsts: Words
    seconds: Words
    top_firsts: Words
    top_seconds: Words
    jumps: UInt32[np.ndarray, " J"]


_known: "WeakKeyDictionary[Shard, Sample]" = WeakKeyDictionary()


def sample(shard: Shard) -> Sample:
    """The sample of a shard with its top, which is made once."""
    if shard not in _known:
        firsts, seconds = shard.firsts, shard.sample[len(shard.firsts) :]
        top = np.ascontiguousarray(firsts[:: int(_EVERY)])
        bits = min(16, max(1, len(top).bit_length()))
        begins = np.arange(1 << bits, dtype=np.uint64) << np.uint64(64 - bits)
        jumps = np.append(np.searchsorted(top, begins), len(top)).astype(np.uint32)
        _known[shard] = Sample(firsts, seconds, top, np.ascontiguousarray(seconds[:: int(_EVERY)]), jumps)
    return _known[shard]


@inlined
def _before(firsts: Words, seconds: Words, at: Number, bounds: Rows, masks: Rows, q: Number, upto: Number) -> Number:
    """Whether a pair of words is before an n-gram's first two, or with `upto` not beyond them."""
    first, second = firsts[at] & masks[q, ZERO], seconds[at] & masks[q, ONE]
    same = np.uint64(first == bounds[q, ZERO])
    return np.uint64(first < bounds[q, ZERO]) | (same & np.uint64(second < bounds[q, ONE] + upto))


@inlined
def _further(
    firsts: Words, seconds: Words, start: Number, end: Number, bounds: Rows, masks: Rows, q: Number, upto: Number
) -> Number:
    """From `start` on the first pair that is not before the n-gram: one by one while it is near, then by halves."""
    stop, near = min(start + _NEAR, end), True
    while start < stop:
        if _before(firsts, seconds, start, bounds, masks, q, upto):
            start += ONE
        else:
            stop, near = start, False
    size = end - start if near and start < end else ZERO
    while size:
        half = size >> ONE
        before = _before(firsts, seconds, start + half, bounds, masks, q, upto)
        start += before * (half + ONE)
        size = size - half - ONE if before else half
    return start


@inlined
def _in_top(
    top: Sample, first: int, last: int, after: Number, bounds: Rows, masks: Rows, lows: Words, highs: Words
) -> Number:
    """For each n-gram of a group how many of the top are before it, and how many not beyond it; gives the last one."""
    shift, entries = np.uint64(64), len(top.jumps) - 1
    while entries > 1:
        entries, shift = entries >> 1, shift - ONE
    for q in range(np.uint64(first), np.uint64(last)):
        begin, end = bounds[q, ZERO] >> shift, (bounds[q, ZERO] | ~masks[q, ZERO]) >> shift
        low, high, most = (
            np.uint64(top.jumps[begin]),
            np.uint64(top.jumps[begin + ONE]),
            np.uint64(top.jumps[end + ONE]),
        )
        after = _further(top.top_firsts, top.top_seconds, max(after, low), high, bounds, masks, q, ZERO)
        lows[q - np.uint64(first)] = after
        highs[q - np.uint64(first)] = _further(top.top_firsts, top.top_seconds, after, most, bounds, masks, q, ONE)
    return after


@inlined
def _fetch(words: Words, entries: Words, many: int) -> Number:
    """Look at what stands before each of these entries of the top, for one while the memory brings another."""
    seen, end = ZERO, np.uint64(len(words) - 1)
    for i in range(many):
        at = entries[i] * _EVERY
        seen ^= words[min(at, end)] ^ words[min(at - min(at, _EVERY >> ONE), end)]
    return seen


@compiled
def between(
    sample: Sample, whole: int, bounds: Rows, masks: Rows, begin: Ranks, until: Ranks, upper: Ranks, end: Ranks
) -> Number:
    """Between which ranks the borders of n-grams lie, as `narrow` is told; they ascend, of two words or more each.

    What it returns is of no use, but that looks at memory are not left out as of none.
    """
    after, seen, firsts, seconds = ZERO, ZERO, sample.firsts, sample.seconds
    lows, highs = np.empty((2, _GROUP), np.uint64)
    count, back = np.uint64(len(firsts)), _EVERY - ONE
    for first in range(0, len(begin), _GROUP):
        many = min(_GROUP, len(begin) - first)
        after = _in_top(sample, first, first + many, after, bounds, masks, lows, highs)
        for words in (firsts, seconds):
            seen ^= _fetch(words, lows, many) ^ _fetch(words, highs, many)
        for i in range(np.uint64(many)):
            q, low, high = np.uint64(first) + i, lows[i] * _EVERY, highs[i] * _EVERY
            low = _further(firsts, seconds, low - min(low, back), min(low, count), bounds, masks, q, ZERO)
            start = max(low, high - min(high, back))
            high = _further(firsts, seconds, start, min(high, count), bounds, masks, q, ONE)
            begin[q], end[q] = max(np.int64(low) * STRIDE - STRIDE + 1, 0), min(np.int64(high) * STRIDE, whole)
            apart = low < high and (bounds.shape[1] == 2 or masks[q, np.uint64(2)] == ZERO)
            until[q] = np.int64(low) * STRIDE if apart else end[q]
            upper[q] = np.int64(high) * STRIDE - STRIDE + 1 if apart else -1
    return seen
