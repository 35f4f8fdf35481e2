"""The search of `search.py`, compiled: n-grams in their order, of those that are alike one.

The sample says between which suffixes the first two words of an n-gram begin and end (`fast_sample.py`); within them
it is looked for in the text (`fast_narrow.py`). Of all n-grams of a text, those of up to four tokens are found so, and
each longer one among the suffixes that begin with the one before it.
"""

import numpy as np
from jaxtyping import Int

from mesolens.corpus.index.compiled import Number, compiled, inlined
from mesolens.corpus.index.fast_ending import ending
from mesolens.corpus.index.fast_narrow import narrow, place_at
from mesolens.corpus.index.fast_packing import ascending, once, words_of
from mesolens.corpus.index.fast_sample import Sample, between, sample
from mesolens.corpus.index.search import Ranges, Ranks, Words
from mesolens.corpus.index.shard import WORD, Shard

Ids = Int[np.ndarray, "Q T"]
Table = Int[np.ndarray, "T N"]
_SAMPLED = 4
"""Tokens of the longest n-gram of a text that is looked for in the sample."""


def find(shard: Shard, ids_QT: Ids, lengths: Int[np.ndarray, " Q"]) -> Ranges:
    """As :func:`mesolens.corpus.index.search.find`."""
    found = Ranges(np.zeros(len(lengths), np.int64), np.zeros(len(lengths), np.int64))
    if len(lengths):
        text, starts = np.ascontiguousarray(ids_QT).reshape(-1), np.arange(len(lengths)) * ids_QT.shape[1]
        order = _ordered(text, starts, lengths, shard.text.itemsize)
        low, high, ends = np.empty((3, len(lengths)), np.int64)
        _find(*_arrays(shard), text, starts[order], lengths[order], np.uint64(0), low, high, ends)
        found.low[order], found.high[order] = low, high
    return found


def extensions(shard: Shard, text: Int[np.ndarray, " T"], longest: int) -> Ranges:
    """As :func:`mesolens.corpus.index.search.extensions`."""
    return _extended(shard, text, longest, 0)[0]


def counted(shard: Shard, text: Int[np.ndarray, " T"], longest: int) -> tuple[Table, Table]:
    """As :func:`mesolens.corpus.index.search.counted`."""
    found, ends = _extended(shard, text, longest, shard.separator)
    return found.counts, ends


def _extended(shard: Shard, text: Int[np.ndarray, " T"], longest: int, separator: int) -> tuple[Ranges, Table]:
    low, high, ends = np.zeros((3, len(text), longest), np.int64)
    if len(text):
        closing = np.uint64(separator << (64 - 8 * shard.text.itemsize))
        _extend(*_arrays(shard), np.ascontiguousarray(text), longest, closing, low, high, ends)
    return Ranges(low, high), ends


def _arrays(shard: Shard) -> tuple[Words, int, int, Words, int, Sample]:
    """What compiled code sees of a shard: words, token bytes, tokens, table, pointer bytes, sample."""
    table = shard.table
    if len(table) < WORD:
        table = np.concatenate([table, np.zeros(WORD, np.uint8)])
    anywhere = np.ndarray((len(table) - WORD + 1,), "<u8", buffer=table, strides=(1,))
    return shard.words, shard.text.itemsize, len(shard.text), anywhere, shard.width, sample(shard)


@inlined
def _whole(
    table: Words, size: int, width: int, whole: int, text: Ranks, starts: Ranks, lengths: Ranks, which: Ranks,
    low: Ranks, high: Ranks,
) -> None:  # fmt: skip
    """Leave out what matches by the zeros beyond the end: it comes first, and only n-grams that end with 0 have it."""
    each, shift = np.uint64(width), np.uint64(size // 2)
    for q in range(len(starts)):
        if text[starts[q] + lengths[q] - 1] == 0:
            k, end = which[q], whole - lengths[q]
            while low[k] < high[k] and np.int64(place_at(table, each, shift, np.uint64(low[k]))) > end:
                low[k] += 1


@compiled
def _find(
    words: Words, size: int, whole: int, table: Words, width: int, sample: Sample,
    text: Ranks, starts: Ranks, lengths: Ranks, closing: Number, low: Ranks, high: Ranks, ends: Ranks,
) -> None:  # fmt: skip
    """The ranges of the n-grams text[start : start + length], which stand in the order of `ascending`.

    With `closing` they are of one length, and also how many of each end their documents is found.
    """
    count, per = len(starts), WORD // size
    parts = (lengths.max() + per - 1) // per
    bounds, masks, each, mask = np.empty((4, count, max(2, parts)), np.uint64)
    words_of(text, starts, lengths, size, bounds, masks)
    which = np.empty(count, np.int64)
    some = once(bounds, masks, which, each, mask)
    begin, until, upper, end = np.empty((4, some), np.int64)
    between(sample, whole, each[:some], mask[:some], begin, until, upper, end)
    narrow(words, size, table, width, 0, parts, each[:some], mask[:some], begin, until, upper, end)
    _whole(table, size, width, whole, text, starts, lengths, which, begin, end)
    if closing:
        upper = ending(words, size, whole, table, width, lengths[0], begin, end, closing)
    for q in range(count):
        low[q], high[q], ends[q] = begin[which[q]], end[which[q]], upper[which[q]]


@compiled
def _ordered(text: Ranks, starts: Ranks, lengths: Ranks, size: int) -> Ranks:
    """In which order n-grams are looked for, so that each is near the one before it."""
    bounds, masks = np.empty((2, len(starts), 2), np.uint64)
    words_of(text, starts, lengths, size, bounds, masks)
    return ascending(bounds)


@inlined
def _lengthen(
    words: Words, size: int, whole: int, table: Words, width: int, text: Ranks, rows: Ranks, n: int, closing: Number,
    begin: Ranks, end: Ranks, ends: Ranks,
) -> None:  # fmt: skip
    """The ranges of n-grams text[row : row + n + 1] within those of n tokens, which are given."""
    bounds, masks = np.empty((2, len(rows), 1), np.uint64)
    words_of(text, rows + n, np.ones(len(rows), np.int64), size, bounds, masks)
    narrow(words, size, table, width, n, 1, bounds, masks, begin, end.copy(), np.full(len(rows), -1), end)
    _whole(table, size, width, whole, text, rows, np.full(len(rows), n + 1), np.arange(len(rows)), begin, end)
    if closing:
        ends[:] = ending(words, size, whole, table, width, n + 1, begin, end, closing)


@compiled
def _extend(
    words: Words, size: int, whole: int, table: Words, width: int, sample: Sample,
    text: Ranks, longest: int, closing: Number, low: Table, high: Table, ends: Table,
) -> None:  # fmt: skip
    """The ranges of all n-grams: of each length those whose beginning occurs."""
    room = np.arange(len(text), 0, -1)
    rows = _ordered(text, len(text) - room, np.minimum(room, _SAMPLED), size)
    for n in range(longest):
        rows = rows[rows + n < len(text)]
        if not len(rows):
            break
        begin, end, closed = np.empty((3, len(rows)), np.int64)
        if n < _SAMPLED:
            lengths = np.full(len(rows), n + 1)
            _find(words, size, whole, table, width, sample, text, rows, lengths, closing, begin, end, closed)
        else:
            for i in range(len(rows)):
                begin[i], end[i] = low[rows[i], n - 1], high[rows[i], n - 1]
            _lengthen(words, size, whole, table, width, text, rows, n, closing, begin, end, closed)
        for i in range(len(rows)):
            low[rows[i], n], high[rows[i], n], ends[rows[i], n] = begin[i], end[i], closed[i]
        rows = rows[end > begin]
