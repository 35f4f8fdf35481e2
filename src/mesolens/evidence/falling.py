"""Does the solve rate fall with difficulty? The slope of a logistic curve, with an interval that always exists.

    log p/(1 − p) = a + b·difficulty

Whoever reckons finds hard items hard. A rate that does not fall was not come by through reckoning: items were known
beforehand, or answers are guessed, or all are too easy or too hard to tell. Where all easy items are solved and no hard
one, the likelihood has no greatest point; it is therefore taken times the root of the information's determinant (Firth,
*Bias reduction of maximum likelihood estimates*, Biometrika 80, 1993). The interval holds every b whose penalised
likelihood, at its best a, is within χ²₁'s bound of the greatest (Heinze and Schemper, *A solution to the problem of
separation in logistic regression*, Statistics in Medicine 21, 2002). Items count as independent.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.optimize import brentq, minimize, minimize_scalar
from scipy.special import expit, log_expit
from scipy.stats import chi2

_REACH = 60.0
"""Beyond which no slope of standardised difficulties is looked for."""


@dataclass(frozen=True, slots=True)
class Slope:
    """A slope in log-odds for each step of difficulty, and the ends of its interval; infinite where that is open."""

    value: float
    low: float
    high: float

    @property
    def falls(self) -> bool:
        """Whether the whole interval lies below zero."""
        return self.high < 0


def slope(hits_I: Float[np.ndarray, " I"], difficulty_I: Float[np.ndarray, " I"]) -> Slope | None:
    """The slope of hits (1, else 0; NaN where missing) over difficulty; None where there is one difficulty only.

    >>> easy_to_hard = np.repeat([1.0, 2.0, 3.0], 20)
    >>> found = slope(np.where(easy_to_hard < 2.5, 1.0, 0.0), easy_to_hard)
    >>> found.falls, slope(np.ones(60), easy_to_hard).falls, slope(np.ones(3), np.ones(3)) is None
    (True, False, True)
    """
    known = ~np.isnan(hits_I)
    hits, x = hits_I[known], difficulty_I[known]
    if len(np.unique(x)) < 2:
        return None
    x, spread = (x - x.mean()) / x.std(), float(x.std())
    best = minimize(lambda ab: -_penalised(ab[0], ab[1], hits, x), np.zeros(2), method="Nelder-Mead")
    value, top = float(best.x[1]), -float(best.fun)
    allowed = top - float(chi2.ppf(0.95, 1)) / 2

    def over(b: float) -> float:
        return _profile(b, hits, x, float(best.x[0])) - allowed

    low, high = _end(over, value, -1.0), _end(over, value, 1.0)
    return Slope(value / spread, low / spread, high / spread)


def _end(over: Callable[[float], float], value: float, way: float) -> float:
    step = 0.25
    while step < _REACH:
        if over(value + way * step) < 0:
            return float(brentq(over, value, value + way * step))
        step *= 2
    return way * np.inf


def _penalised(a: float, b: float, hits: Float[np.ndarray, " I"], x: Float[np.ndarray, " I"]) -> float:
    """Log-likelihood plus half of the log-determinant of the information."""
    z = a + b * x
    weight = expit(z) * expit(-z)
    total, mean, square = weight.sum(), (weight * x).sum(), (weight * x * x).sum()
    information = max(float(total * square - mean**2), 1e-300)
    return float(log_expit(np.where(hits > 0, z, -z)).sum()) + 0.5 * float(np.log(information))


def _profile(b: float, hits: Float[np.ndarray, " I"], x: Float[np.ndarray, " I"], start: float) -> float:
    """The greatest penalised likelihood at a slope."""
    reach = abs(start) + abs(b) * float(np.abs(x).max()) + 10
    found = minimize_scalar(
        lambda a: -_penalised(a, b, hits, x), bounds=(-reach, reach), method="bounded", options={"xatol": 1e-8}
    )
    return -float(found.fun)
