"""The worst of many angles: whether the largest effect is more than the largest that chance alone would show.

Somebody who looks at sixty angles and reports the worst has tested sixty. With cluster sums s_g of a column, its effect
is

    z = |Σ s_g| / √(Σ s_g²),

which orders columns over the same clusters as Student's |t| does, has variance 1 under flips of clusters' signs, and is
at most √G. Signs are flipped for all columns together, so that what columns share is kept, and each effect is held
against the largest over all columns that are not larger than it: the step-down max-T of Westfall and Young
(*Resampling-Based Multiple Testing*, 1993; algorithm 4.1 of Ge, Dudoit and Speed, Test 12, 2003). The chance that any
column without an effect gets p ≤ α is at most α.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from mesolens.evidence.clusters import cluster_sums
from mesolens.evidence.flips import signs

_SAME = 1 - 1e-9


@dataclass(frozen=True, slots=True)
class Worst:
    """Effects of N columns, and what is left of each when one knows that the largest were picked.

    Attributes:
        effect: z, at least 0.
        p: adjusted; of the largest effect it is the p-value of "the worst angle does something".
        worst: the column with the largest effect; −1 when none has any.
    """

    effect: Float[np.ndarray, " N"]
    p: Float[np.ndarray, " N"]
    worst: int


def worst_of(
    values_IN: Float[np.ndarray, "I N"], clusters: Sequence[str], *, draws: int = 9999, seed: int = 0
) -> Worst:
    """Step-down p-values of all columns at once; NaN is a missing value.

    >>> rng = np.random.default_rng(0)
    >>> found = worst_of(rng.normal(size=(40, 9)) + 2 * (np.arange(9) == 4), [str(k // 4) for k in range(40)])
    >>> found.worst, bool(found.p[4] < 0.01), bool(np.delete(found.p, 4).min() > 0.05)
    (4, True, True)
    """
    sums_GN, _ = cluster_sums(values_IN, clusters)
    scale_N = np.sqrt((sums_GN**2).sum(0))
    unit_GN = np.divide(sums_GN, scale_N, out=np.zeros_like(sums_GN), where=scale_N > 0)
    effect_N = np.abs(unit_GN.sum(0))
    order = np.argsort(effect_N, kind="stable")
    rising_GN, found_N, ways = unit_GN[:, order], effect_N[order] * _SAME, 0
    larger_N = np.zeros(len(order))
    for block_RG in signs(len(sums_GN), draws=draws, seed=seed):
        larger_N += (np.maximum.accumulate(np.abs(block_RG @ rising_GN), axis=1) >= found_N).sum(0)
        ways += len(block_RG)
    p_N = np.empty(len(order))
    p_N[order] = np.maximum.accumulate((larger_N / ways)[::-1])[::-1]
    worst = int(order[-1]) if len(order) and effect_N[order[-1]] > 0 else -1
    return Worst(effect_N, p_N, worst)
