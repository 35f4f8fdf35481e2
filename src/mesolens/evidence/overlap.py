"""How much of what is said an average would also have said, and how much of that a perfect averager could have.

The **overlap share** of two next-token distributions is 1 − TV(p, a) = Σ_w min(p(w), a(w)). For a token y drawn from p,
min(1, a(y) / p(y)) has that as its mean, so a model's own samples estimate it without bias, from two numbers a token.

An average a of finite text misses the source t that the text was drawn from, so even t itself would share only the
**ceiling** C = 1 − TV(t, a) with it. Averages of the two halves of the text say how large the noise is: with h their
overlap,

    C = 1 − (1 − h) / √2,

which is the true ceiling or less wherever a's bias is no larger than its noise, and that is where h rises with more
text (`docs/mathematics.md` derives both). Where h falls, or where a text stands off the ground that the corpus covers,
nothing is known and C counts as 0 there.

What p shares with t then lies in the **bracket** [1 − (1 − W) / C, W / C]: of what the average misses, p is taken to
share the same part as of what it has, and of what p has beyond the average likewise. `design/11-average-ceiling.md`
measures how often that holds.
"""

from dataclasses import dataclass
from math import sqrt

import numpy as np
from jaxtyping import Bool, Float

LEAST_CEILING = 0.69
"""Ceiling below which a share is *not determined*."""


def shares(bits_p: Float[np.ndarray, " T"], bits_a: Float[np.ndarray, " T"]) -> Float[np.ndarray, " T"]:
    """min(1, a / p) of each token, from log2 p and log2 a.

    >>> shares(np.array([-1.0, -3.0]), np.array([-2.0, -1.0])).tolist()
    [0.5, 1.0]
    """
    return np.exp2(np.minimum(bits_a - bits_p, 0.0))


def overlap(p_TV: Float[np.ndarray, "T V"], a_TV: Float[np.ndarray, "T V"]) -> Float[np.ndarray, " T"]:
    """Σ min(p, a) at each place, from whole distributions.

    >>> overlap(np.array([[0.5, 0.5, 0.0]]), np.array([[0.25, 0.25, 0.5]])).tolist()
    [0.5]
    """
    return np.minimum(p_TV, a_TV).sum(1)


@dataclass(frozen=True, slots=True)
class Ceiling:
    """What a perfect averager would share with the average, at the places of some texts.

    Attributes:
        value: the ceiling, off the ground counted as 0.
        halves, quarters: overlap of averages of two halves and of two quarters of the corpus, on the ground.
        ground: the part of the places that stand on ground which the corpus covers.
    """

    value: float
    halves: float
    quarters: float
    ground: float

    @property
    def rising(self) -> bool:
        """Whether averages of more text agree more, so that their noise, and not what they lack, sets them apart."""
        return self.halves > self.quarters

    @property
    def determined(self) -> bool:
        """Whether a share can be told by it."""
        return self.rising and self.value >= LEAST_CEILING


def ceiling(
    halves_T: Float[np.ndarray, " T"], quarters_T: Float[np.ndarray, " T"], ground_T: Bool[np.ndarray, " T"]
) -> Ceiling:
    """The ceiling at some places, from overlaps of averages of disjoint halves and quarters, and what is on the ground.

    >>> found = ceiling(np.full(4, 0.8), np.full(4, 0.7), np.ones(4, bool))
    >>> round(found.value, 3), found.determined
    (0.859, True)
    """
    if not ground_T.any():
        return Ceiling(0.0, 0.0, 0.0, 0.0)
    halves, quarters = float(halves_T[ground_T].mean()), float(quarters_T[ground_T].mean())
    ground = float(ground_T.mean())
    return Ceiling(ground * (1 - (1 - halves) / sqrt(2)), halves, quarters, ground)


def bracket(share: float, ceiling: float) -> tuple[float, float]:
    """Between which bounds the share with the source itself lies, from the share with the average and its ceiling.

    >>> [round(end, 3) for end in bracket(0.6, 0.8)]
    [0.5, 0.75]
    >>> bracket(0.6, 0.0)
    (0.0, 1.0)
    """
    if ceiling <= 0:
        return 0.0, 1.0
    return max(0.0, 1 - (1 - share) / ceiling), min(1.0, share / ceiling)
