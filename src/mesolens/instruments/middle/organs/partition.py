"""Which leaves belong together: a partition of all leaves into organs and a remainder.

A leaf's profile is its share in every view, each view divided by its gross, so that every question counts alike. The
leaves that carry most of the gross are grouped by their profiles' lines (:mod:`mesolens.evidence.consensus`); one that
lies nearer to across its organ's axis than along it goes to the remainder, with all that were too small, and with
groups that carry next to nothing. So every leaf is in one place, and organs and remainder add up to whatever the leaves
add up to.
"""

from dataclasses import dataclass, replace
from functools import lru_cache
from hashlib import sha256

import numpy as np
from jaxtyping import Float, Int

from mesolens.evidence.axes import unit
from mesolens.evidence.consensus import Grouping, grouped
from mesolens.evidence.pregroup import pregrouped
from mesolens.instruments.middle.organs.found import Found
from mesolens.instruments.middle.organs.spec import FOUND, OrgansSpec

REST = -1
"""The remainder's place."""
ALONG = 0.5
"""|cosine| with the axis from which a leaf belongs to its organ."""
LEAST = 0.01
"""Of the gross, what a group carries when it is an organ."""


@dataclass(frozen=True, slots=True)
class Partition:
    """Leaves by organ, the organ that carries most first.

    Attributes:
        of: each leaf's organ, :data:`REST` for the remainder.
        grouping: how the number was chosen; `stability` and `low` in the order of the organs.
        part: each organ's part of the gross.
        tight: mean |cosine| of its leaves with its axis, by weight.
    """

    of: Int[np.ndarray, " N"]
    grouping: Grouping
    part: Float[np.ndarray, " K"]
    tight: Float[np.ndarray, " K"]

    @property
    def organs(self) -> int:
        """How many there are."""
        return len(self.part)


def sums(shares_VN: Float[np.ndarray, "V N"], of_N: Int[np.ndarray, " N"], groups: int) -> Float[np.ndarray, "V K1"]:
    """The shares of organs, and behind them that of the remainder, of each view.

    >>> sums(np.array([[1.0, 2.0, 4.0]]), np.array([0, -1, 0]), 1).tolist()
    [[5.0, 2.0]]
    """
    member_NK = (of_N[:, None] == np.array([*range(groups), REST])).astype(np.float64)
    return shares_VN @ member_NK


@dataclass(frozen=True)
class _Asked:
    """A table of shares and what is asked of it, told apart by its bytes."""

    found: Found
    spec: OrgansSpec
    key: str

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Asked) and other.key == self.key

    def __hash__(self) -> int:
        return hash(self.key)


def partition(found: Found, spec: OrgansSpec) -> Partition:
    """The partition that the views :data:`FOUND` give. Pure; the latest ones are remembered, as several stages ask."""
    bare = replace(spec, views=())
    digest = sha256(repr((bare, [(view.item, view.trait, view.angle, view.use) for view in found.views])).encode())
    digest.update(np.ascontiguousarray(found.shares).tobytes())
    return _partition(_Asked(found, spec, digest.hexdigest()))


@lru_cache(maxsize=4)
def _partition(asked: _Asked) -> Partition:
    found, spec = asked.found, asked.spec
    rows = found.of(FOUND)
    profile_NV, gross_N = found.profiles, found.weights
    large = _carrying(gross_N, spec.kept)
    small_of, small_MV = pregrouped(profile_NV[large], spec.small, spec.seed)
    items, traits = ([getattr(found.views[row], name) for row in rows] for name in ("item", "trait"))
    weight_M = np.linalg.norm(small_MV, axis=1)
    known = grouped(
        small_MV,
        weight_M,
        items,
        traits,
        most=spec.most,
        resamples=spec.resamples,
        rotations=spec.rotations,
        seed=spec.seed,
    )
    cosine_N = np.abs((unit(profile_NV[large]) * known.axes.axis[known.axes.of[small_of]]).sum(1))
    belongs = cosine_N >= ALONG
    of_N = np.full(len(gross_N), REST)
    of_N[large[belongs]] = known.axes.of[small_of][belongs]
    cosine = np.zeros(len(gross_N))
    cosine[large] = cosine_N
    return _ordered(of_N, gross_N, cosine, known)


def _carrying(gross_N: Float[np.ndarray, " N"], part: float) -> Int[np.ndarray, " M"]:
    """The fewest leaves that carry this part of the gross, in the model's order."""
    order = np.argsort(-gross_N, kind="stable")
    enough = int(np.searchsorted(gross_N[order].cumsum(), part * gross_N.sum())) + 1
    return np.sort(order[:enough])


def _ordered(
    of_N: Int[np.ndarray, " N"], gross_N: Float[np.ndarray, " N"], cosine_N: Float[np.ndarray, " N"], known: Grouping
) -> Partition:
    """Organs renumbered from the one that carries most down; one without a leaf is dropped."""
    groups = len(known.stability)
    inside = of_N != REST
    gross_K = np.bincount(of_N[inside], gross_N[inside], groups)
    along_K = np.bincount(of_N[inside], (gross_N * cosine_N)[inside], groups)
    enough = LEAST * float(gross_N.sum())
    order = [int(group) for group in np.argsort(-gross_K, kind="stable") if gross_K[group] > enough]
    place = np.full(groups + 1, REST)
    place[order] = np.arange(len(order))
    kept = replace(known, stability=known.stability[order], low=known.low[order])
    return Partition(place[of_N], kept, gross_K[order] / gross_N.sum(), along_K[order] / gross_K[order])
