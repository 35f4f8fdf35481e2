"""Means over tokens of texts that differ in length, with intervals for which only whole clusters of texts are drawn.

The mean of column n is Σ_i s_in / Σ_i n_i, with s_in text i's sum and n_i its tokens: a ratio, since a resample changes
its tokens too. Intervals are percentiles of that ratio over resamples of clusters (:func:`cluster_draws`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from mesolens.evidence.clusters import cluster_draws

RESAMPLES = 1000
LEAST_CLUSTERS = 2


@dataclass(frozen=True, slots=True)
class Pooled:
    """Token means of N columns.

    Attributes:
        mean: NaN where there is no token.
        low, high: ends of the 95 % interval; NaN with fewer than two clusters.
    """

    mean: Float[np.ndarray, " N"]
    low: Float[np.ndarray, " N"]
    high: Float[np.ndarray, " N"]


def pooled(
    sums_IN: Float[np.ndarray, "I N"],
    tokens_I: Float[np.ndarray, " I"],
    clusters: Sequence[str],
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
    level: float = 0.95,
) -> Pooled:
    """The means of all columns over the tokens of all texts.

    >>> found = pooled(np.array([[1.0], [4.0]]), np.array([1.0, 4.0]), ["a", "b"])
    >>> found.mean.tolist(), found.low.tolist(), found.high.tolist()
    ([1.0], [1.0], [1.0])
    """
    total = float(tokens_I.sum())
    nothing = np.full(sums_IN.shape[1], np.nan)
    if not total:
        return Pooled(nothing, nothing, nothing)
    mean = sums_IN.sum(0) / total
    if len(set(clusters)) < LEAST_CLUSTERS:
        return Pooled(mean, nothing, nothing)
    weights_RI = cluster_draws(clusters, resamples, seed)
    drawn_R = weights_RI @ tokens_I
    drawn_RN = np.divide(weights_RI @ sums_IN, drawn_R[:, None], where=drawn_R[:, None] > 0, out=_rows(mean, resamples))
    low, high = np.quantile(drawn_RN, [(1 - level) / 2, (1 + level) / 2], axis=0)
    return Pooled(mean, low, high)


def difference(
    sums_IN: Float[np.ndarray, "I N"],
    tokens_I: Float[np.ndarray, " I"],
    clusters: Sequence[str],
    first_I: Sequence[bool] | np.ndarray,
    *,
    resamples: int = RESAMPLES,
    seed: int = 0,
) -> Pooled:
    """The mean over some texts less that over the others, each side's clusters drawn for themselves."""
    first = np.asarray(first_I, bool)
    sides = [_side(sums_IN, tokens_I, clusters, part, resamples, seed + k) for k, part in enumerate((first, ~first))]
    gap = sides[0] - sides[1]
    mean = sums_IN[first].sum(0) / tokens_I[first].sum() - sums_IN[~first].sum(0) / tokens_I[~first].sum()
    low, high = np.quantile(gap, [0.025, 0.975], axis=0)
    return Pooled(mean, low, high)


def _side(
    sums_IN: np.ndarray, tokens_I: np.ndarray, clusters: Sequence[str], part: np.ndarray, resamples: int, seed: int
) -> Float[np.ndarray, "R N"]:
    weights_RI = cluster_draws([c for c, inside in zip(clusters, part, strict=True) if inside], resamples, seed)
    return (weights_RI @ sums_IN[part]) / (weights_RI @ tokens_I[part])[:, None]


def _rows(row_N: Float[np.ndarray, " N"], count: int) -> Float[np.ndarray, "R N"]:
    return np.repeat(row_N[None, :], count, axis=0)
