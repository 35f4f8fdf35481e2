"""What organs are compared with: other partitions of the same leaves into groups of the same sizes."""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float, Int

from mesolens.instruments.middle.organs.found import Found
from mesolens.instruments.middle.organs.partition import REST, Partition
from mesolens.instruments.middle.organs.spec import FOUND, OrgansSpec
from mesolens.model.sites import parent_of

ORGANS, RANDOM, LAYERS, TRAITS = "organs", "matched random", "layers", "trait directions"


def groupings(spec: OrgansSpec, found: Found, known: Partition) -> Mapping[str, list[Int[np.ndarray, " N"]]]:
    """Partitions by kind, each as every leaf's group.

    ==================  ==========================================================================================
    `organs`            those that were found
    `matched random`    leaves exchanged within their writer, so that each group has as many of each writer as before
    `layers`            leaves in the model's order, cut into groups of the organs' sizes
    `trait directions`  leaves by the trait for which their mean share is largest, cut into groups of the same sizes
    ==================  ==========================================================================================
    """
    rng = np.random.default_rng([spec.seed, 7])
    writers = _writers(found.sites)
    randoms = [_exchanged(known.of, writers, rng) for _ in range(spec.random)]
    return {
        ORGANS: [known.of],
        RANDOM: randoms,
        LAYERS: [_cut(np.flatnonzero(known.of != REST), known)],
        TRAITS: [_cut(_by_trait(found, known), known)],
    }


def _writers(sites: Sequence[str]) -> Int[np.ndarray, " N"]:
    return np.unique([parent_of(site) or site for site in sites], return_inverse=True)[1]


def _exchanged(
    of_N: Int[np.ndarray, " N"], writer_N: Int[np.ndarray, " N"], rng: np.random.Generator
) -> Int[np.ndarray, " N"]:
    """Groups dealt anew among the leaves of each writer that are in an organ."""
    dealt = of_N.copy()
    for writer in np.unique(writer_N):
        here = np.flatnonzero((writer_N == writer) & (of_N != REST))
        dealt[here] = of_N[rng.permutation(here)]
    return dealt


def _by_trait(found: Found, known: Partition) -> Int[np.ndarray, " M"]:
    """Leaves of organs, trait by trait, the largest of each first."""
    rows = found.of(FOUND)
    traits = np.array([found.views[row].trait for row in rows])
    means_TN: Float[np.ndarray, "T N"] = np.stack([found.shares[rows[traits == t]].mean(0) for t in np.unique(traits)])
    size_N = np.abs(means_TN)
    inside = np.flatnonzero(known.of != REST)
    order = np.lexsort((-size_N.max(0)[inside], size_N.argmax(0)[inside]))
    return inside[order]


def _cut(order: Int[np.ndarray, " M"], known: Partition) -> Int[np.ndarray, " N"]:
    """Leaves in an order, cut into groups as large as the organs."""
    of = np.full(len(known.of), REST)
    sizes = [int((known.of == organ).sum()) for organ in range(known.organs)]
    of[order] = np.repeat(np.arange(known.organs), sizes)
    return of
