"""The tail of a sample: how the chance falls that a draw is greater still, from the greatest values drawn.

Of N values, the k + 1 greatest in falling order are ψ₁ ≥ … ≥ ψ_k ≥ u. Two tails S(ψ) = P(draw > ψ) are fitted to them:

    line:    log S = a·ψ + b, by least squares through log((j − ½)/N) at ψ_j
    Pareto:  S = k/N · (1 + ξ·(ψ − u)/σ)^(−1/ξ), with ξ = 2 − λ₁/λ₂ and σ = λ₁·(1 − ξ)

where λ₁ and λ₂ are the first two L-moments of ψ − u (Hosking and Wallis, *Parameter and quantile estimation for the
generalized Pareto distribution*, Technometrics 29, 1987). The line is the tail of Gumbel's domain of attraction, and
the half takes the bias off its slope (Gabaix and Ibragimov, *Rank − 1/2*, Journal of Business and Economic Statistics
29, 2011). ξ above 0 is a heavier tail and ξ below 0 one that ends.

The threshold is the one with the largest k, of a fifth, a tenth, … of N, above which values pass as exponential at the
level 0.1: λ₂/λ₁ is then ½, with variance 1/(12(k − 1)) (Gail and Gastwirth, *A scale-free goodness-of-fit test for the
exponential distribution based on the Gini statistic*, JRSS B 40, 1978).
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.stats import lmoment, norm

SMALLEST = 10
"""The fewest greatest values that a tail is fitted to."""

_PASSES = float(norm.ppf(0.95))
_NEAR = 1e-9


@dataclass(frozen=True, slots=True)
class Line:
    """Tails that are lines in log S, of R samples: slope a, below 0, and height b."""

    slope: Float[np.ndarray, " R"]
    height: Float[np.ndarray, " R"]

    def at(self, survival_RM: Float[np.ndarray, "R M"]) -> Float[np.ndarray, "R M"]:
        """The values that a draw exceeds with these chances."""
        return (np.log(survival_RM) - self.height[:, None]) / self.slope[:, None]

    def survival(self, psi_RM: Float[np.ndarray, "R M"]) -> Float[np.ndarray, "R M"]:
        """The chances that a draw exceeds these values."""
        return np.exp(self.height[:, None] + self.slope[:, None] * psi_RM)


@dataclass(frozen=True, slots=True)
class Pareto:
    """Generalised Pareto tails of R samples: shape ξ and scale σ above u, which a part k/N exceeds."""

    shape: Float[np.ndarray, " R"]
    scale: Float[np.ndarray, " R"]
    start: Float[np.ndarray, " R"]
    part: float

    def at(self, survival_RM: Float[np.ndarray, "R M"]) -> Float[np.ndarray, "R M"]:
        """The values that a draw exceeds with these chances; below u the same curve goes on."""
        shape = np.where(np.abs(self.shape) < _NEAR, _NEAR, self.shape)[:, None]
        return self.start[:, None] + self.scale[:, None] * np.expm1(-shape * np.log(survival_RM / self.part)) / shape


def line(greatest_RK: Float[np.ndarray, "R K"], count: int) -> Line:
    """The line through the greatest of `count` values in falling order, the last of which is u.

    >>> found = line(5 - 2 * np.log(np.arange(0.5, 21) / 100)[None], 100)
    >>> round(float(found.slope[0]), 6), round(float(found.at(np.array([[1.0]]))[0, 0]), 6)
    (-0.5, 5.0)
    """
    psi = greatest_RK[:, :-1]
    log_survival = np.log(np.arange(0.5, psi.shape[1]) / count)
    off = psi - psi.mean(1, keepdims=True)
    slope = (off * log_survival).sum(1) / (off**2).sum(1)
    return Line(slope, log_survival.mean() - slope * psi.mean(1))


def pareto(greatest_RK: Float[np.ndarray, "R K"], count: int) -> Pareto:
    """The Pareto tail of the greatest of `count` values in falling order, the last of which is u."""
    first, second = _l_moments(greatest_RK[:, :-1] - greatest_RK[:, -1:])
    shape = 2 - first / second
    return Pareto(shape, first * (1 - shape), greatest_RK[:, -1], (greatest_RK.shape[1] - 1) / count)


def threshold(falling_I: Float[np.ndarray, " I"]) -> int:
    """How many of the greatest values, in falling order, make the tail; the smallest number where none passes.

    >>> threshold(-np.log(np.arange(1, 501) / 501))
    100
    """
    top = len(falling_I) // 5
    while top > SMALLEST:
        first, second = _l_moments((falling_I[:top] - falling_I[top])[None])
        if first[0] > 0 and abs(second[0] / first[0] - 0.5) * np.sqrt(12 * (top - 1)) <= _PASSES:
            return top
        top //= 2
    return SMALLEST


def _l_moments(values_RK: Float[np.ndarray, "R K"]) -> tuple[Float[np.ndarray, " R"], Float[np.ndarray, " R"]]:
    first, second = lmoment(values_RK, order=[1, 2], axis=1)
    return first, second
