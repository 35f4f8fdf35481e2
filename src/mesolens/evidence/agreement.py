"""How often twins agree, and how much of it is more than chance.

Two models that nearly always answer in their own voice agree nearly always, whatever they share. Agreement beyond
chance is Cohen's κ = (a − c)/(1 − c), with c the agreement of two that have the same shares of outcomes and know
nothing of each other (*A coefficient of agreement for nominal scales*, Educational and Psychological Measurement 20,
1960). It cannot be told where chance agreement is all there can be. With a dozen clusters its interval holds a κ of
zero in seven of eight trials only, with forty in nineteen of twenty.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int

from mesolens.evidence.jackknife import jackknifed_skewed
from mesolens.evidence.proportions import proportions
from mesolens.evidence.rates import one_hot


@dataclass(frozen=True, slots=True)
class Agreement:
    """How often two models' outcomes are the same.

    Attributes:
        rate: the part of the items that have both; NaN where none has. `low` and `high` are ends of its interval.
        chance: c.
        kappa: NaN where c is 1. `kappa_low` and `kappa_high` are its ends, by leaving out clusters.
        items: those that have both outcomes.
    """

    rate: float
    low: float
    high: float
    chance: float
    kappa: float
    kappa_low: float
    kappa_high: float
    items: int


def agreement(
    one_I: Int[np.ndarray, " I"], other_I: Int[np.ndarray, " I"], clusters: Sequence[str], *, level: float = 0.95
) -> Agreement:
    """Agreement over items on outcomes 0, 1, …; a negative outcome is missing, and leaves the item out.

    >>> one, other = np.array([0, 0, 1, 1, 2, 2]), np.array([0, 0, 1, 1, 2, 0])
    >>> found = agreement(one, other, [*"abcdef"])
    >>> round(found.rate, 3), round(found.chance, 3), round(found.kappa, 3)
    (0.833, 0.333, 0.75)
    """
    there_I = (one_I >= 0) & (other_I >= 0)
    one_I, other_I = one_I[there_I], other_I[there_I]
    names = [name for name, there in zip(clusters, there_I, strict=True) if there]
    if not names:
        return Agreement(np.nan, 0.0, 1.0, np.nan, np.nan, -1.0, 1.0, 0)
    rate = proportions((one_I == other_I).astype(float)[:, None], names, level=level)
    place_I = np.unique(np.asarray(names), return_inverse=True)[1]
    classes = int(max(one_I.max(), other_I.max())) + 1
    member_GI = (place_I == np.arange(place_I.max() + 1)[:, None]).astype(float)
    one_IC, other_IC = (one_hot(side[:, None], classes)[:, 0] for side in (one_I, other_I))
    table_GCC = np.einsum("gi,ic,id->gcd", member_GI, one_IC, other_IC)
    whole_CC = table_GCC.sum(0)
    kappa, chance = _kappa(whole_CC[None])
    low, high = jackknifed_skewed(kappa, _kappa(whole_CC - table_GCC)[0][:, None], level=level)
    low, high = (np.clip(np.nan_to_num(end, nan=far), -1.0, 1.0) for end, far in ((low, -1.0), (high, 1.0)))
    found = (rate.share, rate.low, rate.high, chance, kappa, low, high)
    share, below, above, by_chance, beyond, least, most = (float(part[0]) for part in found)
    return Agreement(share, below, above, by_chance, beyond, least, most, len(names))


def _kappa(table_BCC: Float[np.ndarray, "B C C"]) -> tuple[Float[np.ndarray, " B"], Float[np.ndarray, " B"]]:
    """κ of each table of counts, and agreement by chance."""
    total_B = np.maximum(table_BCC.sum((1, 2)), 1)
    agreed_B = np.trace(table_BCC, axis1=1, axis2=2) / total_B
    chance_B = (table_BCC.sum(1) * table_BCC.sum(2)).sum(1) / total_B**2
    kappa_B = np.divide(agreed_B - chance_B, 1 - chance_B, out=np.full(len(chance_B), np.nan), where=chance_B < 1)
    return kappa_B, chance_B
