"""How well a number foretells breakage: the area under the ROC curve, and which of several numbers does it better.

The area is the chance that a broken reply's number is above that of one that held, ties counted half (Mann and Whitney,
*On a test of whether one of two random variables is stochastically larger than the other*, Annals of Mathematical
Statistics 18, 1947). It is a sum over pairs, and so over pairs of clusters: with U[g, h] the pairs won by broken
replies of cluster g over held ones of h, and D[g, h] all such pairs, the area is ΣU/ΣD. With strata only pairs within
one stratum count, such as replies of like length, so that a number that only tells length foretells nothing.

Intervals leave out one cluster at a time, with its row and its column (:mod:`mesolens.evidence.jackknife`), on the
logit scale with half a pair added to each side; the variance of DeLong over clusters (Obuchowski, *Nonparametric
analysis of clustered ROC curve data*, Biometrics 53, 1997) is its limit for many clusters, and too small for few. Where
all pairs agree, no spread tells, and the interval reaches to what m draws that agree allow, m clusters having the rarer
of the two outcomes (Clopper and Pearson, Biometrika 26, 1934).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.special import expit

from mesolens.evidence.jackknife import jackknifed, jackknifed_skewed


@dataclass(frozen=True, slots=True)
class Areas:
    """Areas of P numbers; ½ is chance. NaN where no pair can be compared.

    Attributes:
        low, high: ends of each area's interval.
        difference: [p, q] is the area of p less that of q; `difference_low` and `difference_high` are its ends.
        broken, held: how many replies did and did not break.
    """

    value: Float[np.ndarray, " P"]
    low: Float[np.ndarray, " P"]
    high: Float[np.ndarray, " P"]
    difference: Float[np.ndarray, "P P"]
    difference_low: Float[np.ndarray, "P P"]
    difference_high: Float[np.ndarray, "P P"]
    broken: int
    held: int


def areas(
    numbers_IP: Float[np.ndarray, "I P"],
    broken_I: Bool[np.ndarray, " I"],
    clusters: Sequence[str],
    strata_I: Int[np.ndarray, " I"] | None = None,
    *,
    level: float = 0.95,
) -> Areas:
    """The area of each number, larger values foretelling breakage. A NaN leaves a reply out for that number only.

    >>> numbers, broken = np.array([[1.0, 4.0], [2.0, 3.0], [3.0, 3.0], [4.0, 1.0]]), np.array([0, 0, 1, 1], bool)
    >>> areas(numbers, broken, [*"abcd"]).value.tolist()
    [1.0, 0.125]
    """
    place_I = np.unique(np.asarray(clusters), return_inverse=True)[1]
    strata_I = np.zeros(len(broken_I), int) if strata_I is None else strata_I
    pairs = [_pairs(number_I, broken_I, place_I, strata_I) for number_I in numbers_IP.T]
    won_P, all_P = (np.array([part.sum() for part in side]) for side in zip(*pairs, strict=True))
    won_GP, all_GP = (np.stack([_without(part) for part in side], axis=1) for side in zip(*pairs, strict=True))
    value = np.divide(won_P, all_P, out=np.full(len(pairs), np.nan), where=all_P > 0)
    low, high = (expit(end) for end in jackknifed(_logits(won_P, all_P), _logits(won_GP, all_GP), level=level))
    low, high = _sure(value, low, high, _rarer(broken_I, place_I), (1 - level) / 2)
    value_GP = np.divide(won_GP, all_GP, out=np.full(won_GP.shape, 0.5), where=all_GP > 0)
    apart_GPP = value_GP[:, :, None] - value_GP[:, None, :]
    apart = value[:, None] - value
    ends = jackknifed_skewed(apart.ravel(), apart_GPP.reshape(len(value_GP), -1), level=level)
    below, above = (end.reshape(apart.shape) for end in ends)
    return Areas(value, low, high, apart, below, above, int(broken_I.sum()), int((~broken_I).sum()))


def strata_of(lengths_I: Float[np.ndarray, " I"], count: int) -> Int[np.ndarray, " I"]:
    """Strata of like length, about as many replies in each; replies of one length are never parted.

    >>> strata_of(np.array([1.0, 1.0, 1.0, 2.0, 9.0, 9.0]), 2).tolist()
    [0, 0, 0, 1, 1, 1]
    """
    edges = np.quantile(lengths_I, np.arange(1, count) / count, method="inverted_cdf")
    return np.searchsorted(np.unique(edges), lengths_I, side="left")


def _pairs(
    number_I: Float[np.ndarray, " I"],
    broken_I: Bool[np.ndarray, " I"],
    place_I: Int[np.ndarray, " I"],
    strata_I: Int[np.ndarray, " I"],
) -> tuple[Float[np.ndarray, "G G"], Float[np.ndarray, "G G"]]:
    """Pairs won by broken replies of one cluster over held ones of another, and all of them."""
    groups, there = int(place_I.max()) + 1, ~np.isnan(number_I)
    steps_S2, step_I = np.unique(np.stack([strata_I[there], number_I[there]], 1), axis=0, return_inverse=True)
    broken_I, place_I, step_I = broken_I[there], place_I[there], step_I.reshape(-1)
    held_SG = np.zeros((len(steps_S2) + 1, groups))
    np.add.at(held_SG, (step_I[~broken_I] + 1, place_I[~broken_I]), 1.0)
    upto_SG = held_SG.cumsum(0)
    first_S = np.searchsorted(steps_S2[:, 0], steps_S2[:, 0], side="left")
    after_S = np.searchsorted(steps_S2[:, 0], steps_S2[:, 0], side="right")
    at = step_I[broken_I]
    won_BG = (upto_SG[at] + upto_SG[at + 1]) / 2 - upto_SG[first_S[at]]
    all_BG = upto_SG[after_S[at]] - upto_SG[first_S[at]]
    member_GB = (place_I[broken_I] == np.arange(groups)[:, None]).astype(float)
    return member_GB @ won_BG, member_GB @ all_BG


def _without(pairs_GG: Float[np.ndarray, "G G"]) -> Float[np.ndarray, " G"]:
    return pairs_GG.sum() - pairs_GG.sum(0) - pairs_GG.sum(1) + np.diag(pairs_GG)


def _logits(won: Float[np.ndarray, "*G P"], total: Float[np.ndarray, "*G P"]) -> Float[np.ndarray, "*G P"]:
    return np.log((won + 0.5) / (total - won + 0.5))


def _rarer(broken_I: Bool[np.ndarray, " I"], place_I: Int[np.ndarray, " I"]) -> int:
    return min(len(np.unique(place_I[broken_I])), len(np.unique(place_I[~broken_I])))


def _sure(
    value: Float[np.ndarray, " P"], low: Float[np.ndarray, " P"], high: Float[np.ndarray, " P"], rarer: int, tail: float
) -> tuple[Float[np.ndarray, " P"], Float[np.ndarray, " P"]]:
    """Ends where all pairs agree, and where there is none."""
    reach = tail ** (1 / max(rarer, 1))
    low, high = (np.where(np.isnan(value), end, found) for end, found in ((0.0, low), (1.0, high)))
    low = np.where(value == 1, np.minimum(low, reach), low)
    high = np.where(value == 0, np.maximum(high, 1 - reach), high)
    return np.where(value == 0, 0.0, low), np.where(value == 1, 1.0, high)
