"""Voices as a posterior: how sharply log-likelihoods tell who speaks, fitted on replies whose speaker is known.

With L_k the log-likelihood of a whole reply under voice k, in nats, the posterior over voices is

    r = softmax(T · L) ,

and T is the one that makes known speakers likeliest, by −Σ log r[speaker] over replies (Guo, Pleiss, Sun and
Weinberger, *On calibration of modern neural networks*, ICML 2017, who divide by a temperature where we multiply). T = 1
takes likelihoods at their word; below it, tokens of one reply are not independent evidence; T = 0 is a bank whose
voices cannot be told apart. Where every known speaker is the likeliest voice, sharper would be better without end; so
(log T)²/(2·2²) is added, which n replies that disagree outweigh.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax
from scipy.stats import binomtest

SPREAD = 2.0
"""Standard deviation of log T that is expected before any reply is seen: a factor of 7 either way."""

_SOFTEST, _SHARPEST = -14.0, 9.0


def posterior(totals_IK: Float[np.ndarray, "I K"], sharpness: float) -> Float[np.ndarray, "I K"]:
    """The posterior over voices of each reply, from log-likelihoods of whole replies in nats.

    >>> posterior(np.array([[-1.0, -1.0 - np.log(3)]]), 1.0).round(3).tolist()
    [[0.75, 0.25]]
    """
    return np.asarray(softmax(sharpness * totals_IK, axis=1))


def fitted(totals_IK: Float[np.ndarray, "I K"], voices_I: Int[np.ndarray, " I"], *, balanced: bool = True) -> float:
    """T, from replies of known voices; `balanced`: each voice counts the same, however many replies it has.

    >>> totals = np.array([[0.0, -1.0], [-1.0, 0.0], [-1.0, 0.0], [0.0, -1.0]] * 100)
    >>> round(fitted(totals, np.array([0, 1, 1, 1] * 100)), 1), fitted(totals, np.array([0, 0, 1, 1] * 100))
    (1.6, 0.0)
    """
    count, rows_I = np.bincount(voices_I, minlength=totals_IK.shape[1]), np.arange(len(voices_I))
    weight_I = 1 / count[voices_I] if balanced else np.ones(len(voices_I))
    weight_I = weight_I * len(weight_I) / weight_I.sum()
    if weight_I @ (totals_IK.mean(1) - totals_IK[rows_I, voices_I]) >= 0:
        return 0.0

    def cost(log_sharpness: float) -> float:
        nats_I = -log_softmax(np.exp(log_sharpness) * totals_IK, axis=1)[rows_I, voices_I]
        return float(weight_I @ nats_I) + log_sharpness**2 / (2 * SPREAD**2)

    found = minimize_scalar(cost, bounds=(_SOFTEST, _SHARPEST), method="bounded", options={"xatol": 1e-6})
    return float(np.exp(found.x))


@dataclass(frozen=True, slots=True)
class Telling:
    """How often the likeliest voice is the one that spoke, on replies held out.

    Attributes:
        accuracy: the part of the replies; `low` and `high` are ends of its exact binomial interval.
        chance: what naming the commonest voice would give.
        recall: the part of each voice's replies; NaN for a voice with none.
        miscalibration: mean |confidence − accuracy| over ten bins of as many replies each.
        noise: how large miscalibration is in nineteen of twenty draws of speakers from the posterior itself.
    """

    accuracy: float
    low: float
    high: float
    chance: float
    recall: Float[np.ndarray, " K"]
    miscalibration: float
    noise: float

    @property
    def separable(self) -> bool:
        """Whether the bank's voices can be told apart at all: the interval lies above chance."""
        return self.low > self.chance


def told(
    posterior_IK: Float[np.ndarray, "I K"],
    voices_I: Int[np.ndarray, " I"],
    *,
    draws: int = 400,
    seed: int = 0,
    level: float = 0.95,
) -> Telling:
    """How well a posterior tells the voices of held-out replies apart.

    >>> found = told(np.tile([0.6, 0.4], (40, 1)), np.array([0] * 24 + [1] * 16))
    >>> found.accuracy, found.chance, found.separable, round(found.miscalibration, 3)
    (0.6, 0.6, False, 0.48)
    """
    count, voices = posterior_IK.shape
    named_I, confidence_I = posterior_IK.argmax(1), posterior_IK.max(1)
    right_I = (named_I == voices_I).astype(float)
    ends = binomtest(int(right_I.sum()), count).proportion_ci(level, method="exact")
    spoken_K = np.bincount(voices_I, minlength=voices)
    recall = np.full(voices, np.nan)
    some = spoken_K > 0
    recall[some] = np.bincount(voices_I, weights=right_I, minlength=voices)[some] / spoken_K[some]
    by_chance = np.random.default_rng(seed).random((draws, count)) < confidence_I
    noise = float(np.quantile(miscalibration(confidence_I, by_chance.astype(float)), 0.95))
    found = float(miscalibration(confidence_I, right_I[None])[0])
    chance = float(spoken_K.max() / count)
    return Telling(float(right_I.mean()), float(ends.low), float(ends.high), chance, recall, found, noise)


def miscalibration(
    confidence_I: Float[np.ndarray, " I"], right_RI: Float[np.ndarray, "R I"], *, bins: int = 10
) -> Float[np.ndarray, " R"]:
    """Mean over replies of |confidence − accuracy| within bins of as many replies each, in order of confidence.

    Naeini, Cooper and Hauskrecht, *Obtaining well calibrated probabilities using Bayesian binning*, AAAI 2015.

    >>> miscalibration(np.array([0.9, 0.9, 0.5, 0.5]), np.array([[1.0, 1.0, 1.0, 0.0]]), bins=2).round(3).tolist()
    [0.05]
    """
    order = np.argsort(confidence_I, kind="stable")
    starts = np.unique(np.arange(bins) * len(order) // bins)
    off_RB = np.add.reduceat(right_RI[:, order] - confidence_I[order], starts, axis=1)
    return np.abs(off_RB).sum(1) / len(order)
