"""How well found numbers agree with planted ones: rank statistics and correlations."""

from collections.abc import Mapping, Set

import numpy as np
from jaxtyping import Float
from scipy.stats import rankdata


def auroc(found: Mapping[str, float], wanted: Set[str], others: Set[str]) -> float:
    """The chance that a wanted one scores higher than another one, ties counting half (Mann and Whitney, 1947).

    >>> auroc({"a": 3.0, "b": 1.0, "c": 2.0}, {"a", "b"}, {"c"})
    0.5
    """
    ranks = rankdata([found[name] for name in (*wanted, *others)])
    return float((ranks[: len(wanted)].mean() - (len(wanted) + 1) / 2) / len(others))


def place_of(name: str, found: Mapping[str, float]) -> float:
    """The rank of one score among all, 1 for the largest; equals share the mean of their ranks.

    >>> place_of("b", {"a": 3.0, "b": 1.0, "c": 1.0})
    2.5
    """
    names = list(found)
    return float(rankdata([-found[other] for other in names])[names.index(name)])


def pearson(one: Float[np.ndarray, " N"], other: Float[np.ndarray, " N"]) -> float:
    """Pearson's correlation; not a number when one of them does not vary."""
    x, y = one - one.mean(), other - other.mean()
    with np.errstate(invalid="ignore", divide="ignore"):
        return float((x @ y) / np.sqrt((x @ x) * (y @ y)))


def spearman(one: Float[np.ndarray, " N"], other: Float[np.ndarray, " N"]) -> float:
    """Spearman's correlation: Pearson's of the ranks."""
    return pearson(rankdata(one), rankdata(other))
