"""Finding n-grams in a shard: many at once, in step, each step one look at the table and one at the text.

Eight bytes of an n-gram are looked for at a time: four tokens, or two of a large vocabulary. The sample says between
which 16 suffixes the first eight begin and end, so four steps of bisection find each border. Every further eight are
looked for among the suffixes that were found before. Eight bytes read as a number, most significant first, compare as
bytes do.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Int, Integer, UInt64

from mesolens.corpus.index.shard import STRIDE, Shard, places_at, words_at

Words = UInt64[np.ndarray, " _"]
Ranks = Int[np.ndarray, " _"]


@dataclass(frozen=True, slots=True)
class Ranges:
    """For each n-gram the ranks of the suffixes that begin with it: from `low` up to but without `high`."""

    low: Int[np.ndarray, "*Q"]
    high: Int[np.ndarray, "*Q"]

    @property
    def counts(self) -> Int[np.ndarray, "*Q"]:
        """How often each occurs."""
        return self.high - self.low

    def at(self, *chosen: Integer[np.ndarray, " P"] | int) -> "Ranges":
        """Some of them."""
        return Ranges(self.low[chosen], self.high[chosen])


def find(shard: Shard, ids_QT: Int[np.ndarray, "Q T"], lengths: Int[np.ndarray, " Q"]) -> Ranges:
    """The ranges of n-grams of any lengths from 1 on; row q holds its tokens first, and then anything."""
    size = shard.per_word
    least, most = packed(shard, ids_QT, lengths, 0)
    order = np.argsort(least)
    found = Ranges(np.zeros(len(order), np.int64), np.zeros(len(order), np.int64))
    least, most = least[order], most[order]
    here = first_word(shard, least, most)
    found.low[order], found.high[order] = here.low, here.high
    for depth in range(size, ids_QT.shape[1], size):
        order = order[(lengths[order] > depth) & (found.counts[order] > 0)]
        least, most = packed(shard, ids_QT[order], lengths[order], depth)
        here = next_word(shard, found.at(order), least, most, depth)
        found.low[order], found.high[order] = here.low, here.high
    without_end(shard, ids_QT, lengths, found)
    return found


def extensions(shard: Shard, text: Int[np.ndarray, " T"], longest: int) -> Ranges:
    """The ranges of all n-grams of a text of up to `longest` tokens: [s, n - 1] is that of text[s : s + n].

    Where n reaches beyond the end of the text the range is empty.
    """
    ids_TN = np.lib.stride_tricks.sliding_window_view(np.concatenate([text, np.zeros(longest, np.int64)]), longest)[:-1]
    found = Ranges(np.zeros(ids_TN.shape, np.int64), np.zeros(ids_TN.shape, np.int64))
    room, rows = len(text) - np.arange(len(text)), np.arange(len(text))
    for depth in range(0, longest, shard.per_word):
        lengths = np.arange(depth + 1, min(depth + shard.per_word, longest) + 1)
        which, length = (each.reshape(-1) for each in np.broadcast_arrays(rows[:, None], lengths))
        which, length = which[room[which] >= length], length[room[which] >= length]
        least, most = packed(shard, ids_TN[which], length, depth)
        if depth:
            here = next_word(shard, found.at(which, depth - 1), least, most, depth)
        else:
            here = first_word(shard, least, most)
        found.low[which, length - 1], found.high[which, length - 1] = here.low, here.high
        rows = rows[found.counts[rows, lengths[-1] - 1] > 0]
    without_ends(shard, text, found)
    return found


def counted(
    shard: Shard, text: Int[np.ndarray, " T"], longest: int
) -> tuple[Int[np.ndarray, "T N"], Int[np.ndarray, "T N"]]:
    """How often each n-gram of :func:`extensions` occurs, and how often as the end of a document."""
    found = extensions(shard, text, longest)
    lengths = np.broadcast_to(np.arange(1, longest + 1), found.low.shape)
    flat = Ranges(found.low.reshape(-1), found.high.reshape(-1))
    return found.counts, ending(shard, flat, lengths.reshape(-1)).reshape(found.low.shape)


def ending(shard: Shard, found: Ranges, lengths: Int[np.ndarray, " Q"]) -> Ranks:
    """How many suffixes of each range are, after the n-gram of that length, at the end of their document."""
    ends = np.zeros(len(lengths), np.int64)
    some = np.flatnonzero(found.counts > 0)
    first = places_at(shard, found.low[some]) + lengths[some]
    ends[some] = first == len(shard.text)
    last = places_at(shard, found.high[some] - 1) + lengths[some]
    closed = (last < len(shard.text)) & (shard.text[np.minimum(last, len(shard.text) - 1)] == shard.separator)
    some = some[closed]
    bound = np.uint64(shard.separator << (64 - 8 * shard.text.itemsize))
    for length in np.unique(lengths[some]):
        here = some[lengths[some] == length]
        border = _bisect(shard, found.low[here], found.high[here], np.full(len(here), bound), int(length))
        ends[here] += found.high[here] - border
    return ends


def packed(shard: Shard, ids_QT: Int[np.ndarray, "Q T"], lengths: Ranks, depth: int) -> tuple[Words, Words]:
    """The least and the greatest word that tokens `depth` and following of each row can begin with."""
    size, width = shard.per_word, shard.text.itemsize
    part = np.zeros((len(ids_QT), size), shard.text.dtype)
    there = ids_QT[:, depth : depth + size]
    part[:, : there.shape[1]] = there
    given = np.clip(lengths - depth, 0, size)
    part[np.arange(size) >= given[:, None]] = 0
    least = part.view(">u8").astype(np.uint64).reshape(-1)
    return least, least | _FREE[8 * width * (size - given)]


_FREE = np.array([(1 << bits) - 1 for bits in range(65)], np.uint64)
"""A word whose last so many bits are set."""


def first_word(shard: Shard, least: Words, most: Words) -> Ranges:
    """The suffixes whose first word is in [least, most]; for ascending queries the sample is read in order."""
    whole = len(shard.text)
    after = np.searchsorted(shard.firsts, least).astype(np.int64) * STRIDE
    low = _bisect(shard, np.maximum(after - STRIDE + 1, 0), np.minimum(after, whole), least, 0)
    after = np.searchsorted(shard.firsts, most, side="right").astype(np.int64) * STRIDE
    start = np.maximum(after - STRIDE + 1, low)
    high = np.where(most == _LAST, whole, low)
    open_ = np.flatnonzero((most != _LAST) & _holds(shard, low, np.minimum(after, whole), most, 0))
    high[open_] = _bisect(shard, start[open_], np.minimum(after, whole)[open_], most[open_] + np.uint64(1), 0)
    return Ranges(low, high)


_LAST = np.uint64(0xFFFF_FFFF_FFFF_FFFF)


def next_word(shard: Shard, within: Ranges, least: Words, most: Words, depth: int) -> Ranges:
    """The suffixes of each range whose word from token `depth` on is in [least, most]."""
    low = _bisect(shard, *_near(shard, within.low, within.high, least, depth), least, depth)
    high = low.copy()
    here = np.flatnonzero(_holds(shard, low, within.high, most, depth))
    to_end = most[here] == _LAST
    high[here[to_end]] = within.high[here[to_end]]
    rest = here[~to_end]
    beyond = most[rest] + np.uint64(1)
    high[rest] = _bisect(shard, *_near(shard, low[rest] + 1, within.high[rest], beyond, depth), beyond, depth)
    return Ranges(low, high)


def _near(shard: Shard, low: Ranks, high: Ranks, bound: Words, depth: int) -> tuple[Ranks, Ranks]:
    """Between which ranks the bound is, by the sample's second words, in ranges of one first word."""
    if depth != shard.per_word:
        return low, high
    seconds, first, last = shard.sample[len(shard.firsts) :], -(-low // STRIDE), -(-high // STRIDE)
    found = _halved(lambda some: seconds[some], first, np.maximum(first, last), bound)
    return np.maximum(low, (found - 1) * STRIDE + 1), np.minimum(high, found * STRIDE)


def _holds(shard: Shard, low: Ranks, end: Ranks, most: Words, depth: int) -> Bool[np.ndarray, " Q"]:
    """Whether there is a suffix at `low` before `end`, and its word is not beyond `most`."""
    there = low < end
    there &= words_at(shard, places_at(shard, np.minimum(low, len(shard.text) - 1)) + depth) <= most
    return there


def _bisect(shard: Shard, low: Ranks, high: Ranks, bound: Words, depth: int) -> Ranks:
    """For each range the first rank whose word from token `depth` on is at or beyond the bound, or its end."""
    return _halved(lambda some: words_at(shard, places_at(shard, some) + depth), low, high, bound)


def _halved(look: Callable[[Ranks], Words], low: Ranks, high: Ranks, bound: Words) -> Ranks:
    """For each stretch of an ascending table the first place whose word is at or beyond the bound, or its end."""
    found, open_ = low.copy(), np.flatnonzero(low < high)
    low, high, bound = low[open_], high[open_], bound[open_]
    while len(open_):
        middle = (low + high) >> 1
        before = look(middle) < bound
        low, high = np.where(before, middle + 1, low), np.where(before, high, middle)
        done = low >= high
        if done.any():
            found[open_[done]] = low[done]
            left = ~done
            open_, low, high, bound = open_[left], low[left], high[left], bound[left]
    return found


def without_end(shard: Shard, ids_QT: Int[np.ndarray, "Q T"], lengths: Ranks, found: Ranges) -> None:
    """Take from the ranges the suffixes that end within the n-gram, and match it by the zeros that stand for nothing.

    Only an n-gram that ends with token 0 can be matched so, and such suffixes come first in its range.
    """
    last = np.take_along_axis(ids_QT, (lengths - 1)[:, None], axis=1)[:, 0]
    rows = np.flatnonzero((last == 0) & (found.counts > 0))
    if not len(rows):
        return
    ids, inside = ids_QT[rows], np.arange(ids_QT.shape[1]) < lengths[rows, None]
    for left in range(1, min(ids_QT.shape[1], len(shard.text) + 1)):
        tail = np.zeros(ids_QT.shape[1], np.int64)
        tail[:left] = shard.text[-left:]
        short = (lengths[rows] > left) & np.all((ids == tail) | ~inside, axis=1)
        found.low[rows] += short


def without_ends(shard: Shard, text: Int[np.ndarray, " T"], found: Ranges) -> None:
    """Leave out what matches by the zeros beyond the end of the shard; only n-grams that end with token 0 can."""
    if not (np.any(text == 0) and len(shard.text) and np.any(text == shard.text[-1])):
        return
    longest = found.low.shape[1]
    padded = np.concatenate([text, np.zeros(longest, np.int64)])
    starts, lengths = np.nonzero(found.counts)
    some = padded[starts + lengths] == 0
    starts, lengths = starts[some], lengths[some]
    if len(starts):
        rows = np.lib.stride_tricks.sliding_window_view(padded, longest)[starts]
        here = found.at(starts, lengths)
        without_end(shard, rows, lengths + 1, here)
        found.low[starts, lengths] = here.low
