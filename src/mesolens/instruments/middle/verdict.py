"""What may be said of a tree, in a word and a sentence.

- *closed*: the shares add up to Δ, and the contrasts move the readout in one direction.
- *diffuse*: so too, but the largest fifth of the leaves carries less than half of the gross, so there is no middle to
  point at.
- *not determined*: the interval of Δ over templates holds zero; a mean over these contrasts says nothing, and the tree
  is to be read contrast by contrast.
- *refused*: the shares miss Δ and the referee was not asked, or it was and its intervals stayed too wide; no share is
  given.
"""

from dataclasses import dataclass
from math import ceil

import numpy as np

from mesolens.evidence.clusters import cluster_intervals
from mesolens.instruments.middle.found import COMPLETE, Found

NOTHING = 1e-9
FIFTH, HALF = 0.2, 0.5
TOO_WIDE = 0.1
"""The part of |Δ| (or of a tenth of the gross) beyond which a referee's interval decides nothing."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """The word, the sentence, and what they stand on.

    Attributes:
        interval: of Δ over templates; None with one template.
        few: the part of the gross that the largest fifth of the leaves carries.
    """

    word: str
    sentence: str
    interval: tuple[float, float] | None
    few: float


def verdict_of(found: Found, steps: int, missed: float, width: float) -> Verdict:
    """The verdict on what was found.

    Args:
        found: the shares.
        steps: quadrature nodes of the contrast that needed most.
        missed: the part of |Δ| by which the gated total missed, when the referee stands in; 0 else.
        width: the referee's widest half interval, in nats; 0 when exact or not called.
    """
    delta = float(found.deltas.mean())
    ends = cluster_intervals(found.deltas[:, None], found.templates)
    interval = None if ends is None else (float(ends[0][0]), float(ends[1][0]))
    few = largest_fifth(found.means)
    word = _word(found, delta, interval, few, width)
    return Verdict(word, _sentence(word, found, delta, few, steps, missed, width), interval, few)


def largest_fifth(means: np.ndarray) -> float:
    """The part of Σ|share| in the largest fifth of the leaves, rounded up to whole leaves; 1 when all are zero."""
    sizes = np.sort(np.abs(means))[::-1]
    gross = float(sizes.sum())
    return float(sizes[: ceil(FIFTH * len(sizes))].sum()) / gross if gross else 1.0


def _word(found: Found, delta: float, interval: tuple[float, float] | None, few: float, width: float) -> str:
    if found.completeness > COMPLETE:
        return "refused"
    if width > TOO_WIDE * max(abs(delta), 0.1 * float(np.abs(found.means).sum())):
        return "refused"
    low, high = interval or (delta, delta)
    if abs(delta) < NOTHING or low <= 0 <= high:
        return "not determined"
    return "diffuse" if few < HALF and found.engine == "gated" else "closed"


def _sentence(word: str, found: Found, delta: float, few: float, steps: int, missed: float, width: float) -> str:
    before = f"The gated total missed the difference by {missed:.1%}, so the referee was called. " if missed else ""
    if word == "refused" and found.engine == "gated":
        return (
            f"The shares miss the difference of {delta:.3g} nats by {found.completeness:.1%} after {steps} steps, "
            "so no share is given: the path to the reference is not smooth enough for gradients."
        )
    if word == "refused":
        return f"{before}The referee's intervals stay at ±{width:.2g} of {delta:.3g} nats, so no share is given."
    if word == "not determined":
        return (
            f"{before}The contrasts do not move the readout in one direction ({delta:.3g} nats on average, "
            "an interval that holds zero): read them one by one."
        )
    players = "leaves" if found.engine == "gated" else "players"
    order = found.largest()[:3]
    named = ", ".join(f"{found.sites[leaf]} {found.means[leaf]:+.3g}" for leaf in order)
    share = f"a fifth of the {players} carries {few:.0%} of the gross"
    ending = f"; {share}." if word == "closed" else f"; but {share}, so there are no few to point at."
    return (
        f"{before}A difference of {delta:.3g} nats is divided among {len(found.sites)} {players}; "
        f"the largest are {named}{ending}"
    )
