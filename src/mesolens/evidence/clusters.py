"""Intervals and p-values for the means of many columns at once, when items come in clusters.

Items of one template are alike, so only whole templates count as independent. The error of a mean is the cluster-robust
one. Shares are skewed, as few templates wake a leaf, and a symmetric interval covers a skewed mean too seldom; so the
studentised mean is transformed by Hall's cubic, which takes the skewness off, before it is held against Student's t
with one degree of freedom less than there are clusters (Hall, *On the removal of skewness by transformation*, JRSS B
54, 1992). `design/06-intervals.md` compares it with bootstraps.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from scipy.stats import t as student

_TINY = 1e-12


@dataclass(frozen=True, slots=True)
class Means:
    """Means of N columns over items in clusters.

    Attributes:
        mean: over the items that have a value; NaN where none has.
        error: its cluster-robust standard error; infinite where fewer than two clusters have a value.
        skew: γ/√G, where γ is the skewness over clusters; 0 where it cannot be told.
        freedom: G − 1, for the G clusters that have a value in this column.
    """

    mean: Float[np.ndarray, " N"]
    error: Float[np.ndarray, " N"]
    skew: Float[np.ndarray, " N"]
    freedom: Int[np.ndarray, " N"]


def cluster_sums(
    values_IN: Float[np.ndarray, "I N"], clusters: Sequence[str]
) -> tuple[Float[np.ndarray, "G N"], Float[np.ndarray, "G N"]]:
    """Each cluster's sum over its items, and how many items have a value; NaN is an item without one.

    >>> sums, sizes = cluster_sums(np.array([[1.0], [2.0], [np.nan]]), ["a", "a", "b"])
    >>> sums.tolist(), sizes.tolist()
    ([[3.0], [0.0]], [[2.0], [0.0]])
    """
    names, place = np.unique(np.asarray(clusters), return_inverse=True)
    member_GI = (place == np.arange(len(names))[:, None]).astype(float)
    lacks = np.isnan(values_IN)
    if lacks.any():
        return member_GI @ np.where(lacks, 0.0, values_IN), member_GI @ (~lacks).astype(float)
    return member_GI @ values_IN, np.repeat(member_GI.sum(1)[:, None], values_IN.shape[1], axis=1)


def cluster_means(values_IN: Float[np.ndarray, "I N"], clusters: Sequence[str]) -> Means | None:
    """The means with what is known of their errors; None when there are fewer than two clusters.

    NaN is a missing value: each column's mean is over what it has.
    """
    sums, sizes = cluster_sums(values_IN, clusters)
    if len(sums) < 2:
        return None
    total, count = sizes.sum(0), (sizes > 0).sum(0)
    mean = np.divide(sums.sum(0), total, out=np.full(len(total), np.nan), where=total > 0)
    off = (sums - sizes * mean) * (count / np.maximum(total, 1))
    spread = np.sqrt((off**2).sum(0) / np.maximum(count - 1, 1))
    skew = np.zeros_like(mean)
    told = (count > 2) & (spread > _TINY * _largest(values_IN))
    cubes, some = ((off[:, told] / spread[told]) ** 3).sum(0), count[told]
    skew[told] = cubes * np.sqrt(some) / ((some - 1) * (some - 2))
    error = np.where(count > 1, spread / np.sqrt(np.maximum(count, 1)), np.inf)
    return Means(mean, error, skew, np.maximum(count - 1, 0))


def _largest(values_IN: Float[np.ndarray, "I N"]) -> Float[np.ndarray, " N"]:
    return np.fmax.reduce(np.abs(values_IN), axis=0, initial=0.0)


def cluster_intervals(
    values_IN: Float[np.ndarray, "I N"], clusters: Sequence[str], *, level: float = 0.95
) -> tuple[Float[np.ndarray, " N"], Float[np.ndarray, " N"]] | None:
    """The lower and upper ends of each mean's interval, or None when there are fewer than two clusters.

    >>> cluster_intervals(np.ones((2, 1)), ["a", "a"]) is None
    True
    >>> low, high = cluster_intervals(np.array([[1.0], [3.0]]), ["a", "b"], level=0.5)
    >>> round(float(low[0]), 6), round(float(high[0]), 6)
    (1.0, 3.0)
    """
    means = cluster_means(values_IN, clusters)
    return None if means is None else ends(means, reach(means, level))


def reach(means: Means, level: float) -> Float[np.ndarray, " N"]:
    """Student's bound of each column: what its studentised mean stays within, on either side, at this level."""
    return np.asarray(student.ppf((1 + level) / 2, np.maximum(means.freedom, 1)))


def ends(means: Means, bound_N: Float[np.ndarray, " N"]) -> tuple[Float[np.ndarray, " N"], Float[np.ndarray, " N"]]:
    """The means whose transformed distance to the ones found is the bound, below and above."""
    low, high = _back(bound_N, means.skew), _back(-bound_N, means.skew)
    return means.mean - means.error * low, means.mean - means.error * high


def _back(bound: Float[np.ndarray, " N"], skew: Float[np.ndarray, " N"]) -> Float[np.ndarray, " N"]:
    """The studentised mean T whose transform  T + a T²/3 + a² T³/27 + a/6  is the bound, for a = γ/√G."""
    some = np.where(np.abs(skew) < _TINY, 1.0, skew)
    root = 3 / some * (np.cbrt(1 + some * (bound - some / 6)) - 1)
    return np.where(np.abs(skew) < _TINY, bound, root)


def chances(means: Means) -> Float[np.ndarray, " N"]:
    """Two-sided p-values of each mean against zero; 0 where a mean other than zero never varies."""
    p = np.where((means.mean == 0) | (means.freedom == 0), 1.0, 0.0)
    moves = (means.error > _TINY * np.abs(means.mean)) & (means.freedom > 0)
    score, skew = means.mean[moves] / means.error[moves], means.skew[moves]
    transformed = score + skew * score**2 / 3 + skew**2 * score**3 / 27 + skew / 6
    p[moves] = 2 * student.sf(np.abs(transformed), means.freedom[moves])
    return p


def cluster_draws(clusters: Sequence[str], resamples: int, seed: int) -> Float[np.ndarray, "R I"]:
    """Weights of items, summing to one, in bootstrap resamples of whole clusters.

    Davison and Hinkley, *Bootstrap Methods and their Application* (1997), section 3.8.
    """
    names, place = np.unique(np.asarray(clusters), return_inverse=True)
    drawn = np.random.default_rng(seed).multinomial(len(names), np.full(len(names), 1 / len(names)), size=resamples)
    weights = drawn[:, place].astype(float)
    return weights / weights.sum(1, keepdims=True)
