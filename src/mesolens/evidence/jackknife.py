"""Intervals of figures that are no means, by leaving out one cluster at a time.

With θ the figure over G clusters and θ₋g that without the g-th, the error of θ is

    se² = (G − 1)/G · Σ (θ₋g − θ̄₋)² ,

and θ ± t·se, with Student's t at G − 1 degrees of freedom, is the interval (Tukey, *Bias and confidence in not-quite
large samples*, Annals of Mathematical Statistics 29, 1958; Wolter, *Introduction to Variance Estimation*, 2007, chapter
4, on clusters). A figure with bounds is put on a scale without them first, by whoever asks. One that stays on its own
scale may be skewed: then θ + (G − 1)·(θ̄₋ − θ₋g) are taken for values of clusters, and the interval of their mean is
freed from skew (:mod:`mesolens.evidence.clusters`).

No draws, so it is the same on every machine. With few clusters it covers better than percentiles of a bootstrap, and
where resampling gives a figure twins of its own items, as it does a reliability, those seldom cover at all.
"""

import numpy as np
from jaxtyping import Float
from scipy.stats import t as student

from mesolens.evidence.clusters import cluster_intervals


def jackknifed(
    whole_N: Float[np.ndarray, " N"], without_GN: Float[np.ndarray, "G N"], *, level: float = 0.95
) -> tuple[Float[np.ndarray, " N"], Float[np.ndarray, " N"]]:
    """Ends of each figure's interval, from the figure over all clusters and those without each; infinite below two.

    Of a mean over clusters it is Student's interval:

    >>> values = np.array([1.0, 2.0, 6.0])
    >>> low, high = jackknifed(values.mean(keepdims=True), ((9 - values) / 2)[:, None], level=0.5)
    >>> round(float(low[0]), 3), round(float(high[0]), 3)
    (1.753, 4.247)
    """
    count = len(without_GN)
    if count < 2:
        return np.full_like(whole_N, -np.inf), np.full_like(whole_N, np.inf)
    error = np.sqrt((count - 1) * without_GN.var(0))
    reach = float(student.ppf((1 + level) / 2, count - 1)) * error
    return whole_N - reach, whole_N + reach


def jackknifed_skewed(
    whole_N: Float[np.ndarray, " N"], without_GN: Float[np.ndarray, "G N"], *, level: float = 0.95
) -> tuple[Float[np.ndarray, " N"], Float[np.ndarray, " N"]]:
    """As :func:`jackknifed`, freed from skew; clusters without which there is no figure (NaN) are left out."""
    count = len(without_GN)
    values_GN = whole_N + (count - 1) * (_mean(without_GN) - without_GN)
    found = cluster_intervals(values_GN, [str(k) for k in range(count)], level=level)
    return found if found is not None else (np.full_like(whole_N, -np.inf), np.full_like(whole_N, np.inf))


def _mean(values_GN: Float[np.ndarray, "G N"]) -> Float[np.ndarray, " N"]:
    count = (~np.isnan(values_GN)).sum(0)
    return np.nansum(values_GN, 0) / np.maximum(count, 1)
