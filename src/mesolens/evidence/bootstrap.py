"""Intervals by resampling whole clusters, for many means at once.

Items of one template are alike, so resampling items would make intervals too narrow; resampling templates does not
(cluster bootstrap; Davison and Hinkley, *Bootstrap Methods and their Application*, 1997, section 3.8).
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

_CHUNK = 4096


def cluster_intervals(
    values_IN: Float[np.ndarray, "I N"],
    clusters: Sequence[str],
    *,
    resamples: int = 1000,
    level: float = 0.95,
    seed: int = 0,
) -> tuple[Float[np.ndarray, " N"], Float[np.ndarray, " N"]] | None:
    """Percentile intervals of each column's mean over items, by resampling clusters of items.

    Returns:
        The lower and upper ends, or None when there are fewer than two clusters to resample.

    >>> cluster_intervals(np.ones((2, 1)), ["a", "a"]) is None
    True
    """
    names, place = np.unique(np.asarray(clusters), return_inverse=True)
    if len(names) < 2:
        return None
    sizes = np.bincount(place).astype(float)
    sums = np.zeros((len(names), values_IN.shape[1]))
    np.add.at(sums, place, values_IN)
    drawn = np.random.default_rng(seed).multinomial(len(names), np.full(len(names), 1 / len(names)), size=resamples)
    counts = drawn @ sizes
    ends = np.empty((2, values_IN.shape[1]))
    for start in range(0, values_IN.shape[1], _CHUNK):
        means = (drawn @ sums[:, start : start + _CHUNK]) / counts[:, None]
        ends[:, start : start + _CHUNK] = np.quantile(means, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return ends[0], ends[1]
