"""The bits ledger: what each rung of an average adds to the log-probability that a model gives to a token.

With a_0, a_1, …, a_R the average after each rung, and p the model,

    log2 p = log2 a_0 + Σ_r log2 (a_r / a_{r−1}) + log2 (p / a_R),

which is an identity, so the ledger sums to log2 p for every token. The first row is what the base rate leaves open, the
last what the model alone knows, or would have needed: it is negative where the average did better.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

ALONE = "model alone"
BASE = "base rate"
COPY = "in-context copy"
NEIGHBOURS = "neighbours"
GRAMS = (2, 3, 4, 5, 6, 9, 17)
"""Lengths of n-grams at which a row of the ledger begins."""


def ledger(climbed_TR: Float[np.ndarray, "T R"], bits_p_T: Float[np.ndarray, " T"]) -> Float[np.ndarray, "T S"]:
    """Bits of every rung, and of the model alone, of each token.

    >>> ledger(np.array([[0.25, 0.5]]), np.array([-0.5])).tolist()
    [[-2.0, 1.0, 0.5]]
    """
    bits_TR = np.log2(climbed_TR)
    return np.hstack([bits_TR[:, :1], np.diff(bits_TR, axis=1), bits_p_T[:, None] - bits_TR[:, -1:]])


def names(most: int, *, neighbours: bool = False) -> list[str]:
    """The ledger's rows for contexts of up to `most` tokens, those of long ones taken together.

    >>> names(9)
    ['base rate', '2-gram', '3-gram', '4-gram', '5-gram', '6- to 8-gram', '9- to 10-gram', 'in-context copy', \
'model alone']
    """
    rows = [_name(first, last) for first, last in _spans(most)]
    return [BASE, *rows, COPY, *([NEIGHBOURS] if neighbours else []), ALONE]


def gathered(bits_TS: Float[np.ndarray, "T S"], most: int) -> Float[np.ndarray, "T N"]:
    """The ledger's rows as `names` has them, from those of every order by itself."""
    spans = [bits_TS[:, first - 1 : last].sum(1) for first, last in _spans(most)]
    return np.stack([bits_TS[:, 0], *spans, *bits_TS[:, most + 1 :].T], 1)


def _spans(most: int) -> list[tuple[int, int]]:
    """First and last n-gram of each row between the base rate and the copy rung."""
    starts = [first for first in GRAMS if first <= most + 1]
    ends = [*(first - 1 for first in starts[1:]), most + 1][: len(starts)]
    return list(zip(starts, ends, strict=True))


def _name(first: int, last: int) -> str:
    return f"{first}-gram" if first == last else f"{first}- to {last}-gram"


def curve(support: Sequence[int] | np.ndarray, most: int) -> list[float]:
    """For n = 1, 2, …, most: the part of tokens whose longest run in the corpus has n tokens or more.

    >>> curve([0, 2, 3, 3], 4)
    [0.75, 0.75, 0.5, 0.0]
    """
    lengths = np.asarray(support)
    return [float((lengths >= order).mean()) if len(lengths) else 0.0 for order in range(1, most + 1)]
