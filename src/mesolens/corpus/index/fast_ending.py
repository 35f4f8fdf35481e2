"""How many n-grams of a text end their documents, compiled: `search.ending` for all ranges of a text at once."""

import numpy as np
from jaxtyping import Int

from mesolens.corpus.index.compiled import Number, compiled
from mesolens.corpus.index.fast_search import arrays, place_at, word_at
from mesolens.corpus.index.search import Ranges, Ranks, Words
from mesolens.corpus.index.shard import Shard


def ending(shard: Shard, found: Ranges) -> Int[np.ndarray, "T N"]:
    """How many suffixes of each range of :func:`extensions` are, after the n-gram, at the end of their document."""
    words, size, whole, table, width, *_ = arrays(shard)
    ends = np.zeros(found.low.shape, np.int64)
    closing = np.uint64(shard.separator << (64 - 8 * size))
    _ending(words, size, whole, table, width, found.low.reshape(-1), found.high.reshape(-1), ends.reshape(-1),
            found.low.shape[1], closing)  # fmt: skip
    return ends


@compiled
def _ending(
    words: Words, size: int, whole: int, table: Words, width: int, low: Ranks, high: Ranks, ends: Ranks, longest: int,
    closing: Number,
) -> None:  # fmt: skip
    """Into `ends`, for ranges of n-grams of 1 to `longest` tokens in turn: a separator or nothing comes next."""
    shift, some = size // 2, np.flatnonzero(high > low)
    first, last = np.empty(len(some), np.int64), np.empty(len(some), np.int64)
    for i in range(len(some)):
        first[i] = place_at(table, width, shift, low[some[i]])
        last[i] = place_at(table, width, shift, high[some[i]] - 1)
    for i in range(len(some)):
        q, n = some[i], some[i] % longest + 1
        ends[q] = np.int64(first[i] + n == whole)
        if last[i] + n < whole and word_at(words, size, last[i] + n) >= closing:
            begin, end = low[q], high[q]
            while begin < end:
                middle = (begin + end) >> 1
                if word_at(words, size, place_at(table, width, shift, middle) + n) < closing:
                    begin = middle + 1
                else:
                    end = middle
            ends[q] += high[q] - begin
