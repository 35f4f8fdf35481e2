"""What comes next: the exact distribution of the token after an n-gram, read from a range of suffixes.

In a range the next tokens stand in order. A stretch whose first and last agree is all one token; any other is halved.
So a range costs looks by how many tokens follow, not by how often, and the stretches of all contexts are halved
together.
"""

from collections.abc import Iterator

import numpy as np
from jaxtyping import Int, Integer

from mesolens.corpus.index.search import Ranges, Ranks
from mesolens.corpus.index.shard import Shard, places_at

Found = tuple[Int[np.ndarray, " _"], Int[np.ndarray, " _"], Int[np.ndarray, " _"]]
"""Context, token and count of each stretch."""


def stretches(shard: Shard, found: Ranges, lengths: Int[np.ndarray, " C"]) -> Found:
    """How often which token follows: for each stretch the number of its range, the token and the count.

    A token may have several stretches of a range. The end of a document is no token.
    """
    low, high, of = found.low, found.high, np.arange(len(lengths))
    some = high > low
    low, high, of = low[some], high[some], of[some]
    # a suffix that ends with the text comes first in its range, and nothing follows it
    low = low + (places_at(shard, low) + lengths[of] == len(shard.text))
    some = high > low
    pieces = list(_halved(shard, low[some], high[some], of[some], lengths))
    if not pieces:
        return of[:0], of[:0], of[:0]
    which, tokens, counts = (np.concatenate(part) for part in zip(*pieces, strict=True))
    real = tokens != shard.separator
    return which[real], tokens[real], counts[real]


def _halved(shard: Shard, low: Ranks, high: Ranks, of: Ranks, lengths: Int[np.ndarray, " C"]) -> Iterator[Found]:
    first, last = _next(shard, low, of, lengths), _next(shard, high - 1, of, lengths)
    while len(low):
        one = first == last
        yield of[one], first[one], (high - low)[one]
        low, high, of, first, last = (each[~one] for each in (low, high, of, first, last))
        middle = (low + high) >> 1
        before, after = _next(shard, middle - 1, of, lengths), _next(shard, middle, of, lengths)
        low, high, of = np.concatenate([low, middle]), np.concatenate([middle, high]), np.concatenate([of, of])
        first, last = np.concatenate([first, after]), np.concatenate([before, last])


def _next(shard: Shard, ranks: Ranks, of: Ranks, lengths: Int[np.ndarray, " C"]) -> Int[np.ndarray, " Q"]:
    return shard.text[places_at(shard, ranks) + lengths[of]].astype(np.int64)


def summed(
    parts: list[Found], signs: list[int], contexts: int
) -> list[tuple[Integer[np.ndarray, " K"], Int[np.ndarray, " K"]]]:
    """For each context its distinct next tokens, ascending, with their counts over all parts, each with its sign."""
    which = np.concatenate([part[0] for part in parts])
    tokens = np.concatenate([part[1] for part in parts])
    counts = np.concatenate([sign * part[2] for part, sign in zip(parts, signs, strict=True)])
    order = np.lexsort((tokens, which))
    which, tokens, counts = which[order], tokens[order], counts[order]
    fresh = np.flatnonzero(
        np.concatenate([[True], (which[1:] != which[:-1]) | (tokens[1:] != tokens[:-1])])[: len(which)]
    )
    sums = np.add.reduceat(counts, fresh) if len(fresh) else counts
    which, tokens = which[fresh][sums > 0], tokens[fresh][sums > 0]
    cuts = np.searchsorted(which, np.arange(1, contexts))
    return list(zip(np.split(tokens, cuts), np.split(sums[sums > 0], cuts), strict=True))
