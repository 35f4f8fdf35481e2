"""Conformal p-values: how strange a score is among scores that are known to be the model's own.

Of n clean scores and one more that is as clean as they are, each order is as likely as any other. So

    p = (1 + #{clean ≤ score}) / (1 + n)

is at most α in a part α of clean replies at most, whatever the scores are and however they are distributed (Vovk,
Gammerman and Shafer, *Algorithmic Learning in a Random World*, 2005). A low score is the strange one. Where the scores
fall in steps, ties make p too large; a uniform number for each reply, drawn beforehand, breaks them and makes p exactly
uniform. All p-values share one set of clean scores, so the part of clean replies that it flags varies from set to set
as a Beta(k, n + 1 − k) number with k = ⌊α(n + 1)⌋ does (Bates, Candès, Lei, Romano and Sesia, *Testing for outliers
with conformal p-values*, Annals of Statistics 51, 2023).

Scores depend on length, so each is ranked among clean replies of like length (:mod:`mesolens.evidence.lengths`). That
is exact where the distribution is one and the same across the neighbours, and so nearly where it changes slowly.
"""

import numpy as np
from jaxtyping import Float
from scipy.stats import beta

from mesolens.evidence.lengths import NEIGHBOURS, near


def ranks(
    scores_I: Float[np.ndarray, " I"],
    clean_C: Float[np.ndarray, " C"],
    lengths_I: Float[np.ndarray, " I"] | None = None,
    clean_lengths_C: Float[np.ndarray, " C"] | None = None,
    *,
    neighbours: int = NEIGHBOURS,
    uniforms_I: Float[np.ndarray, " I"] | None = None,
) -> Float[np.ndarray, " I"]:
    """The p-value of each score among clean ones of like length, or among all when no lengths are given.

    NaN where the score is missing; missing clean scores are left out. `uniforms_I`, numbers in [0, 1), break ties.

    >>> ranks(np.array([0.5, 2.0, 9.0]), np.array([1.0, 2.0, 3.0, 4.0])).tolist()
    [0.2, 0.6, 1.0]

    Raises:
        ValueError: lengths are given for one side only.
    """
    if (lengths_I is None) != (clean_lengths_C is None):
        raise ValueError("lengths are given for one side only: give those of the scores and of the clean ones, or none")
    there = ~np.isnan(clean_C)
    like_IC = np.ones((len(scores_I), int(there.sum())), bool)
    if lengths_I is not None and clean_lengths_C is not None:
        like_IC = near(lengths_I, clean_lengths_C[there], neighbours)
    below_I = (like_IC & (clean_C[there] < scores_I[:, None])).sum(1)
    level_I = 1 + (like_IC & (clean_C[there] == scores_I[:, None])).sum(1)
    part_I = level_I if uniforms_I is None else level_I * (1 - uniforms_I)
    return np.where(np.isnan(scores_I), np.nan, (below_I + part_I) / (1 + like_IC.sum(1)))


def alarms(alpha: float, clean: int, *, level: float = 0.95) -> tuple[float, float]:
    """Between which bounds the part of clean replies with p ≤ α lies, for one set of `clean` clean scores.

    >>> low, high = alarms(0.05, 300)
    >>> round(low, 3), round(high, 3)
    (0.028, 0.077)
    """
    flagged = int(alpha * (clean + 1) + 1e-9)
    if flagged == 0:
        return 0.0, 0.0
    low, high = (float(beta.ppf(part, flagged, clean + 1 - flagged)) for part in ((1 - level) / 2, (1 + level) / 2))
    return low, high
