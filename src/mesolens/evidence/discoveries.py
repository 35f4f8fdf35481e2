"""False discoveries held in check: of many tests at once, which count, so that few of those that do are chance.

With p-values in order p₁ ≤ … ≤ p_m, the k-th is a discovery at rate q when some j ≥ k has p_j ≤ q·j/m; so the adjusted
p-value is min over j ≥ k of p_j·m/j, and a discovery is one whose adjusted value is at most q. Of the discoveries a
part of q at most is expected to be by chance (Benjamini and Hochberg, *Controlling the false discovery rate*, JRSS B
57, 1995).
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


def discoveries(p: Float[np.ndarray, "..."], *, rate: float = 0.05) -> Bool[np.ndarray, "..."]:
    """Which tests count; those that were not made (NaN) do not.

    >>> discoveries(np.array([[0.01, 0.9], [0.02, np.nan]])).tolist()
    [[True, False], [True, False]]
    """
    return adjusted(p) <= rate
