"""k50: how many serial steps a model takes with no token between, before half of its accuracy is gone.

With a_k the accuracy where k steps are needed and c_k what one gets by ruling out (elimination chance), what is left is

    b_k = (a_k − c_k)/(1 − c_k),

1 where all is right and 0 at chance. b may only fall with k: neighbours that rise are pooled, weighted by their items
(isotonic regression). Between the two k around one half, log b/(1 − b) is taken as a line, which is exact where b is a
logistic curve; k50 is where it is 0. Shares of 0 and 1 stand for half an item less (of the fewer), so a cliff
falls halfway.

Intervals are percentiles of a bootstrap over whole clusters of items (Davison and Hinkley, 1997, section 3.8). Where b
is below a half at the least k nothing is solved; where it is above at the last, k50 lies beyond. Neither is a number.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from scipy.optimize import isotonic_regression
from scipy.special import logit

from mesolens.evidence.clusters import cluster_draws
from mesolens.evidence.proportions import proportions

HALF = 0.5


@dataclass(frozen=True, slots=True)
class Level:
    """What was found where k steps are needed: items, accuracy with its interval, chance, and what is left above it."""

    k: int
    n: int
    accuracy: float
    low: float
    high: float
    chance: float

    @property
    def above(self) -> float:
        """Accuracy above chance, as a part of all that is above it."""
        return above(self.accuracy, self.chance)

    @property
    def solved(self) -> bool:
        """Whether at least half of what is above chance is there."""
        return self.above >= HALF


@dataclass(frozen=True, slots=True)
class Serial:
    """The steps at which half is left.

    Attributes:
        k50: None where the least k is not solved, and where the last one still is.
        low, high: ends of its interval; None where it reaches below the least k or beyond the last.
        levels: by k.
    """

    k50: float | None
    low: float | None
    high: float | None
    levels: tuple[Level, ...]

    @property
    def says(self) -> str:
        """One line."""
        first, last = self.levels[0], self.levels[-1]
        if not first.solved:
            told = f"accuracy {first.accuracy:.2f} [{first.low:.2f}, {first.high:.2f}], chance {first.chance:.2f}"
            return f"unsolved: not even k = {first.k} ({told})"
        if self.k50 is None:
            return f"beyond k = {last.k}: accuracy is still {last.accuracy:.2f} there"
        low = f"below {first.k}" if self.low is None else f"{self.low:.1f}"
        high = f"beyond {last.k}" if self.high is None else f"{self.high:.1f}"
        return f"half is left at k = {self.k50:.1f} [{low}, {high}]"


def above(accuracy: float, chance: float) -> float:
    """Accuracy above chance, as a part of what there is above it.

    >>> above(0.75, 0.5), above(1.0, 0.25), above(0.25, 0.25)
    (0.5, 1.0, 0.0)
    """
    return (accuracy - chance) / (1 - chance)


def serial(
    right_I: Float[np.ndarray, " I"],
    k_I: Int[np.ndarray, " I"],
    chance_I: Float[np.ndarray, " I"],
    clusters: Sequence[str],
    *,
    draws: int = 1000,
    seed: int = 0,
) -> Serial:
    """k50 of items that were answered rightly (1) or not (0), each with its k and its chance.

    >>> right = np.repeat([1.0, 1.0, 0.0], 20)
    >>> found = serial(right, np.repeat([1, 2, 3], 20), np.zeros(60), [str(n) for n in range(60)])
    >>> found.k50, found.low, found.high, found.says
    (2.5, 2.5, 2.5, 'half is left at k = 2.5 [2.5, 2.5]')
    """
    levels = _levels(right_I, k_I, chance_I, clusters)
    ks = np.array([level.k for level in levels])
    member_KI = (k_I == ks[:, None]).astype(float)
    weights_RI = cluster_draws(clusters, draws, seed)
    counts_RK = weights_RI @ member_KI.T
    known_RK = counts_RK > 0
    right_RK = np.divide((weights_RI * right_I) @ member_KI.T, counts_RK, out=np.zeros_like(counts_RK), where=known_RK)
    items_K, chance_K = (np.array([getattr(level, name) for level in levels]) for name in ("n", "chance"))
    found = [
        crossing((row - chance_K)[known] / (1 - chance_K)[known], ks[known], items_K[known])
        for row, known in zip(right_RK, known_RK, strict=True)
    ]
    left_K = np.array([level.above for level in levels])
    value = crossing(left_K, ks, items_K)
    low, high = np.quantile(found, [0.025, 0.975], method="inverted_cdf")
    known = bool(np.isfinite(value))
    return Serial(
        float(value) if known else None,
        float(min(low, value)) if known and np.isfinite(low) else None,
        float(max(high, value)) if known and np.isfinite(high) else None,
        tuple(levels),
    )


def _levels(
    right_I: Float[np.ndarray, " I"],
    k_I: Int[np.ndarray, " I"],
    chance_I: Float[np.ndarray, " I"],
    clusters: Sequence[str],
) -> list[Level]:
    found: list[Level] = []
    for k in np.unique(k_I).tolist():
        here = np.flatnonzero(k_I == k)
        share = proportions(right_I[here][:, None], [clusters[item] for item in here.tolist()])
        figures = (float(share.share[0]), float(share.low[0]), float(share.high[0]), float(chance_I[here].mean()))
        found.append(Level(k, len(here), *figures))
    return found


def crossing(left_K: Float[np.ndarray, " K"], k_K: Int[np.ndarray, " K"], items_K: Int[np.ndarray, " K"]) -> float:
    """Where what is left falls to one half: −∞ where it is less from the start, ∞ where it is more to the end.

    >>> crossing(np.array([0.9, 0.1]), np.array([1, 2]), np.array([50, 50]))
    1.5
    """
    falling_K = np.asarray(isotonic_regression(left_K, weights=items_K, increasing=False).x)
    if falling_K[0] < HALF:
        return -np.inf
    if falling_K[-1] >= HALF:
        return np.inf
    after = int(np.flatnonzero(falling_K < HALF)[0])
    edge = 0.5 / items_K[[after - 1, after]].min()
    upper, lower = logit(np.clip(falling_K[[after - 1, after]], edge, 1 - edge))
    part = float(upper / (upper - lower)) if upper > 0 else 0.0
    return float(k_K[after - 1] + part * (k_K[after] - k_K[after - 1]))
