"""Is a trait's score reliable: would another set of items rank the same conditions in the same way?

Conditions (voices, angles) are all asked the same items, so what makes an item easy for all of them does no harm; what
does is that conditions differ from item to item in no steady way. Over C conditions and k items, with the mean squares
of conditions and of what neither conditions nor items explain,

    ρ² = (MS_conditions − MS_rest) / MS_conditions

estimates the part of the variance of mean scores over k items that is between conditions: the generalisability
coefficient for relative decisions (Cronbach, Gleser, Nanda and Rajaratnam, *The Dependability of Behavioral
Measurements*, 1972), which is also Cronbach's α with items as parts of a test, the mean over all split halves, and
ICC(C, k) of McGraw and Wong (*Forming inferences about some intraclass correlation coefficients*, Psychological Methods
1, 1996). Items of one template are alike, so the mean over a template is one item here.

Drawing items with replacement puts twins among them, which agree with each other and make every score look reliable: of
intervals by bootstrap as few as a quarter held the truth. So the interval comes from leaving out templates
(:mod:`mesolens.evidence.jackknife`), on the scale log(1 + k·v), with v = (MS_conditions/MS_rest − 1)/k free of k.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from mesolens.evidence.clusters import cluster_sums
from mesolens.evidence.jackknife import jackknifed

LEAST = 0.7
"""Reliability below which a trait's score is refused."""

_LEAST_RATIO = 1e-3


@dataclass(frozen=True, slots=True)
class Reliability:
    """How steady a score is over items.

    Attributes:
        value: ρ²; 1 is perfect, 0 or less is none; NaN where it cannot be told.
        low, high: ends of its interval.
        items: templates that it stands on: those that every condition has.
        refused: whether it is below :data:`LEAST`, or cannot be told.
    """

    value: float
    low: float
    high: float
    items: int
    refused: bool


def reliable(
    values_CI: Float[np.ndarray, "C I"], clusters: Sequence[str] | None = None, *, level: float = 0.95
) -> Reliability:
    """The reliability of mean scores over items; without clusters each item is one. NaN is a missing reply.

    Templates that some condition has no value for are left out, after conditions that have none at all.

    >>> scores = np.array([[1.0, 2.0, 1.5, 2.0], [5.0, 6.5, 6.0, 6.0], [9.0, 9.5, 9.0, 10.5]])
    >>> found = reliable(scores)
    >>> round(found.value, 3), found.items, found.refused
    (0.998, 4, False)
    """
    scores_CG = _complete(values_CI, clusters if clusters is not None else [str(k) for k in range(values_CI.shape[1])])
    conditions, count = scores_CG.shape
    if conditions < 2 or count < 3:
        return Reliability(np.nan, -np.inf, 1.0, count, True)
    others = ~np.eye(count, dtype=bool)
    whole = _ratio(scores_CG[None], count)
    without = _ratio(np.stack([scores_CG[:, keep] for keep in others]), count)
    low, high = jackknifed(np.log(whole), np.log(without)[:, None], level=level)
    value = 1 - 1 / float(whole[0])
    return Reliability(value, 1 - float(np.exp(-low[0])), 1 - float(np.exp(-high[0])), count, not value >= LEAST)


def _complete(values_CI: Float[np.ndarray, "C I"], clusters: Sequence[str]) -> Float[np.ndarray, "S G"]:
    """Means over templates, of the conditions and templates that have all."""
    sums_GC, sizes_GC = cluster_sums(values_CI.T, clusters)
    some_C = (sizes_GC > 0).any(0)
    all_G = (sizes_GC[:, some_C] > 0).all(1)
    return (sums_GC[:, some_C][all_G] / sizes_GC[:, some_C][all_G]).T


def _ratio(scores_BCG: Float[np.ndarray, "B C G"], count: int) -> Float[np.ndarray, " B"]:
    """MS_conditions over MS_rest, carried from the items at hand to `count` items."""
    conditions, items = scores_BCG.shape[1:]
    means_BC1, means_B1G = scores_BCG.mean(2, keepdims=True), scores_BCG.mean(1, keepdims=True)
    rest_BCG = scores_BCG - means_BC1 - means_B1G + scores_BCG.mean((1, 2), keepdims=True)
    rest_B = (rest_BCG**2).sum((1, 2)) / ((conditions - 1) * (items - 1))
    between_B = items * means_BC1[..., 0].var(1, ddof=1)
    rest_B = np.maximum(rest_B, np.finfo(float).tiny + 1e-12 * between_B)
    return np.maximum(1 + count * (between_B / rest_B - 1) / items, _LEAST_RATIO)
