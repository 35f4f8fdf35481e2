"""True shares of outcomes behind the ones observed, when the classifier is known to err.

With M[t, o] the rate at which a reply of true outcome t is called o, observed shares are q = π M, so

    π = q M⁻¹, projected on the simplex,

the nearest point whose shares are at least zero and sum to one. For two outcomes it is the estimate of Rogan and Gladen
(*Estimating prevalence from the results of a screening test*, American Journal of Epidemiology 107, 1978), which shows
a false-alarm rate α taken off: (q − α)/(1 − α).

Intervals are percentiles over draws in which neither q nor M is known: q from a Dirichlet with what the items are worth
(:func:`mesolens.evidence.proportions.worths`), each row of M from one with its calibration counts, and ½ added to each
cell, so that an error that was never seen is not taken for one that cannot be.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from mesolens.evidence.proportions import worths

LEAST_SEPARATION = 0.2
"""Separation below which observed shares say too little of the true ones for a correction to mean anything."""

_CERTAIN = 1e12


@dataclass(frozen=True, slots=True)
class Rates:
    """Corrected shares of C outcomes in N groups.

    Attributes:
        observed: shares as they were classified; NaN for a group with no reply.
        share: corrected; each row sums to one.
        low, high: ends of each share's interval; 0 and 1 where nothing is known.
        separation: the least singular value of M: 1 when nothing is ever mistaken, 0 when two outcomes look alike.
    """

    observed: Float[np.ndarray, "N C"]
    share: Float[np.ndarray, "N C"]
    low: Float[np.ndarray, "N C"]
    high: Float[np.ndarray, "N C"]
    separation: float

    @property
    def refused(self) -> bool:
        """Whether the classifier separates the outcomes too little for corrected shares to be shown."""
        return self.separation < LEAST_SEPARATION


def corrected(
    outcomes_INC: Float[np.ndarray, "I N C"],
    clusters: Sequence[str],
    calibration_CC: Float[np.ndarray, "C C"],
    *,
    draws: int = 2000,
    seed: int = 0,
    level: float = 0.95,
) -> Rates:
    """Shares of each group over items, with the classifier's errors taken off.

    `outcomes_INC` has a row of shares for each reply (one-hot for a label, NaN where it is missing); `calibration_CC`
    counts held-out replies of known outcome (rows) by what they were called (columns).

    >>> called = one_hot(np.array([[0]] * 90 + [[2]] * 10), 3)
    >>> found = corrected(called, [str(k) for k in range(100)], known_alarm(0.05, 400))
    >>> found.observed.round(3).tolist(), found.share.round(3).tolist()
    ([[0.9, 0.0, 0.1]], [[0.947, 0.0, 0.053]])

    Raises:
        ValueError: an outcome has no calibration reply.
    """
    totals_C = calibration_CC.sum(1)
    if not (totals_C > 0).all():
        raise ValueError(f"outcome {int(np.argmin(totals_C))} has no calibration reply, so its errors are unknown")
    observed_NC, worth_N = worths(outcomes_INC, clusters)
    rng, rates_CC = np.random.default_rng(seed), calibration_CC / totals_C[:, None]
    known_N = worth_N > 0
    drawn_RNC = _dirichlet(rng, worth_N[:, None] * np.nan_to_num(observed_NC), draws)
    solved_RNC = _solved(drawn_RNC, _dirichlet(rng, calibration_CC, draws))
    share_NC = _solved(observed_NC, rates_CC)
    low_NC, high_NC = np.quantile(solved_RNC, [(1 - level) / 2, (1 + level) / 2], axis=0)
    low_NC = np.where(known_N[:, None], np.fmin(low_NC, share_NC), 0.0)
    high_NC = np.where(known_N[:, None], np.fmax(high_NC, share_NC), 1.0)
    return Rates(observed_NC, share_NC, low_NC, high_NC, float(np.linalg.svd(rates_CC, compute_uv=False)[-1]))


def one_hot(labels_IN: Int[np.ndarray, "I N"], classes: int) -> Float[np.ndarray, "I N C"]:
    """Labels 0, 1, … as rows of shares; a negative label is a missing reply, and its row is NaN."""
    rows = (labels_IN[..., None] == np.arange(classes)).astype(float)
    return np.where(labels_IN[..., None] < 0, np.nan, rows)


def known_alarm(rate: float, replies: int) -> Float[np.ndarray, "3 3"]:
    """The calibration of own, other and no one where all that is known to err is a test of coherence.

    It flags a part `rate` of the model's own replies, as set by `replies` clean ones; voices are never mistaken.
    """
    found = np.diag([replies * (1 - rate), _CERTAIN, _CERTAIN])
    found[0, 2] = replies * rate
    return found


def _dirichlet(rng: np.random.Generator, counts: Float[np.ndarray, "N C"], draws: int) -> Float[np.ndarray, "R N C"]:
    gammas = rng.standard_gamma(counts + 0.5, (draws, *counts.shape))
    return gammas / gammas.sum(-1, keepdims=True)


def _solved(shares: Float[np.ndarray, "*R N C"], rates: Float[np.ndarray, "*R C C"]) -> Float[np.ndarray, "*R N C"]:
    return on_simplex(shares @ np.linalg.pinv(rates))


def on_simplex(points: Float[np.ndarray, "*R C"]) -> Float[np.ndarray, "*R C"]:
    """The nearest point of the simplex to each (Duchi et al., *Efficient projections onto the l1-ball*, ICML 2008).

    >>> on_simplex(np.array([[0.5, 0.7], [1.5, -0.5]])).round(3).tolist()
    [[0.4, 0.6], [1.0, 0.0]]
    """
    falling = -np.sort(-points, axis=-1)
    places = np.arange(1, points.shape[-1] + 1)
    shift = (np.cumsum(falling, axis=-1) - 1) / places
    last = (falling > shift).sum(-1, keepdims=True) - 1
    return np.maximum(points - np.take_along_axis(shift, np.maximum(last, 0), -1), 0.0)
