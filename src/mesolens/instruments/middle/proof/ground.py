"""The ground on which checks stand: the leaves in order of their share, and the few that carry half of it."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float

from mesolens.instruments.middle.checked import checked
from mesolens.instruments.middle.found import Found
from mesolens.instruments.middle.proof.coalition import Orders
from mesolens.instruments.middle.spec import MiddleSpec, Proof

MOST = 256
"""Leaves in the largest set that is removed together."""


@dataclass(frozen=True)
class Ground:
    """What was found, and what of it is checked.

    Attributes:
        proof: what may be spent.
        norms: how much each leaf writes, or None where that is not known yet.
    """

    found: Found
    spec: MiddleSpec
    proof: Proof
    norms: Float[np.ndarray, " N"] | None = None

    @cached_property
    def items(self) -> list[int]:
        """The contrasts that checks run on."""
        return checked(self.found, self.spec)

    @cached_property
    def always(self) -> list[int]:
        """Leaves that no check holds: between prompts the embedding, without which no other leaf would move."""
        return [] if self.spec.against else [place for place, site in enumerate(self.found.sites) if site == "embed"]

    @cached_property
    def ranked(self) -> list[int]:
        """All other leaves, from the largest mean |share| down."""
        return [leaf for leaf in self.found.largest() if leaf not in self.always]

    @property
    def orders(self) -> Orders:
        """The orders in which curves go through the leaves."""
        return Orders(len(self.found.sites), tuple(self.ranked), self.spec.seed)

    def few(self, shares_N: Float[np.ndarray, " N"]) -> list[int]:
        """The fewest leaves that carry half of the gross of some shares, but at most :data:`MOST` and half of all."""
        ranked = np.asarray(self.ranked)
        order = ranked[np.argsort(-np.abs(shares_N[ranked]), kind="stable")]
        gross = np.cumsum(np.abs(shares_N[order]))
        enough = int(np.searchsorted(gross, gross[-1] / 2)) + 1
        return order[: max(1, min(enough, MOST, len(order) // 2))].tolist()

    @cached_property
    def largest(self) -> list[int]:
        """The set that stands for the tree in checks: :meth:`few` of the mean shares."""
        return self.few(self.found.means)
