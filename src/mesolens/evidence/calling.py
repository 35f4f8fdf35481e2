"""Which of many columns are called: those whose mean differs from zero, false discoveries held in check.

The p-values are those of :mod:`mesolens.evidence.clusters`, the check that of :mod:`mesolens.evidence.discoveries`.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float

from mesolens.evidence.clusters import chances, cluster_means
from mesolens.evidence.discoveries import discoveries

FEWEST = 6
"""Clusters below which nothing is called: of five signs that agree, one draw in sixteen does so by chance."""


def called(
    values_IN: Float[np.ndarray, "I N"], clusters: Sequence[str], *, rate: float = 0.05
) -> Bool[np.ndarray, " N"]:
    """The columns whose mean over items differs from zero; of those called, at most `rate` are so by chance.

    A column with values in fewer than :data:`FEWEST` clusters is not called. NaN is a missing value.

    >>> firm, loose = [9.0, 9.1, 8.9, 9.1, 8.9, 9.0], [1.0, -1.0, 1.0, -1.0, 1.0, -1.0]
    >>> called(np.array([firm, loose]).T, [*"abcdef"]).tolist()
    [True, False]
    """
    means = cluster_means(values_IN, clusters)
    if means is None:
        return np.zeros(values_IN.shape[1], bool)
    return discoveries(np.where(means.freedom + 1 < FEWEST, np.nan, chances(means)), rate=rate)


def shuffled(
    values_IN: Float[np.ndarray, "I N"], clusters: Sequence[str], *, draws: int, seed: int
) -> Float[np.ndarray, " D"]:
    """The part of the columns that is called when items' labels are shuffled: signs at random, draw by draw."""
    rng = np.random.default_rng(seed)
    signs = rng.integers(0, 2, (draws, len(values_IN), 1)) * 2.0 - 1.0
    return np.array([called(values_IN * sign, clusters).mean() for sign in signs])
