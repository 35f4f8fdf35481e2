"""Signs of clusters, flipped: what a difference would look like if it were as likely to have had the other sign.

Where an angle changes nothing, which of two replies to one item came from which prompt is arbitrary, so the differences
of a whole cluster may change sign together. The part of all ways to flip that give an effect as large as the one found
is an exact p-value (Fisher, *The Design of Experiments*, 1935, section 21; Winkler et al., *Permutation inference for
the general linear model*, NeuroImage 92, 2014, on whole clusters).

Up to :data:`EXACT` clusters every way is tried; since flipping all signs leaves the size of an effect alone, half of
them are enough. Beyond, ways are drawn, and the one found counts among them, so that p is never zero.
"""

from collections.abc import Iterator

import numpy as np
from jaxtyping import Float

EXACT = 14
"""Clusters up to which all 2^(G − 1) flips are tried."""

_BLOCK = 512


def signs(clusters: int, *, draws: int, seed: int) -> Iterator[Float[np.ndarray, "R G"]]:
    """Signs in blocks of rows; the first row of the first block flips nothing.

    >>> np.concatenate(list(signs(3, draws=9, seed=0))).tolist()
    [[1.0, 1.0, 1.0], [1.0, -1.0, 1.0], [1.0, 1.0, -1.0], [1.0, -1.0, -1.0]]
    """
    exact = clusters <= EXACT
    ways, rng = 2 ** max(clusters - 1, 0) if exact else draws + 1, np.random.default_rng(seed)
    for start in range(0, ways, _BLOCK):
        rows = np.arange(start, min(start + _BLOCK, ways))
        if exact:
            bits_RG = (2 * rows[:, None] >> np.arange(clusters)) & 1
        else:
            bits_RG = rng.integers(0, 2, (len(rows), clusters)) * (rows > 0)[:, None]
        yield 1.0 - 2.0 * bits_RG
