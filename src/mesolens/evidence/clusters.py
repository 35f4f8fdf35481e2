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
from jaxtyping import Float
from scipy.stats import t as student

_TINY = 1e-12


@dataclass(frozen=True, slots=True)
class Means:
    """Means of N columns over items in G clusters.

    Attributes:
        mean: over items.
        error: its cluster-robust standard error.
        skew: γ/√G, where γ is the skewness over clusters; 0 where it cannot be told.
        freedom: G − 1.
    """

    mean: Float[np.ndarray, " N"]
    error: Float[np.ndarray, " N"]
    skew: Float[np.ndarray, " N"]
    freedom: int


def cluster_means(values_IN: Float[np.ndarray, "I N"], clusters: Sequence[str]) -> Means | None:
    """The means with what is known of their errors; None when there are fewer than two clusters."""
    names, place = np.unique(np.asarray(clusters), return_inverse=True)
    count = len(names)
    if count < 2:
        return None
    sizes = np.bincount(place).astype(float)
    sums = (place == np.arange(count)[:, None]).astype(float) @ values_IN
    mean = sums.sum(0) / sizes.sum()
    off = (sums - sizes[:, None] * mean) * (count / sizes.sum())
    spread = np.sqrt((off**2).sum(0) / (count - 1))
    skew = np.zeros_like(mean)
    told = spread > _TINY * np.abs(values_IN).max(0, initial=0.0)
    if count > 2:
        cubes = ((off[:, told] / spread[told]) ** 3).sum(0)
        skew[told] = cubes * np.sqrt(count) / ((count - 1) * (count - 2))
    return Means(mean, spread / np.sqrt(count), skew, count - 1)


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
    if means is None:
        return None
    bound = float(student.ppf((1 + level) / 2, means.freedom))
    return means.mean - means.error * _back(bound, means.skew), means.mean - means.error * _back(-bound, means.skew)


def _back(bound: float, skew: Float[np.ndarray, " N"]) -> Float[np.ndarray, " N"]:
    """The studentised mean T whose transform  T + a T²/3 + a² T³/27 + a/6  is the bound, for a = γ/√G."""
    some = np.where(np.abs(skew) < _TINY, 1.0, skew)
    root = 3 / some * (np.cbrt(1 + some * (bound - some / 6)) - 1)
    return np.where(np.abs(skew) < _TINY, bound, root)


def chances(means: Means) -> Float[np.ndarray, " N"]:
    """Two-sided p-values of each mean against zero; 0 where a mean other than zero never varies."""
    p = np.where(means.mean == 0, 1.0, 0.0)
    moves = means.error > _TINY * np.abs(means.mean)
    score, skew = means.mean[moves] / means.error[moves], means.skew[moves]
    p[moves] = 2 * student.sf(np.abs(score + skew * score**2 / 3 + skew**2 * score**3 / 27 + skew / 6), means.freedom)
    return p


def cluster_draws(clusters: Sequence[str], resamples: int, seed: int) -> Float[np.ndarray, "R I"]:
    """Weights of items, summing to one, in bootstrap resamples of whole clusters.

    Davison and Hinkley, *Bootstrap Methods and their Application* (1997), section 3.8.
    """
    names, place = np.unique(np.asarray(clusters), return_inverse=True)
    drawn = np.random.default_rng(seed).multinomial(len(names), np.full(len(names), 1 / len(names)), size=resamples)
    weights = drawn[:, place].astype(float)
    return weights / weights.sum(1, keepdims=True)
