"""False discoveries held in check: of many tests at once, which count, so that few of those that do are chance.

With p-values in order p₁ ≤ … ≤ p_m, the k-th is a discovery at rate q when some j ≥ k has p_j ≤ q·j/m; so the adjusted
p-value is min over j ≥ k of p_j·m/j, and a discovery is one whose adjusted value is at most q. Of the discoveries a
part of q at most is expected to be by chance (Benjamini and Hochberg, *Controlling the false discovery rate*, JRSS B
57, 1995).

That is strong where many tests are not null, and weak where one is: with twelve clusters no flip of signs has a p below
1/2048, so that among more than a hundred tests one alone is never a discovery. What tells it from the rest is that it
is larger than the largest of all under flips (:mod:`mesolens.evidence.worst`). :func:`either` takes half of the rate
for each: of those called by the first way a half of the rate at most is chance, and that anything at all is called by
chance in the second way has a probability of half of the rate at most; so the expected part is at most the rate.
"""

import numpy as np
from jaxtyping import Bool, Float
from scipy.stats import false_discovery_control


def adjusted(p: Float[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
    """Adjusted p-values of one family of any shape; a NaN is a test that was not made and stays NaN.

    >>> adjusted(np.array([0.01, 0.04, np.nan, 0.03])).round(3).tolist()
    [0.03, 0.04, nan, 0.04]
    """
    made = ~np.isnan(p)
    found = np.full(p.shape, np.nan)
    found[made] = false_discovery_control(p[made])
    return found


def either(p: Float[np.ndarray, "..."], worst: Float[np.ndarray, "..."]) -> Float[np.ndarray, "..."]:
    """Adjusted p-values of one family by either way: among its fellows (p), or as larger than the largest (`worst`).

    Twice the smaller of the two adjusted values; `worst` is adjusted already. A NaN in p stays NaN.

    >>> either(np.array([0.0005, 0.3, np.nan]), np.array([0.001, 1.0, 1.0])).tolist()
    [0.002, 0.6, nan]
    """
    found = adjusted(p)
    return np.where(np.isnan(found), np.nan, np.minimum(1.0, 2 * np.fmin(found, worst)))


def least(clusters: int) -> float:
    """The smallest adjusted value of one test among many that are null, by flips of so many clusters' signs.

    >>> least(12) < 0.05, least(6) < 0.05
    (True, False)
    """
    return min(1.0, 2 * 2.0 ** (1 - clusters))


def discoveries(p: Float[np.ndarray, "..."], *, rate: float = 0.05) -> Bool[np.ndarray, "..."]:
    """Which tests count; those that were not made (NaN) do not.

    >>> discoveries(np.array([[0.01, 0.9], [0.02, np.nan]])).tolist()
    [[True, False], [True, False]]
    """
    return adjusted(p) <= rate
