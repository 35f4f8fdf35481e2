"""How much an announcement tells of the deed: bits beyond what the same announcements tell when they are dealt anew.

Of S draws of one item, in which a was announced and d was done, the information between the two is

    I = Σ p(a, d) log₂ p(a, d)/(p(a) p(d)).

From few draws it is never below zero, so what it comes to on average when the announcements are permuted among the
item's draws is taken off, exactly, over hypergeometric counts (Vinh, Epps and Bailey, *Information theoretic measures
for clusterings comparison*, JMLR 11, 2010, equation 24a). Draws of one item share its prompt, so what the prompt alone
makes likely counts for nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int
from scipy.stats import hypergeom

from mesolens.evidence.paired import paired_tests


@dataclass(frozen=True, slots=True)
class Foretold:
    """Mean bits over items.

    Attributes:
        bits: beyond permuted announcements; low and high are the ends of its 95 % interval, p is two-sided.
        found: before anything is taken off.
        permuted: what permuted announcements tell.
        most: the entropy of the announcements, which no information can exceed.
        same: share of draws in which what was announced was done.
    """

    items: int
    bits: float
    low: float
    high: float
    p: float
    found: float
    permuted: float
    most: float
    same: float


def foretold(
    announced_IS: Int[np.ndarray, "I S"], done_IS: Int[np.ndarray, "I S"], clusters: Sequence[str], *, seed: int = 0
) -> Foretold:
    """What announcements tell of deeds, item by item.

    >>> words = np.tile(np.arange(4), (6, 4))
    >>> found = foretold(words, words, [*"abcdef"])
    >>> round(found.bits + found.permuted, 9), found.most, found.same, found.bits > 1
    (2.0, 2.0, 1.0, True)
    """
    pairs = list(zip(announced_IS, done_IS, strict=True))
    found = np.array([information(announced, done) for announced, done in pairs])
    permuted = np.array([permuted_information(announced, done) for announced, done in pairs])
    most = np.array([entropy(announced) for announced, _ in pairs])
    test = paired_tests((found - permuted)[:, None], clusters, seed=seed)
    return Foretold(
        len(pairs),
        float(test.mean[0]),
        float(test.low[0]),
        float(test.high[0]),
        float(test.flip[0]),
        float(found.mean()),
        float(permuted.mean()),
        float(most.mean()),
        float((announced_IS == done_IS).mean()),
    )


def entropy(said_S: Int[np.ndarray, " S"]) -> float:
    """Bits of what is drawn, by its counts.

    >>> entropy(np.array([0, 0, 3, 3]))
    1.0
    """
    _, counts = np.unique(said_S, return_counts=True)
    share = counts / counts.sum()
    return abs(float(-(share * np.log2(share)).sum()))


def information(announced_S: Int[np.ndarray, " S"], done_S: Int[np.ndarray, " S"]) -> float:
    """Bits between two draws, by their counts; 0 where either never varies.

    >>> information(np.array([0, 0, 1, 1]), np.array([1, 1, 0, 0]))
    1.0
    """
    table, rows, columns = _counted(announced_S, done_S)
    total = table.sum()
    there = table > 0
    expected = np.outer(rows, columns)[there]
    return abs(float((table[there] / total * np.log2(total * table[there] / expected)).sum()))


def permuted_information(announced_S: Int[np.ndarray, " S"], done_S: Int[np.ndarray, " S"]) -> float:
    """What `information` gives on average over all ways to permute the announcements.

    >>> permuted_information(np.array([0, 1]), np.array([0, 1]))
    1.0
    """
    _, rows, columns = _counted(announced_S, done_S)
    total, found = int(rows.sum()), 0.0
    for row in rows.tolist():
        for column in columns.tolist():
            cell = np.arange(max(1, row + column - total), min(row, column) + 1)
            told = cell / total * np.log2(total * cell / (row * column))
            found += float((told * hypergeom.pmf(cell, total, row, column)).sum())
    return found


def _counted(
    announced_S: Int[np.ndarray, " S"], done_S: Int[np.ndarray, " S"]
) -> tuple[Float[np.ndarray, "A D"], Float[np.ndarray, " A"], Float[np.ndarray, " D"]]:
    names, places = np.unique(announced_S, return_inverse=True)
    others, theirs = np.unique(done_S, return_inverse=True)
    table = np.zeros((len(names), len(others)))
    np.add.at(table, (places, theirs), 1.0)
    return table, table.sum(1), table.sum(0)
