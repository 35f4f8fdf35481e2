"""Items cut into folds, whole clusters at a time, so that nothing is tried on what is like what it was fitted on."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Int


def folds_of(clusters: Sequence[str], count: int, seed: int = 0) -> Int[np.ndarray, " I"]:
    """Each item's fold, 0 to `count` − 1; clusters go, the largest first, to the fold that has fewest items.

    Clusters of one size are taken in a random order. Where there are fewer clusters than folds some folds stay empty.

    >>> sorted(np.bincount(folds_of([*"aabbcd"], 2)).tolist())
    [3, 3]
    """
    names, place_I, sizes = np.unique(np.asarray(clusters), return_inverse=True, return_counts=True)
    drawn = np.random.default_rng(seed).permutation(len(names))
    fold_G, filled = np.zeros(len(names), np.int64), np.zeros(count)
    for cluster in sorted(drawn.tolist(), key=lambda each: -int(sizes[each])):
        fold_G[cluster] = int(filled.argmin())
        filled[fold_G[cluster]] += sizes[cluster]
    return fold_G[place_I]
