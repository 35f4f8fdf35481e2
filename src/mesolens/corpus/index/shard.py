"""One shard of an index: its tokens, the order of its suffixes, and where its documents begin.

The files are infini-gram's (version 4), so that either program reads what the other wrote:

- `tokenized.N`: tokens, two or four little-endian bytes each, with a separator, all bits set, before each document.
- `table.N`: for each suffix in its order the place, in bytes, where it begins in `tokenized.N`; each place takes the
  fewest bytes that can hold any of them.
- `offset.N`: for each document the place, in bytes, of its separator; eight bytes each.

`sample.N` is ours: the first eight bytes of every 16th suffix, each as a number, the first byte the most significant,
and then likewise the second eight bytes of each. A search begins in it.
"""

from dataclasses import dataclass, field
from math import ceil, log2

import numpy as np
from jaxtyping import Integer, UInt8, UInt64

from mesolens.corpus.index.sorting import suffix_array

Indices = Integer[np.ndarray, " _"]
STRIDE = 16
"""Suffixes for each one that is in the sample."""
WORD = 8
"""Bytes that are compared at once."""


@dataclass(frozen=True, slots=True, eq=False, weakref_slot=True)
class Shard:
    """Tokens and their suffixes, in memory or mapped from files.

    Attributes:
        text: uint16 or uint32, separators among the tokens.
        table: bytes of places, `width` for each suffix.
        starts: the place, in bytes, of each document's separator.
        sample: first words of every `STRIDE`th suffix, ascending, and then the second words of them.
        words: a view of the text that gives eight bytes from any token on, as far as there are eight.
    """

    text: Indices
    table: UInt8[np.ndarray, " B"]
    starts: UInt64[np.ndarray, " D"]
    sample: UInt64[np.ndarray, " M"]
    words: UInt64[np.ndarray, " W"] = field(init=False)
    width: int = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "width", pointer_bytes(self.text.nbytes))
        object.__setattr__(self, "words", words_of(self.text))

    @property
    def firsts(self) -> UInt64[np.ndarray, " _"]:
        """The first words of the sample."""
        return self.sample[: len(self.sample) // 2]

    @property
    def per_word(self) -> int:
        """Tokens in eight bytes."""
        return WORD // self.text.itemsize

    @property
    def separator(self) -> int:
        """The token that stands before each document: all bits set."""
        return int(np.iinfo(self.text.dtype).max)


def in_memory(tokens: Indices, dtype: np.dtype[np.unsignedinteger]) -> Shard:
    """One document as a shard of its own, without separators."""
    text = np.ascontiguousarray(tokens, dtype)
    order = suffix_array(text)
    return Shard(
        text,
        packed_table(order, text.itemsize, pointer_bytes(text.nbytes)),
        np.zeros(1, np.uint64),
        sample_of(text, order),
    )


def pointer_bytes(size: int) -> int:
    """The fewest bytes that hold any place in a file of `size` bytes, as infini-gram counts them.

    >>> [pointer_bytes(size) for size in (0, 2, 256, 258, 65536, 65540, 1 << 32, 1 << 41)]
    [1, 1, 1, 2, 2, 3, 4, 6]
    """
    return max(1, ceil(log2(size) / 8)) if size else 1


def packed_table(order: Indices, size: int, width: int) -> UInt8[np.ndarray, " B"]:
    """A stretch of a table: suffixes in their order, each as its place in bytes, of `width` bytes."""
    if width == 4:
        return (order.astype(np.uint32) * np.uint32(size)).astype("<u4", copy=False).view(np.uint8)
    places = order.astype(np.uint64) * np.uint64(size)
    return np.ascontiguousarray(places.astype("<u8", copy=False).view(np.uint8).reshape(-1, 8)[:, :width]).reshape(-1)


def sample_of(text: Indices, order: Indices) -> UInt64[np.ndarray, " M"]:
    """The first words of every `STRIDE`th suffix, then the second ones; beyond the end of the text stand zeros."""
    places, words = order[::STRIDE].astype(np.int64), words_of(text)
    return np.concatenate([words_from(words, places + ahead, text.itemsize) for ahead in (0, WORD // text.itemsize)])


def words_of(text: Indices) -> UInt64[np.ndarray, " W"]:
    """A view of tokens that gives eight bytes from any of them on, as far as there are eight."""
    size = text.itemsize
    whole = text if text.nbytes >= WORD else np.concatenate([text, np.zeros(WORD // size, text.dtype)])
    return np.ndarray(((whole.nbytes - WORD) // size + 1,), "<u8", buffer=whole, strides=(size,))


def places_at(shard: Shard, ranks: Indices) -> Integer[np.ndarray, " N"]:
    """Where, in tokens, the suffixes of these ranks begin."""
    table = shard.table.view(_POINTERS[shard.width])
    names = table.dtype.names
    assert names is not None
    low, *more = names
    places = table[low][ranks].astype(np.int64)
    for bit in more:
        places |= table[bit][ranks].astype(np.int64) << int(bit)
    places >>= shard.text.itemsize // 2
    return places


_POINTERS = {
    width: np.dtype({"names": list(parts), "formats": list(parts.values()),
                     "offsets": [int(bit) // 8 for bit in parts], "itemsize": width})
    for width, parts in {
        1: {"0": "<u1"}, 2: {"0": "<u2"}, 3: {"0": "<u2", "16": "<u1"},
        4: {"0": "<u4"}, 5: {"0": "<u4", "32": "<u1"}, 6: {"0": "<u4", "32": "<u2"},
    }.items()
}  # fmt: skip
"""A place of so many bytes as one or two numbers, each named by the bit at which it begins."""


def words_at(shard: Shard, places: Indices) -> UInt64[np.ndarray, " N"]:
    """Eight bytes from each place, in tokens, most significant first; beyond the end of the text stand zeros."""
    return words_from(shard.words, places, shard.text.itemsize)


def words_from(words: UInt64[np.ndarray, " W"], places: Indices, size: int) -> UInt64[np.ndarray, " N"]:
    """As :func:`words_at`, of a view of tokens of `size` bytes."""
    last = len(words) - 1
    if not len(places) or int(places.max()) <= last:
        return words[places].byteswap()
    inside = np.minimum(places, last)
    found = words[inside].byteswap()
    beyond = (places - inside).astype(np.uint64) * np.uint64(8 * size)
    return np.where(beyond < 64, found << np.minimum(beyond, np.uint64(63)), np.uint64(0))
