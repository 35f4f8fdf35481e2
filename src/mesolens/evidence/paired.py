"""Does an angle change the outcome? Paired by item: the outcome at the angle less that of the clean prompt, same item.

Pairing takes off what makes one item harder than another. Items of one template are alike, so templates are the unit.
Two p-values, as each does what the other cannot: `chance` goes with the interval (:mod:`mesolens.evidence.clusters`)
and can be as small as evidence is strong, so it serves where many columns are tested at once; `flip` is exact
whatever the distribution (:mod:`mesolens.evidence.flips`), but G clusters cannot bring it below 2^(1 − G).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from mesolens.evidence.clusters import chances, cluster_means, cluster_sums, ends, reach
from mesolens.evidence.flips import signs

_SAME = 1 - 1e-9


@dataclass(frozen=True, slots=True)
class Paired:
    """Mean differences of N columns.

    Attributes:
        mean: over the items that have a value; NaN where none has.
        low, high: ends of its interval; infinite where fewer than two clusters have a value.
        chance: two-sided p-value that agrees with the interval.
        flip: two-sided p-value of flipping signs of clusters.
    """

    mean: Float[np.ndarray, " N"]
    low: Float[np.ndarray, " N"]
    high: Float[np.ndarray, " N"]
    chance: Float[np.ndarray, " N"]
    flip: Float[np.ndarray, " N"]


def paired_tests(
    values_IN: Float[np.ndarray, "I N"],
    clusters: Sequence[str],
    *,
    draws: int = 9999,
    seed: int = 0,
    level: float = 0.95,
) -> Paired:
    """Each column's mean difference with its interval and p-values; NaN is a pair of which one reply is missing.

    >>> found = paired_tests(np.array([[2.0], [1.0], [3.0], [2.0]]), [*"abcd"])
    >>> found.mean.tolist(), found.flip.tolist(), bool(found.low[0] > 0)
    ([2.0], [0.125], True)
    """
    flip, means = flip_chances(values_IN, clusters, draws=draws, seed=seed), cluster_means(values_IN, clusters)
    if means is None:
        sums_GN, sizes_GN = cluster_sums(values_IN, clusters)
        total, count = sums_GN.sum(0), sizes_GN.sum(0)
        mean = np.divide(total, count, out=np.full(len(total), np.nan), where=count > 0)
        return Paired(mean, np.full_like(mean, -np.inf), np.full_like(mean, np.inf), np.ones_like(mean), flip)
    low, high = ends(means, reach(means, level))
    return Paired(means.mean, low, high, chances(means), flip)


def flip_chances(
    values_IN: Float[np.ndarray, "I N"], clusters: Sequence[str], *, draws: int = 9999, seed: int = 0
) -> Float[np.ndarray, " N"]:
    """The part of all sign flips of clusters that bring each column's sum as far from zero as it is."""
    sums_GN, _ = cluster_sums(values_IN, clusters)
    found, far, ways = np.abs(sums_GN.sum(0)) * _SAME, np.zeros(sums_GN.shape[1]), 0
    for block_RG in signs(len(sums_GN), draws=draws, seed=seed):
        far += (np.abs(block_RG @ sums_GN) >= found).sum(0)
        ways += len(block_RG)
    return far / ways
