"""The search of `search.py`, compiled: the same steps, in groups of n-grams whose looks at memory overlap.

What limits a search is waiting for memory. Within a group each n-gram takes one step before any takes its next, so that
the processor waits for many of them at once. A table of the first 16 bits says where in the sample to begin.
"""

from weakref import WeakKeyDictionary

import numpy as np
from jaxtyping import Int, UInt64

from mesolens.corpus.index.compiled import Number, compiled, inlined
from mesolens.corpus.index.search import Ranges, Ranks, Words, packed, without_end, without_ends
from mesolens.corpus.index.shard import STRIDE, WORD, Shard

Ids = Int[np.ndarray, "Q T"]
Rows = UInt64[np.ndarray, "Q P"]
Jumps = Int[np.ndarray, " J"]
_GROUP = 32
_ALL = np.uint64(0xFFFF_FFFF_FFFF_FFFF)
_ONE, _BYTE = np.uint64(1), np.uint64(8)
_EVEN, _PAIRS = np.uint64(0x00FF_00FF_00FF_00FF), np.uint64(0x0000_FFFF_0000_FFFF)
_jumps: "WeakKeyDictionary[Shard, Int[np.ndarray, ' J']]" = WeakKeyDictionary()


def find(shard: Shard, ids_QT: Ids, lengths: Int[np.ndarray, " Q"]) -> Ranges:
    """As :func:`mesolens.corpus.index.search.find`."""
    found = Ranges(np.zeros(len(lengths), np.int64), np.zeros(len(lengths), np.int64))
    if len(lengths):
        order = np.argsort(packed(shard, ids_QT, lengths, 0)[0])
        low, high = np.zeros((2, len(lengths)), np.int64)
        _find(*arrays(shard), ids_QT[order], lengths[order], low, high)
        found.low[order], found.high[order] = low, high
    without_end(shard, ids_QT, lengths, found)
    return found


def extensions(shard: Shard, text: Int[np.ndarray, " T"], longest: int) -> Ranges:
    """As :func:`mesolens.corpus.index.search.extensions`."""
    low, high = np.zeros((2, len(text), longest), np.int64)
    ids_TN = np.lib.stride_tricks.sliding_window_view(
        np.append(text, np.zeros(shard.per_word, np.int64)), shard.per_word
    )
    whole = np.full(len(text), shard.per_word)
    # in the order of their first words, so that neighbours look at the same memory
    rows = np.argsort(packed(shard, ids_TN[: len(text)], whole, 0)[0])
    _extend(*arrays(shard), np.ascontiguousarray(text), longest, rows, low, high)
    found = Ranges(low, high)
    without_ends(shard, text, found)
    return found


def arrays(shard: Shard) -> tuple[Words, int, int, Words, int, Words, Jumps, int]:
    """What compiled code sees of a shard: words, token bytes, tokens, table, pointer bytes, sample, jumps, stride."""
    if shard not in _jumps:
        bits = min(16, max(1, len(shard.firsts).bit_length()))
        begins = np.arange(1 << bits, dtype=np.uint64) << np.uint64(64 - bits)
        _jumps[shard] = np.append(np.searchsorted(shard.firsts, begins), len(shard.firsts)).astype(np.int64)
    table, width = shard.table, shard.width
    if len(table) < WORD:
        table = np.concatenate([table, np.zeros(WORD, np.uint8)])
    anywhere = np.ndarray((len(table) - WORD + 1,), "<u8", buffer=table, strides=(1,))
    return shard.words, shard.text.itemsize, len(shard.text), anywhere, width, shard.sample, _jumps[shard], STRIDE


@inlined
def word_at(words: Words, size: int, place: Number) -> Number:
    """Eight bytes from a token on, most significant first; beyond the end of the text stand zeros."""
    inside = min(place, len(words) - 1)
    word = words[inside]
    word = ((word & _EVEN) << _BYTE) | ((word >> _BYTE) & _EVEN)
    word = ((word & _PAIRS) << np.uint64(16)) | ((word >> np.uint64(16)) & _PAIRS)
    word = (word << np.uint64(32)) | (word >> np.uint64(32))
    beyond = (place - inside) * size
    if beyond >= WORD:
        word = np.uint64(0)
    elif beyond:
        word <<= np.uint64(8 * beyond)
    return word


@inlined
def place_at(table: Words, width: int, shift: int, rank: Number) -> Number:
    """Where, in tokens, the suffix of that rank begins; the table is seen as eight bytes from each byte on."""
    at = rank * width
    inside = min(at, len(table) - 1)
    raw = table[inside] >> np.uint64(8 * (at - inside))
    return np.int64((raw & ((_ONE << np.uint64(8 * width)) - _ONE)) >> np.uint64(shift))


@compiled
def _bisect(
    words: Words, size: int, table: Words, width: int, low: Ranks, high: Ranks, bounds: Rows, ahead: int, upto: bool
) -> None:
    """Move each `low` to the first rank before `high` that is not before the bound; `high` follows it.

    A suffix is before the bound if its words from token `ahead` on are, or with `upto` if they are not beyond it. Three
    loops, of few instructions each, keep many looks at memory under way: at the table, at the text, and the comparison.
    """
    shift, per = size // 2, WORD // size
    places, firsts, middles = np.empty(_GROUP, np.int64), np.empty(_GROUP, np.uint64), np.empty(_GROUP, np.int64)
    chosen = np.empty(_GROUP, np.int64)
    for first in range(0, len(low), _GROUP):
        last = min(first + _GROUP, len(low))
        while True:
            busy = 0
            for q in range(first, last):
                chosen[busy], middles[busy] = q, (low[q] + high[q]) >> 1
                busy += np.int64(low[q] < high[q])
            if not busy:
                break
            for i in range(busy):
                places[i] = place_at(table, width, shift, middles[i]) + ahead
            for i in range(busy):
                firsts[i] = word_at(words, size, places[i])
            for i in range(busy):
                q = chosen[i]
                word, part = firsts[i], 0
                while word == bounds[q, part] and part + 1 < bounds.shape[1]:
                    part += 1
                    word = word_at(words, size, places[i] + part * per)
                before = np.int64(word < bounds[q, part] or (upto and word == bounds[q, part]))
                low[q] += before * (middles[i] + 1 - low[q])
                high[q] -= (1 - before) * (high[q] - middles[i])


@compiled
def _after(sample: Words, jumps: Jumps, bounds: Words) -> Ranks:
    """For each bound the number of words in the sample that are below it."""
    shift, entries = np.uint64(64), len(jumps) - 1
    while entries > 1:
        entries >>= 1
        shift -= _ONE
    low, high = np.empty(len(bounds), np.int64), np.empty(len(bounds), np.int64)
    for q in range(len(bounds)):
        digit = np.int64(bounds[q] >> shift)
        low[q], high[q] = jumps[digit], jumps[digit + 1]
    for first in range(0, len(low), _GROUP):
        last, busy = min(first + _GROUP, len(low)), np.int64(1)
        while busy:
            busy = np.int64(0)
            for q in range(first, last):
                start, end = low[q], high[q]
                more = np.int64(start < end)
                middle = start + ((end - start - more) >> 1)
                before = more & np.int64(sample[min(middle, len(sample) - 1)] < bounds[q])
                low[q] = start + before * (middle + 1 - start)
                high[q] = end - (more - before) * (end - middle)
                busy |= more
    return low


@compiled
def _within(
    words: Words, size: int, table: Words, width: int, low: Ranks, end: Ranks, bottom: Ranks, top: Ranks,
    least: Rows, most: Rows, ahead: int,
) -> None:  # fmt: skip
    """Narrow to what is from `least` to `most`; `low` before `end`, then its end from `bottom` to `top`."""
    _bisect(words, size, table, width, low, end, least, ahead, False)
    shift, per = size // 2, WORD // size
    places = np.empty(len(low), np.int64)
    for q in range(len(low)):
        places[q] = place_at(table, width, shift, low[q]) + ahead
    for q in range(len(low)):
        end[q] = low[q]
        word, part = word_at(words, size, places[q]), 0
        while word == most[q, part] and part + 1 < most.shape[1]:
            part += 1
            word = word_at(words, size, places[q] + part * per)
        if low[q] >= top[q] or word > most[q, part]:
            top[q] = low[q]
        else:
            end[q] = max(end[q] + 1, bottom[q])
    _bisect(words, size, table, width, end, top, most, ahead, True)


@inlined
def _further(firsts: Words, seconds: Words, begin: Number, one: Number, two: Number, upto: bool) -> Number:
    """From `begin` on the first pair of words that is not before the pair given, or with `upto` that is beyond it.

    It is near, and in the cache: step further and further, then halve.
    """
    start, step, end = begin, 1, len(firsts)
    while start < end:
        middle = min(start + step - 1, end - 1) if step else (start + end) >> 1
        first, second = firsts[middle], seconds[middle]
        if first < one or (first == one and (second < two or (upto and second == two))):
            start = middle + 1
            step *= 2
        else:
            end, step = middle, 0
    return start


@compiled
def _first(
    words: Words, size: int, whole: int, table: Words, width: int, sample: Words, jumps: Jumps, stride: int,
    least: Rows, most: Rows, low: Ranks, high: Ranks,
) -> None:  # fmt: skip
    """The suffixes from `least` to `most`, from what the sample says of their first two words."""
    count, parts = len(sample) // 2, least.shape[1]
    firsts, seconds = sample[:count], sample[count:]
    begins, top, bottom = _after(firsts, jumps, least[:, 0].copy()), high.copy(), low.copy()
    for q in range(len(low)):
        after = _further(firsts, seconds, begins[q], least[q, 0], least[q, 1] if parts > 1 else np.uint64(0), False)
        ends = _further(firsts, seconds, after, most[q, 0], most[q, 1] if parts > 1 else _ALL, True)
        low[q] = max(after * stride - stride + 1, 0)
        top[q] = min(ends * stride, whole)
        high[q], bottom[q] = top[q], 0
        if parts <= 2 or (least[q, 2] == np.uint64(0) and most[q, 2] == _ALL):
            high[q], bottom[q] = min(after * stride, whole), max(ends * stride - stride + 1, 0)
    _within(words, size, table, width, low, high, bottom, top, least, most, 0)


@inlined
def _pack(row: Int[np.ndarray, " T"], start: Number, length: Number, size: int) -> tuple[Number, Number]:
    """The least and the greatest word that begins with these tokens, at most a word of them."""
    word, bits = np.uint64(0), np.uint64(0)
    for place in range(start, start + max(0, min(length, WORD // size))):
        token = np.uint64(row[place])
        for _ in range(size):
            word = (word << _BYTE) | (token & np.uint64(255))
            token >>= _BYTE
            bits += _BYTE
    free = np.uint64(64) - bits
    rest = _ALL
    if free < np.uint64(64):
        word, rest = word << free, (_ONE << free) - _ONE
    return word, word | rest


@compiled
def _find(
    words: Words, size: int, whole: int, table: Words, width: int, sample: Words, jumps: Jumps, stride: int,
    ids: Ids, lengths: Ranks, low: Ranks, high: Ranks,
) -> None:  # fmt: skip
    per = WORD // size
    parts = (ids.shape[1] + per - 1) // per
    least, most = np.empty((len(lengths), parts), np.uint64), np.empty((len(lengths), parts), np.uint64)
    for q in range(len(lengths)):
        for part in range(parts):
            least[q, part], most[q, part] = _pack(ids[q], part * per, lengths[q] - part * per, size)
    _first(words, size, whole, table, width, sample, jumps, stride, least, most, low, high)


@compiled
def _extend(
    words: Words, size: int, whole: int, table: Words, width: int, sample: Words, jumps: Jumps, stride: int,
    text: Ranks, longest: int, rows: Ranks, low: Int[np.ndarray, "T N"], high: Int[np.ndarray, "T N"],
) -> None:  # fmt: skip
    count, half, depth = len(text), WORD // size, 0
    while depth < longest:
        per = 2 * half if depth else half  # most n-grams end within a word, and then none longer is looked for
        some, room = 0, len(rows) * per
        which, until = np.empty(room, np.int64), np.empty(room, np.int64)
        least, most = np.empty((room, 2), np.uint64), np.empty((room, 2), np.uint64)
        below, end = np.zeros(room, np.int64), np.zeros(room, np.int64)
        for s in rows:
            for n in range(depth + 1, min(depth + per, longest, count - s) + 1):
                which[some], until[some] = s, n - 1
                for part in range(2):
                    ahead = depth + part * half
                    least[some, part], most[some, part] = _pack(text, s + ahead, n - ahead, size)
                if depth:
                    below[some], end[some] = low[s, depth - 1], high[s, depth - 1]
                some += 1
        below, end, least, most = below[:some], end[:some], least[:some], most[:some]
        if depth:
            _within(words, size, table, width, below, end, below.copy(), end.copy(), least, most, depth)
        else:
            _first(words, size, whole, table, width, sample, jumps, stride, least, most, below, end)
        for i in range(some):
            low[which[i], until[i]], high[which[i], until[i]] = below[i], end[i]
        left = 0
        depth += per
        for s in rows:
            if s + depth <= count and depth <= longest and high[s, depth - 1] > low[s, depth - 1]:
                rows[left] = s
                left += 1
        rows = rows[:left]
