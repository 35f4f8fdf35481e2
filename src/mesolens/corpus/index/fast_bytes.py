"""Sorting numbers by their bytes, from the last to the first, compiled."""

import numpy as np
from jaxtyping import UInt64

from mesolens.corpus.index.compiled import compiled
from mesolens.corpus.index.shard import Indices

Keys = UInt64[np.ndarray, " _"]
_DIGIT = np.uint64(255)


@compiled
def by_bytes(keys: Keys, order: Indices) -> None:
    """Sort keys, and what stands beside them in `order`; alike ones keep their order, and shared bytes cost nothing."""
    count, many = len(keys), np.zeros((8, 256), np.int64)
    here, there = keys.copy(), np.empty(count, np.uint64)
    places, others = order.copy(), np.empty(count, order.dtype)
    for i in range(count):
        for byte in range(8):
            many[byte, (here[i] >> np.uint64(8 * byte)) & _DIGIT] += 1
    for byte in range(8):
        if many[byte].max() < count:
            starts = np.cumsum(many[byte]) - many[byte]
            for i in range(count):
                digit = (here[i] >> np.uint64(8 * byte)) & _DIGIT
                there[starts[digit]], others[starts[digit]] = here[i], places[i]
                starts[digit] += 1
            here, there = there, here
            places, others = others, places
    keys[:], order[:] = here, places
