"""The worst of many more draws than were made, foretold from scores, and the foretelling tried on scores held back.

A score p in [0, 1], such as what is lost of a voice under one composition of angles, is carried to ψ = −log(−log p), on
which the tails of many kinds of score fall in a line (Jones et al., *Forecasting rare language model behaviors*, 2025);
a line and a Pareto tail are fitted there (:mod:`mesolens.evidence.tails`). The greatest of n new draws is exceeded
with chance v = 1 − U^(1/n), U uniform, and its median, at v = 1 − 2^(−1/n), is the forecast.

Intervals are of draws: the k + 1 greatest of N values from the fitted tail Ŝ, the tail S* fitted anew to those, and a
new greatest. For a line, the chance S*(ψ) at a greatest ψ drawn from Ŝ does not depend on the true line, so its
quantiles, carried back by Ŝ, are exact ends (Beran, *Calibrating prediction regions*, JASA 85, 1990). A Pareto tail may
end, and then that fails; its ends are percentiles of greatest values drawn from S*, which err on the wide side.

No tail knows of a second kind of score of which none was drawn; how far to trust a forecast, the back-test says.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from mesolens.evidence.tails import Line, Pareto, line, pareto, threshold

FEWEST = 50
"""Scores below which no tail is fitted."""

WIDEST = 0.5
"""Width of a forecast's interval, as a score, beyond which it says nothing."""

_EDGE = 1e-12


@dataclass(frozen=True, slots=True)
class Greatest:
    """The greatest of n new scores: the value that it exceeds half of the time, and ends of its interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Forecast:
    """What the greatest of n new scores will be, by two tails.

    Attributes:
        draws: n.
        top: k, the scores that the tails were fitted to; 0 where none was.
        undetermined: why the forecast says nothing; "" where it does.
    """

    draws: int
    top: int
    line: Greatest
    pareto: Greatest
    undetermined: str


@dataclass(frozen=True, slots=True)
class Backtest:
    """Forecasts from random parts of the scores, held against the greatest of the rest.

    Attributes:
        size: scores that each forecast was made from.
        determined: the part of the forecasts that said something.
        error: mean distance of forecast and truth in log p, in nats, by line and by Pareto tail.
        covered: the part of the truths inside the interval, by line, by Pareto tail, and inside the hull of both.
    """

    size: int
    determined: float
    error: tuple[float, float]
    covered: tuple[float, float, float]


def forecast(
    scores_I: Float[np.ndarray, " I"], draws: int, *, resamples: int = 1000, seed: int = 0, level: float = 0.95
) -> Forecast:
    """The greatest score of `draws` new ones, drawn as those at hand were; NaN is a missing score.

    >>> scores = np.exp(-np.random.default_rng(0).gamma(4.0, size=400))
    >>> found = forecast(scores, 4000)
    >>> found.undetermined, bool(scores.max() < found.line.value < found.line.high < 1)
    ('', True)
    >>> forecast(scores[:20], 4000).undetermined
    '20 scores are fewer than 50'
    """
    psi = -np.sort(np.log(-np.log(np.clip(scores_I[~np.isnan(scores_I)], _EDGE, 1 - _EDGE))))
    nothing = Greatest(np.nan, 0.0, 1.0)
    if len(psi) < FEWEST:
        return Forecast(draws, 0, nothing, nothing, f"{len(psi)} scores are fewer than {FEWEST}")
    top = threshold(psi)
    if len(np.unique(psi[: top + 1])) <= (top + 1) / 2:
        return Forecast(draws, 0, nothing, nothing, f"most of the {top + 1} greatest scores are the same")
    rng, count = np.random.default_rng(seed), len(psi)
    greatest_1K, survival_RK = psi[None, : top + 1], _survivals(rng, len(psi), top + 1, resamples)
    beyond_R = -np.expm1(np.log(rng.random(resamples)) / draws)
    one, other = line(greatest_1K, count), pareto(greatest_1K, count)
    one_new, other_new = line(_drawn(one, survival_RK), count), pareto(_drawn(other, survival_RK), count)
    tails = [(1 - level) / 2, (1 + level) / 2]
    said_R = one_new.survival(one.at(beyond_R[None]).T)[:, 0]
    ends = one.at(np.quantile(said_R, tails[::-1])[None])[0], np.quantile(other_new.at(beyond_R[:, None]), tails)
    found = [_greatest(tail, draws, *pair) for tail, pair in zip((one, other), ends, strict=True)]
    return Forecast(draws, top, found[0], found[1], _undetermined(found[0], found[1]))


def _survivals(rng: np.random.Generator, count: int, top: int, resamples: int) -> Float[np.ndarray, "R K"]:
    """Chances that a draw exceeds the greatest, the second, … of `count` draws: order statistics of uniforms."""
    steps = rng.standard_exponential((resamples, top)).cumsum(1)
    return steps / (steps[:, -1:] + rng.gamma(count + 1 - top, size=(resamples, 1)))


def _drawn(tail: Line | Pareto, survival_RK: Float[np.ndarray, "R K"]) -> Float[np.ndarray, "R K"]:
    return tail.at(survival_RK.reshape(1, -1)).reshape(survival_RK.shape)


def _greatest(tail: Line | Pareto, draws: int, low: float, high: float) -> Greatest:
    middle = tail.at(np.array([[-np.expm1(np.log(0.5) / draws)]]))[0, 0]
    value, low, high = np.exp(-np.exp(-np.array([middle, low, high])))
    return Greatest(float(value), float(min(low, value)), float(max(high, value)))


def _undetermined(one: Greatest, other: Greatest) -> str:
    width = max(one.high - one.low, other.high - other.low)
    if not width <= WIDEST:
        return f"the greatest score may lie anywhere within {width:.2f}"
    if not (one.low <= other.value <= one.high and other.low <= one.value <= other.high):
        return f"two tails disagree: {one.value:.3g} and {other.value:.3g}"
    return ""


def backtest(
    scores_I: Float[np.ndarray, " I"], sizes: Sequence[int], *, repeats: int = 40, resamples: int = 300, seed: int = 0
) -> list[Backtest]:
    """Forecasts from `repeats` random parts of each size, against the greatest of what was left out.

    Figures are over all forecasts for which a tail was fitted, since those that say something are the narrow ones. All
    parts share the greatest score of the sample, so `covered` tells whether these scores have a tail of the kind that
    is fitted, not how often new samples would be covered.

    >>> scores = np.exp(-np.random.default_rng(0).gamma(4.0, size=600))
    >>> (found,) = backtest(scores, [100], repeats=20)
    >>> found.size, bool(found.covered[2] > 0.8)
    (100, True)

    Raises:
        ValueError: a size leaves no score to be foretold.
    """
    known_I = scores_I[~np.isnan(scores_I)]
    if max(sizes) >= len(known_I):
        raise ValueError(f"{max(sizes)} of {len(known_I)} scores leave none to be foretold: ask for fewer")
    rng = np.random.default_rng(seed)
    return [_backtest(known_I, size, repeats, resamples, rng) for size in sizes]


def _backtest(
    scores_I: Float[np.ndarray, " I"], size: int, repeats: int, resamples: int, rng: np.random.Generator
) -> Backtest:
    parts = [rng.permutation(scores_I) for _ in range(repeats)]
    made = [
        (forecast(part[:size], len(part) - size, resamples=resamples, seed=k), float(part[size:].max()))
        for k, part in enumerate(parts)
    ]
    fitted = [(found, truth) for found, truth in made if found.top]
    if not fitted:
        return Backtest(size, 0.0, (np.nan, np.nan), (np.nan, np.nan, np.nan))
    truth = np.array([truth for _, truth in fitted])
    value, low, high = (
        np.array([[getattr(tail, end) for tail in (found.line, found.pareto)] for found, _ in fitted]).T
        for end in ("value", "low", "high")
    )
    error = np.abs(np.log(value) - np.log(np.maximum(truth, _EDGE))).mean(1)
    low, high = np.vstack([low, low.min(0)]), np.vstack([high, high.max(0)])
    covered = ((low <= truth) & (truth <= high)).mean(1)
    return Backtest(
        size,
        sum(not found.undetermined for found, _ in made) / repeats,
        (float(error[0]), float(error[1])),
        (float(covered[0]), float(covered[1]), float(covered[2])),
    )
