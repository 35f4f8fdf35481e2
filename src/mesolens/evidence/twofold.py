"""Yes or no under two conditions, paired by item: did more items gain than lose?

Only items that differ tell anything. Of n₊ that gain and n₋ that lose, each way would be as likely if the conditions
were alike, so p is twice the tail of a fair coin (McNemar, *Note on the sampling error of the difference between
correlated proportions*, Psychometrika 12, 1947, in its exact form). The interval of the difference has width even where
no item differs: with one more item on each side,

    p₊ = (n₊ + 1)/(n + 2),  p₋ = (n₋ + 1)/(n + 2),  (p₊ − p₋) ± z √((p₊ + p₋ − (p₊ − p₋)²)/(n + 2))

(Bonett and Price, *Adjusted Wald confidence interval for a difference of binomial proportions based on paired data*,
Journal of Educational and Behavioral Statistics 37, 2012). Where items come in clusters of several, whole clusters
change sign, and the interval is that of :mod:`mesolens.evidence.paired`.

Of several tests, p-values are stepped: the k-th smallest of m counts m − k + 1 times, and none counts less than one
before it (Holm, *A simple sequentially rejective multiple test procedure*, Scandinavian Journal of Statistics 6, 1979).
So that any at all is called by chance has a probability of 5 % at most, whatever hangs together.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.stats import binom, norm

from mesolens.evidence.paired import paired_tests


@dataclass(frozen=True, slots=True)
class Twofold:
    """One condition against another.

    Attributes:
        items: that have both; the others are left out.
        gained, lost: items that only the first, or only the other, has.
        difference: of the shares, the first less the other; NaN without items.
        low, high: ends of its 95 % interval.
        p: two-sided, of no difference.
    """

    items: int
    gained: int
    lost: int
    difference: float
    low: float
    high: float
    p: float


def twofold(one_I: Float[np.ndarray, " I"], other_I: Float[np.ndarray, " I"], clusters: Sequence[str]) -> Twofold:
    """Hits (1, else 0; NaN where missing) under one condition against those of the same items under another.

    >>> found = twofold(np.ones(6), np.zeros(6), [*"abcdef"])
    >>> found.difference, found.p, round(found.low, 2), found.high
    (1.0, 0.03125, 0.29, 1.0)
    """
    both = ~np.isnan(one_I) & ~np.isnan(other_I)
    off_I, kept = (one_I - other_I)[both], [name for name, here in zip(clusters, both, strict=True) if here]
    gained, lost = int((off_I > 0).sum()), int((off_I < 0).sum())
    if not kept:
        return Twofold(0, 0, 0, float("nan"), -1.0, 1.0, 1.0)
    if len(set(kept)) == len(kept):
        return Twofold(
            len(kept), gained, lost, float(off_I.mean()), *_wald(gained, lost, len(kept)), coin(gained, lost)
        )
    found = paired_tests(off_I[:, None], kept)
    ends = (max(-1.0, float(found.low[0])), min(1.0, float(found.high[0])))
    return Twofold(len(kept), gained, lost, float(found.mean[0]), *ends, float(found.flip[0]))


def coin(gained: int, lost: int) -> float:
    """Two-sided p-value of a fair coin that falls so.

    >>> coin(0, 0), coin(5, 0), coin(3, 3)
    (1.0, 0.0625, 1.0)
    """
    return min(1.0, 2 * float(binom.cdf(min(gained, lost), gained + lost, 0.5)))


def _wald(gained: int, lost: int, items: int) -> tuple[float, float]:
    up, down = (gained + 1) / (items + 2), (lost + 1) / (items + 2)
    reach = float(norm.ppf(0.975)) * np.sqrt((up + down - (up - down) ** 2) / (items + 2))
    return max(-1.0, float(up - down - reach)), min(1.0, float(up - down + reach))


def stepped(p: Float[np.ndarray, " M"]) -> Float[np.ndarray, " M"]:
    """The p-values of one family of tests, stepped; a NaN is a test that was not made and stays NaN.

    >>> stepped(np.array([0.01, 0.04, np.nan, 0.03])).round(3).tolist()
    [0.03, 0.06, nan, 0.06]
    """
    made = np.flatnonzero(~np.isnan(p))
    order = made[np.argsort(p[made], kind="stable")]
    found = np.full(p.shape, np.nan)
    found[order] = np.minimum(1.0, np.maximum.accumulate(p[order] * np.arange(len(order), 0, -1)))
    return found
