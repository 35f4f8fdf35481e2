"""The sorting of `sorting.py`, compiled: the same three steps, with groups sorted in place.

A group is a stretch of the order whose suffixes are still tied; a flag stands where one begins. In each round the
ranks of what follows are fetched for many groups together, so that looks at memory overlap, and then each group is
sorted alone.
"""

import numpy as np
from jaxtyping import UInt8, UInt64

from mesolens.corpus.index.compiled import Number, compiled, inlined
from mesolens.corpus.index.shard import Indices
from mesolens.corpus.index.sorting import PACKED, Progress, in_byte_order

Keys = UInt64[np.ndarray, " _"]
Flags = UInt8[np.ndarray, " _"]
_BLOCK = 1 << 12
_FEW = 20


def suffix_array(text: Indices, progress: Progress = lambda part: None) -> Indices:
    """As :func:`mesolens.corpus.index.sorting.suffix_array`."""
    if len(text) < 2:
        return np.zeros(len(text), np.uint32)
    numbers, bits = in_byte_order(text)
    depth = max(1, PACKED // bits)
    first = _packed(text, numbers, bits, depth)
    narrow = np.uint32 if len(text) < (1 << 32) else np.int64
    order, rank = np.empty(len(text), narrow), np.zeros(len(text) + 1, narrow)
    begins = np.zeros(len(text) + 1, np.uint8)
    tied = _by_packed(first, bits * depth, order, rank, begins)
    del first
    while tied:
        progress(1 - tied / len(text) * 0.75)
        tied = _doubled(order, rank, begins, depth)
        depth *= 2
    progress(1.0)
    return order


@compiled
def _packed(text: Indices, numbers: Indices, bits: int, depth: int) -> Keys:
    """For each suffix its first tokens in one number, zeros beyond the end."""
    words, word, last = np.empty(len(text), np.uint64), np.uint64(0), len(numbers) - 1
    down, up = np.uint64(bits), np.uint64(bits * (depth - 1))
    for place in range(len(text) - 1, -1, -1):
        word = (word >> down) | (np.uint64(numbers[min(np.int64(text[place]), last)]) << up)
        words[place] = word
    return words


@inlined
def _insert(keys: Keys, order: Indices, shift: int, low: int, high: int) -> None:
    """Sort keys low to high, and with key i the place at i + shift, by insertion."""
    for i in range(low + 1, high + 1):
        key, place, j = keys[i], order[i + shift], i
        while j > low and keys[j - 1] > key:
            keys[j], order[j + shift] = keys[j - 1], order[j - 1 + shift]
            j -= 1
        keys[j], order[j + shift] = key, place


@compiled
def _sort(keys: Keys, order: Indices, shift: int, first: int, last: int) -> None:
    """As `_insert`, by quicksort down to where few are left."""
    waiting, deep = np.empty((128, 2), np.int64), 1
    waiting[0, 0], waiting[0, 1] = first, last
    while deep:
        deep -= 1
        low, high = waiting[deep, 0], waiting[deep, 1]
        while high - low > _FEW:
            one, middle, other = keys[low], keys[(low + high) >> 1], keys[high]
            pivot = max(min(one, middle), min(max(one, middle), other))
            i, j = low, high
            while i <= j:
                while keys[i] < pivot:
                    i += 1
                while keys[j] > pivot:
                    j -= 1
                if i <= j:
                    keys[i], keys[j] = keys[j], keys[i]
                    order[i + shift], order[j + shift] = order[j + shift], order[i + shift]
                    i += 1
                    j -= 1
            # the larger part waits, so that few ever do
            if j - low > high - i:
                waiting[deep, 0], waiting[deep, 1] = low, j
                low = i
            else:
                waiting[deep, 0], waiting[deep, 1] = i, high
                high = j
            deep += 1
        _insert(keys, order, shift, low, high)


@inlined
def _ranked(
    keys: Keys, first: int, order: Indices, rank: Indices, begins: Flags, begin: int, end: int, new: bool
) -> Number:
    """Rank a sorted stretch by the place of the first with the same key; gives how many are tied still.

    Those with the first key have that rank already, unless the stretch is new.
    """
    tied, start, shift = 0, begin, first - begin
    begins[begin] = 1
    for at in range(begin, end):
        if at > begin and keys[at + shift] != keys[at + shift - 1]:
            tied += (at - start) * np.int64(at - start > 1)
            start = at
            begins[at] = 1
        if new or start > begin:
            rank[order[at]] = start + 1
    return tied + (end - start) * np.int64(end - start > 1)


@compiled
def _by_packed(words: Keys, width: int, order: Indices, rank: Indices, begins: Flags) -> int:
    """Order and ranks by the packed tokens; gives how many suffixes share theirs with another."""
    count, shift = len(words), np.uint64(max(width - 16, 0))
    starts = np.zeros((1 << 16) + 1, np.int64)
    for place in range(count):
        starts[np.int64(words[place] >> shift) + 1] += 1
    widest = starts.max()
    starts = np.cumsum(starts)
    for place in range(count):
        digit = np.int64(words[place] >> shift)
        order[starts[digit]] = place
        starts[digit] += 1
    keys, tied, begin = np.empty(widest, np.uint64), 0, 0
    for digit in range(1 << 16):
        end = starts[digit]  # each start has moved to where its bucket ends
        for at in range(begin, end):
            keys[at - begin] = words[order[at]]
        if end - begin > _FEW:
            _sort(keys, order, begin, 0, end - begin - 1)
        else:
            _insert(keys, order, begin, 0, end - begin - 1)
        if end > begin:
            tied += _ranked(keys, 0, order, rank, begins, begin, end, True)
        begin = end
    begins[count] = 1
    return tied


@compiled
def _doubled(order: Indices, rank: Indices, begins: Flags, depth: int) -> int:
    """Tell tied places apart by the rank of what follows `depth` tokens later; gives how many are tied still."""
    count, at, tied = len(order), 0, 0
    keys, groups = np.empty(4 * _BLOCK, np.uint64), np.empty((2 * _BLOCK, 2), np.int64)
    while at < count:
        some, members = 0, 0
        while at < count and members < _BLOCK:
            end = at + 1
            while not begins[end]:
                end += 1
            if end - at > 1:
                groups[some, 0], groups[some, 1] = at, end
                some += 1
                members += end - at
            at = end
        if members > len(keys):
            keys = np.empty(members, np.uint64)
        filled = 0
        for group in range(some):
            for place in range(groups[group, 0], groups[group, 1]):
                keys[filled] = rank[np.int64(order[place]) + depth]
                filled += 1
        filled = 0
        for group in range(some):
            begin, end = groups[group, 0], groups[group, 1]
            last = filled + end - begin - 1
            if end - begin > _FEW:
                _sort(keys, order, begin - filled, filled, last)
            else:
                _insert(keys, order, begin - filled, filled, last)
            tied += _ranked(keys, filled, order, rank, begins, begin, end, False)
            filled = last + 1
    return tied
