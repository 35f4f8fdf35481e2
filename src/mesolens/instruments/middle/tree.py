"""The tree of shares: from leaves up to the model, each parent the sum of its children."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from mesolens.evidence.clusters import cluster_intervals
from mesolens.evidence.shards import Json
from mesolens.model.sites import MODEL, parent_of


@dataclass(frozen=True, slots=True)
class Node:
    """A place in the model with its mean share, in nats, and the 95 % interval over templates.

    Attributes:
        parent: the site whose share this one's is a part of; None for the model.
        low, high: None where there are fewer than two templates.
        direct: the direct effect at the final norm; None where it was not measured.
    """

    site: str
    parent: str | None
    share: float
    low: float | None
    high: float | None
    direct: float | None = None

    def to_json(self) -> dict[str, Json]:
        """The node as the tree's JSON contract has it."""
        return {name: getattr(self, name) for name in ("site", "parent", "share", "low", "high", "direct")}


def grow(
    leaves_IN: Float[np.ndarray, "I N"],
    sites: Sequence[str],
    templates: Sequence[str],
    direct_IN: Float[np.ndarray, "I N"] | None = None,
) -> list[Node]:
    """Nodes from the model down, depth first, from the leaves' shares by item, and their direct parts where known."""
    order, parents = _skeleton(sites)
    place = {site: index for index, site in enumerate(order)}
    leaves, above = [place[site] for site in sites], [place[parent] for parent in parents]
    shares = _summed(leaves_IN, leaves, above)
    means = shares.mean(0)
    direct = None if direct_IN is None else _summed(direct_IN.mean(0, keepdims=True), leaves, above)[0]
    ends = cluster_intervals(shares, templates)
    return [
        Node(
            site,
            parents[index] if index else None,
            float(means[index]),
            None if ends is None else float(ends[0][index]),
            None if ends is None else float(ends[1][index]),
            None if direct is None else float(direct[index]),
        )
        for index, site in enumerate(order)
    ]


def _summed(leaves_IN: Float[np.ndarray, "I N"], places: list[int], above: list[int]) -> Float[np.ndarray, "I M"]:
    """Every node's sum of its leaves; a node's parent stands before it."""
    sums = np.zeros((len(leaves_IN), len(above)))
    sums[:, places] = leaves_IN
    for index in range(len(above) - 1, 0, -1):
        sums[:, above[index]] += sums[:, index]
    return sums


def _skeleton(leaves: Sequence[str]) -> tuple[list[str], list[str]]:
    """All sites in an order in which parents come before children, and each one's parent (the model's is itself)."""
    model = str(MODEL)
    children: dict[str, list[str]] = {model: []}
    for leaf in leaves:
        _hang(leaf, children)
    order: list[str] = []
    parents: list[str] = []
    waiting = [(model, model)]
    while waiting:
        site, parent = waiting.pop()
        order.append(site)
        parents.append(parent)
        waiting.extend((child, site) for child in reversed(children[site]))
    return order, parents


def _hang(site: str, children: dict[str, list[str]]) -> None:
    """Put a site under its parent, after its parent under its own."""
    parent = parent_of(site)
    if parent is None or site in children:
        return
    _hang(parent, children)
    children[site] = []
    children[parent].append(site)


def conservation(nodes: Sequence[Node], delta: float) -> float:
    """The worst |parent − Σ children|, as a part of |Δ| (of 1 nat when Δ is 0), read off the nodes themselves."""
    sums: dict[str, float] = {}
    for node in nodes:
        if node.parent is not None:
            sums[node.parent] = sums.get(node.parent, 0.0) + node.share
    shares: Mapping[str, float] = {node.site: node.share for node in nodes}
    worst = max((abs(shares[site] - total) for site, total in sums.items()), default=0.0)
    return worst / (abs(delta) or 1.0)
