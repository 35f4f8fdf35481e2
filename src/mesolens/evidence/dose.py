"""The dose that breaks a voice: at which strength of an angle is its share down to half of what it was without?

Shares at strengths s₀ = 0 < … < s_S are made to fall (least squares over sequences that never rise, weighted by the
number of replies) and joined by straight lines; the dose is where the line is at half of its start. The interval is of
all strengths at which the share might as well be half of its start: where the interval of the mean over items of

    v(s) − v(0)/2 ,

a cluster interval (:mod:`mesolens.evidence.clusters`) whose ends are made to fall too, holds zero (Fieller, *Some
problems in interval estimation*, JRSS B 16, 1954). It has no upper end where the share may not fall to half at all.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.optimize import isotonic_regression

from mesolens.evidence.clusters import cluster_intervals

_STEPS = 16
_FAR = 1e9
_ENDS = (-_FAR, _FAR)


@dataclass(frozen=True, slots=True)
class Dose:
    """Where a share falls to half.

    Attributes:
        value: the strength; None where the share does not fall to half by the greatest strength tried.
        low: it takes this much at least. Where `value` is None this is a one-sided bound, and at the greatest strength
            it says that the voice does not break at all.
        high: it takes this much at most; None where it may not break at all.
        shares: the falling fit at each strength.
    """

    value: float | None
    low: float
    high: float | None
    shares: Float[np.ndarray, " S"]


def break_dose(
    values_IS: Float[np.ndarray, "I S"],
    strengths_S: Float[np.ndarray, " S"],
    clusters: Sequence[str],
    *,
    level: float = 0.95,
) -> Dose:
    """The dose for one angle, from the share of the voice in each item's reply at each strength; NaN is missing.

    >>> strengths = np.array([0.0, 0.5, 1.0])
    >>> found = break_dose(np.tile([1.0, 0.75, 0.25], (6, 1)), strengths, [*"abcdef"])
    >>> found.value, found.low, found.high
    (0.75, 0.75, 0.75)
    >>> break_dose(np.ones((6, 3)), strengths, [*"abcdef"]).value is None
    True

    Raises:
        ValueError: strengths do not rise from 0, a strength has no reply, or the share is 0 without the angle.
    """
    there_IS = ~np.isnan(values_IS)
    if strengths_S[0] != 0 or (np.diff(strengths_S) <= 0).any() or not there_IS.any(0).all():
        raise ValueError(f"strengths {strengths_S.tolist()} must rise from 0, with a reply at each")
    count_S = there_IS.sum(0).astype(float)
    shares_S = _falling(np.nansum(values_IS, 0) / count_S, count_S)
    if shares_S[0] <= 0:
        raise ValueError("the share is 0 without the angle, so no strength can halve it")
    value, greatest = crossing(shares_S - shares_S[0] / 2, strengths_S), float(strengths_S[-1])
    never = bool(np.isinf(value))
    low, high = _ends(values_IS, strengths_S, clusters, 2 * level - 1 if never else level)
    return Dose(
        None if never else value,
        min(low, value, greatest),
        None if never or np.isinf(high) else max(high, value),
        shares_S,
    )


def _ends(
    values_IS: Float[np.ndarray, "I S"], strengths_S: Float[np.ndarray, " S"], clusters: Sequence[str], level: float
) -> tuple[float, float]:
    """Between which strengths the share might be half of its start."""
    places_M = np.linspace(0, len(strengths_S) - 1, (len(strengths_S) - 1) * _STEPS + 1)
    before_M, part_M = places_M.astype(int), places_M % 1
    after_M = np.minimum(before_M + 1, len(strengths_S) - 1)
    start_IM, end_IM = values_IS[:, before_M], values_IS[:, after_M]
    between_IM = np.where(part_M > 0, start_IM + part_M * (end_IM - start_IM), start_IM)
    found = cluster_intervals(between_IM - values_IS[:, :1] / 2, clusters, level=level)
    if found is None:
        return 0.0, np.inf
    fine_M = np.interp(places_M, np.arange(len(strengths_S)), strengths_S)
    low_M, high_M = (
        np.nan_to_num(end, nan=far, posinf=_FAR, neginf=-_FAR) for end, far in zip(found, _ENDS, strict=True)
    )
    weights_M = np.ones(len(fine_M))
    return crossing(_falling(low_M, weights_M), fine_M), crossing(_falling(high_M, weights_M), fine_M)


def _falling(means_S: Float[np.ndarray, " S"], weights_S: Float[np.ndarray, " S"]) -> Float[np.ndarray, " S"]:
    return np.asarray(isotonic_regression(means_S, weights=weights_S, increasing=False).x)


def crossing(falling_S: Float[np.ndarray, " S"], strengths_S: Float[np.ndarray, " S"]) -> float:
    """The strength at which a falling line reaches zero; infinite where it stays above.

    >>> crossing(np.array([1.0, 0.25, -0.25]), np.array([0.0, 0.5, 1.0])), crossing(np.ones(2), np.array([0.0, 1.0]))
    (0.75, inf)
    """
    reached = np.flatnonzero(falling_S <= 0)
    if not len(reached):
        return float("inf")
    after = max(int(reached[0]), 1)
    upper, lower = falling_S[after - 1], falling_S[after]
    part = min(upper / (upper - lower), 1.0) if upper > 0 else 0.0
    return float(strengths_S[after - 1] + part * (strengths_S[after] - strengths_S[after - 1]))
