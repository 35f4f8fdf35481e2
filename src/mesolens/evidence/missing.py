"""Replies that are missing, shown as what they could at worst and at best have been.

A reply can be missing for a reason that has to do with what it would have said, so none is guessed. With missing values
set to the lowest and to the highest that they can take, the mean lies for certain between two means, l and u (Manski,
*Nonparametric bounds on treatment effects*, American Economic Review 80, 1990). The interval reaches a bound beyond
each of these, where the bound c solves

    F(c + (u − l)/max(se_l, se_u)) − F(−c) = level ,

so that the true mean, wherever between them it lies, is covered at that level: c falls from the two-sided quantile
where nothing is missing to the one-sided one where much is (Imbens and Manski, *Confidence intervals for partially
identified parameters*, Econometrica 72, 2004). F is Student's, and bounds are freed from skew, as in
:mod:`mesolens.evidence.clusters`.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from scipy.stats import t as student

from mesolens.evidence.clusters import cluster_means, ends

_HALVINGS = 50


@dataclass(frozen=True, slots=True)
class Bounds:
    """Means of N columns that miss values.

    Attributes:
        missing: the part of the items that has no value.
        least, most: the mean with every missing value at its lowest and at its highest.
        low, high: ends of the interval of the mean, never outside of what values can take.
    """

    missing: Float[np.ndarray, " N"]
    least: Float[np.ndarray, " N"]
    most: Float[np.ndarray, " N"]
    low: Float[np.ndarray, " N"]
    high: Float[np.ndarray, " N"]


def bounded(
    values_IN: Float[np.ndarray, "I N"],
    clusters: Sequence[str],
    *,
    lowest: float = 0.0,
    highest: float = 1.0,
    level: float = 0.95,
) -> Bounds:
    """Bounds of each column's mean over *all* items, those with a NaN included.

    >>> found = bounded(np.array([[1.0], [0.0], [np.nan], [1.0]]), [*"abcd"])
    >>> found.missing.tolist(), found.least.tolist(), found.most.tolist()
    ([0.25], [0.5], [0.75])

    Raises:
        ValueError: a value lies outside of what values are said to take.
    """
    lacks = np.isnan(values_IN)
    if (np.where(lacks, lowest, values_IN) < lowest).any() or (np.where(lacks, highest, values_IN) > highest).any():
        raise ValueError(
            f"values from {np.nanmin(values_IN):g} to {np.nanmax(values_IN):g} are not in {lowest:g} to {highest:g}"
        )
    under, over = (np.where(lacks, value, values_IN) for value in (lowest, highest))
    least, most = under.mean(0), over.mean(0)
    below, above = cluster_means(under, clusters), cluster_means(over, clusters)
    if below is None or above is None:
        return Bounds(lacks.mean(0), least, most, np.full_like(least, lowest), np.full_like(most, highest))
    errors = np.maximum(below.error, above.error)
    gap = np.divide(most - least, errors, out=np.where(most > least, np.inf, 0.0), where=errors > 0)
    reach = _reach(gap, below.freedom, level)
    low, high = ends(below, reach)[0], ends(above, reach)[1]
    return Bounds(lacks.mean(0), least, most, np.maximum(low, lowest), np.minimum(high, highest))


def _reach(gap: Float[np.ndarray, " N"], freedom: Int[np.ndarray, " N"], level: float) -> Float[np.ndarray, " N"]:
    """The bound c, by bisection between the one-sided and the two-sided quantile."""
    low, high = (np.asarray(student.ppf(part, freedom)) for part in (level, (1 + level) / 2))
    for _ in range(_HALVINGS):
        middle = (low + high) / 2
        enough = student.cdf(middle + gap, freedom) - student.cdf(-middle, freedom) >= level
        low, high = np.where(enough, low, middle), np.where(enough, middle, high)
    return high
