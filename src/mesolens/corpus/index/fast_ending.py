"""How many n-grams of a stretch end their documents, compiled: `search.ending` for many ranges in step."""

import numpy as np

from mesolens.corpus.index.compiled import Number, compiled
from mesolens.corpus.index.fast_narrow import narrow, place_at, word_at
from mesolens.corpus.index.search import Ranks, Words


@compiled
def ending(
    words: Words, size: int, whole: int, table: Words, width: int, length: int, low: Ranks, high: Ranks, closing: Number
) -> Ranks:
    """For ranges of n-grams of one length how many of each have a separator or nothing next; `closing` begins with one.

    Nothing comes next to the first of a range at most; a separator, which is beyond all tokens, to the last ones.
    """
    shift, unit, each, end = np.uint64(size // 2), np.uint64(size), np.uint64(width), np.uint64(whole)
    ends, some = np.zeros(len(low), np.int64), np.flatnonzero(high > low)
    first, last = np.empty((2, len(some)), np.uint64)
    for i in range(len(some)):
        first[i] = place_at(table, each, shift, np.uint64(low[some[i]])) + np.uint64(length)
        last[i] = place_at(table, each, shift, np.uint64(high[some[i]] - 1)) + np.uint64(length)
    count = 0
    for i in range(len(some)):
        ends[some[i]] = np.int64(first[i] == end)
        some[count] = some[i]
        count += np.int64(last[i] < end and word_at(words, unit, last[i]) >= closing)
    begin, until = low[some[:count]], high[some[:count]]
    bound = np.full((count, 1), closing)
    narrow(words, size, table, width, length, 1, bound, bound, begin, until - 1, until, until.copy())
    for i in range(count):
        ends[some[i]] += until[i] - begin[i]
    return ends
