"""The sorting of `sorting.py`, compiled, with groups sorted in place and ranks put off until they are needed.

A group is a stretch of the order whose suffixes are still tied; a flag stands where one begins. Groups are told apart
by the packed tokens that come next, a word at a time: for text that repeats little this is all, and spares finding and
writing ranks, two looks at memory for each suffix. What is tied after some words is told apart by prefix doubling. What
a round compares is fetched for many groups together, so that looks at memory overlap, and then each is sorted alone.
"""

import numpy as np
from jaxtyping import UInt8, UInt64

from mesolens.corpus.index.compiled import Number, compiled, inlined
from mesolens.corpus.index.fast_bytes import by_bytes
from mesolens.corpus.index.shard import Indices
from mesolens.corpus.index.sorting import Progress, in_byte_order

Keys = UInt64[np.ndarray, " _"]
Flags = UInt8[np.ndarray, " _"]
_BLOCK = 1 << 12
_FEW, _MANY, _WORDS = 20, 500, 6
"""Members of a group that are sorted by insertion, or by bytes; words that are compared before ranks are."""


def suffix_array(text: Indices, progress: Progress = lambda part: None) -> Indices:
    """As :func:`mesolens.corpus.index.sorting.suffix_array`."""
    if len(text) < 2:
        return np.zeros(len(text), np.uint32)
    numbers, bits = in_byte_order(text)
    depth = 64 // bits
    # NumPy's own large arrays lie on large pages, which spares some hundred thousand faults
    first, keys = np.empty(len(text) + 1, np.uint64), np.empty(len(text), np.uint64)
    _pack(text, numbers, bits, depth, first)
    narrow = np.uint32 if len(text) < (1 << 32) else np.int64
    order, begins, none = np.empty(len(text), narrow), np.zeros(len(text) + 1, np.uint8), np.zeros(0, narrow)
    tied, ahead = _by_packed(first, bits * depth, order, begins, keys), depth
    del keys
    while tied and ahead < _WORDS * depth:
        progress(1 - tied / len(text) * 0.75)
        tied, ahead = _split(first, ahead, order, begins, none), ahead + depth
    del first
    rank = _ranks(order, begins) if tied else none
    while tied:
        progress(1 - tied / len(text) * 0.75)
        tied, ahead = _split(rank, ahead, order, begins, rank), 2 * ahead
    progress(1.0)
    return order


@compiled
def _pack(text: Indices, numbers: Indices, bits: int, depth: int, words: Keys) -> None:
    """For each suffix its first tokens in one number, zeros beyond the end, where one suffix more is empty."""
    word, last, words[len(text)] = np.uint64(0), len(numbers) - 1, np.uint64(0)
    down, up = np.uint64(bits), np.uint64(bits * (depth - 1))
    for place in range(len(text) - 1, -1, -1):
        word = (word >> down) | (np.uint64(numbers[min(np.int64(text[place]), last)]) << up)
        words[place] = word


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
def _halve(keys: Keys, order: Indices, shift: int, first: int, last: int) -> None:
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
def _sort(keys: Keys, order: Indices, shift: int, first: int, last: int) -> None:
    """As `_insert`, in the way that is quickest for so many."""
    if last - first < _FEW:
        _insert(keys, order, shift, first, last)
    elif last - first < _MANY:
        _halve(keys, order, shift, first, last)
    else:
        by_bytes(keys[first : last + 1], order[first + shift : last + 1 + shift])


@inlined
def _told(keys: Keys, first: int, order: Indices, rank: Indices, begins: Flags, begin: int, end: int) -> Number:
    """Flag where groups begin in a stretch sorted by its keys, which stand from `first` on; gives how many are tied.

    Where there are ranks, those that are no longer tied with the first take the place where their group begins.
    """
    tied, start, shift = 0, begin, first - begin
    begins[begin] = 1
    for at in range(begin, end):
        if at > begin and keys[at + shift] != keys[at + shift - 1]:
            tied += (at - start) * np.int64(at - start > 1)
            start = at
            begins[at] = 1
        if start > begin and len(rank):
            rank[order[at]] = start + 1
    return tied + (end - start) * np.int64(end - start > 1)


@compiled
def _by_packed(words: Keys, width: int, order: Indices, begins: Flags, keys: Keys) -> int:
    """The order by the packed tokens, with `keys` to work in; gives how many suffixes share theirs with another."""
    count, shift, none = len(order), np.uint64(max(width - 16, 0)), order[:0]
    starts = np.zeros((1 << 16) + 1, np.int64)
    for place in range(count):
        starts[np.int64(words[place] >> shift) + 1] += 1
    starts = np.cumsum(starts)
    for place in range(count):
        digit = np.int64(words[place] >> shift)
        keys[starts[digit]], order[starts[digit]] = words[place], place
        starts[digit] += 1
    tied, begin = 0, 0
    for digit in range(1 << 16):
        end = starts[digit]  # each start has moved to where its bucket ends
        if end > begin:
            _sort(keys, order, 0, begin, end - 1)
            tied += _told(keys, begin, order, none, begins, begin, end)
        begin = end
    begins[count] = 1
    return tied


@compiled
def _ranks(order: Indices, begins: Flags) -> Indices:
    """For each suffix the place, from 1, where its group begins; 0 for the empty one."""
    rank, start = np.zeros(len(order) + 1, order.dtype), 0
    for at in range(len(order)):
        start = at if begins[at] else start
        rank[order[at]] = start + 1
    return rank


@compiled
def _split(source: Indices, ahead: int, order: Indices, begins: Flags, rank: Indices) -> int:
    """Tell tied suffixes apart by what `source` has `ahead` tokens later; gives how many are tied still."""
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
                keys[filled] = source[np.int64(order[place]) + ahead]
                filled += 1
        filled = 0
        for group in range(some):
            begin, end = groups[group, 0], groups[group, 1]
            last = filled + end - begin - 1
            _sort(keys, order, begin - filled, filled, last)
            tied += _told(keys, filled, order, rank, begins, begin, end)
            filled = last + 1
    return tied
