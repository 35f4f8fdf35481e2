"""Intervals of shares of items, when items come in clusters and a share may well be none or all.

An interval from the spread over clusters has no width where all agree. So a share gets the interval that as many
independent items would give it as its clusters are worth: n* = x(1 − x)/se², with the cluster-robust error se, times
(t(n − 1)/t(G − 1))² for the freedom of G clusters (Korn and Graubard, *Confidence intervals for proportions with small
expected number of positive counts estimated from survey data*, Survey Methodology 24, 1998), at most n and, where all
agree, G. The interval is that of Jeffreys: quantiles of Beta(n*x + ½, n*(1 − x) + ½) (Brown, Cai and DasGupta,
*Interval estimation for a binomial proportion*, Statistical Science 16, 2001).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.stats import beta
from scipy.stats import t as student

from mesolens.evidence.clusters import cluster_means, cluster_sums


@dataclass(frozen=True, slots=True)
class Proportions:
    """Shares of N columns with their intervals.

    Attributes:
        share: of the items that have a value; NaN where none has.
        low, high: ends of the interval; 0 and 1 where nothing is known.
        worth: how many independent items would tell as much.
    """

    share: Float[np.ndarray, " N"]
    low: Float[np.ndarray, " N"]
    high: Float[np.ndarray, " N"]
    worth: Float[np.ndarray, " N"]


def proportions(hits_IN: Float[np.ndarray, "I N"], clusters: Sequence[str], *, level: float = 0.95) -> Proportions:
    """Share of items that are a hit (1, else 0; NaN where missing), column by column.

    >>> found = proportions(np.ones((20, 1)), [str(k // 2) for k in range(20)])
    >>> found.share.tolist(), found.low.round(2).tolist(), found.high.tolist(), found.worth.tolist()
    ([1.0], [0.78], [1.0], [10.0])
    """
    shares_NC, worth = worths(hits_IN[..., None], clusters)
    share, tail = shares_NC[:, 0], (1 - level) / 2
    hits = worth * np.nan_to_num(share)
    misses = worth - hits
    low = np.where(hits > 0, beta.ppf(tail, hits + 0.5, misses + 0.5), 0.0)
    high = np.where(misses > 0, beta.ppf(1 - tail, hits + 0.5, misses + 0.5), 1.0)
    return Proportions(share, low, high, worth)


def worths(
    hits_INC: Float[np.ndarray, "I N C"], clusters: Sequence[str]
) -> tuple[Float[np.ndarray, "N C"], Float[np.ndarray, " N"]]:
    """Share of each of C outcomes, and how many independent items would tell as much of them together."""
    flat = hits_INC.reshape(len(hits_INC), -1)
    sums, sizes = (part.reshape(-1, *hits_INC.shape[1:]) for part in cluster_sums(flat, clusters))
    count_N, groups_N = sizes[..., 0].sum(0), (sizes[..., 0] > 0).sum(0)
    share_NC = np.divide(sums.sum(0), count_N[:, None], out=np.full(sums.shape[1:], np.nan), where=count_N[:, None] > 0)
    means = cluster_means(flat, clusters)
    if means is None:
        return share_NC, np.minimum(count_N, 1.0)
    varies_N = (share_NC * (1 - share_NC)).sum(1)
    errors_N = (means.error.reshape(share_NC.shape) ** 2).sum(1)
    items, groups = (np.asarray(student.ppf(0.975, np.maximum(n - 1, 1))) for n in (count_N, groups_N))
    told_N = (groups_N > 1) & (errors_N > 0)
    worth_N = np.divide(varies_N, errors_N, out=groups_N.astype(float), where=told_N)
    worth_N[told_N] *= (items / groups)[told_N] ** 2
    return share_NC, np.clip(worth_N, np.minimum(count_N, 1.0), count_N)
