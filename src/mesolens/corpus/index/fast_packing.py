"""N-grams as words that compare as their bytes do, in their order and each once, compiled."""

import numpy as np

from mesolens.corpus.index.compiled import Number, compiled, inlined
from mesolens.corpus.index.fast_bytes import by_bytes
from mesolens.corpus.index.fast_narrow import ALL, BYTE, ZERO, Rows, swapped
from mesolens.corpus.index.search import Ranks
from mesolens.corpus.index.shard import WORD


@inlined
def _word(text: Ranks, start: Number, given: Number, size: int) -> Number:
    """So many tokens from `start` on as the first bytes of a word, and then zeros."""
    word = ZERO
    for ahead in range(given):
        word |= np.uint64(text[start + ahead]) << np.uint64(8 * size * ahead)
    return swapped(word)


@compiled
def words_of(text: Ranks, starts: Ranks, lengths: Ranks, size: int, bounds: Rows, masks: Rows) -> None:
    """The words of the n-grams text[start : start + length], and masks of the bits that count."""
    per = WORD // size
    for q in range(len(starts)):
        for part in range(bounds.shape[1]):
            given = min(max(lengths[q] - part * per, 0), per)
            bounds[q, part] = _word(text, starts[q] + part * per, given, size)
            masks[q, part] = (ALL << (BYTE * np.uint64(size * (per - given)))) if given else ZERO


@compiled
def ascending(bounds: Rows) -> Ranks:
    """The order of n-grams by their first two words."""
    order = np.arange(len(bounds)).astype(np.uint32)
    for part in (1, 0):
        by_bytes(bounds[:, part].copy()[order], order)
    return order.astype(np.int64)


@compiled
def once(bounds: Rows, masks: Rows, which: Ranks, each: Rows, mask: Rows) -> int:
    """Copy n-grams, of those alike in a row one, and say which of the copies each is; gives how many there are."""
    count = -1
    for i in range(len(bounds)):
        new = count < 0
        for part in range(bounds.shape[1]):
            new |= bounds[i, part] != each[count, part] or masks[i, part] != mask[count, part]
        if new:
            count += 1
            for part in range(bounds.shape[1]):
                each[count, part], mask[count, part] = bounds[i, part], masks[i, part]
        which[i] = count
    return count + 1
