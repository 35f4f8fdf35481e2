"""Who plays the referee's game: every leaf, or heads one by one and neurons in groups where leaves are too many.

A group is a stretch of a writer's neurons with a site of its own, `L0.mlp.g0`; when all neurons of a writer are one
player, its site is the writer's, `L0.mlp`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from jaxtyping import Int

from mesolens.instruments.middle.gates import Gate
from mesolens.model.sites import Site


@dataclass(frozen=True, slots=True)
class Players:
    """The players, in the model's order.

    Attributes:
        sites: one for each.
        of_leaf: for every leaf, in gate order, the player to which it belongs.
    """

    sites: tuple[Site, ...]
    of_leaf: Int[np.ndarray, " N"]

    def unions(self) -> list[list[list[int]]]:
        """Players by block within layer: what comes before the blocks, and after them, is a layer of its own."""
        layers: dict[object, dict[object, list[int]]] = {}
        for player, site in enumerate(self.sites):
            blocks = layers.setdefault(site.whole or site.layer, {})
            blocks.setdefault(site.writer, []).append(player)
        return [list(blocks.values()) for blocks in layers.values()]


def players_of(gates: Sequence[Gate], alone: int, groups: int) -> Players:
    """Every leaf alone when they are at most `alone`; else neurons in `groups` stretches for each writer."""
    if sum(max(gate.leaves, 1) for gate in gates) <= alone:
        sites = [site for gate in gates for site in gate.sites]
        return Players(tuple(sites), np.arange(len(sites)))
    sites, of_leaf = list[Site](), list[int]()
    for gate in gates:
        parts = _parts(gate, groups)
        of_leaf += [len(sites) + part for part, (_, size) in enumerate(parts) for _ in range(size)]
        sites += [site for site, _ in parts]
    return Players(tuple(sites), np.array(of_leaf))


def _parts(gate: Gate, groups: int) -> list[tuple[Site, int]]:
    """A gate's players, each with its number of leaves."""
    if not gate.leaves or gate.writer is None:
        return [(gate.site, 1)]
    if gate.writer.leaf == "h":
        return [(site, 1) for site in gate.sites]
    if groups == 1:
        return [(gate.site, gate.leaves)]
    sizes = [len(part) for part in np.array_split(np.arange(gate.leaves), min(groups, gate.leaves))]
    return [(replace(gate.site, leaf="g", index=group), size) for group, size in enumerate(sizes)]
