"""The tree of shares: from leaves up to the model, each parent the sum of its children."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from mesolens.evidence.bootstrap import cluster_intervals
from mesolens.evidence.shards import Json
from mesolens.model.sites import MODEL, Site, parse


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
    leaves_IN: Float[np.ndarray, "I N"], sites: Sequence[str], templates: Sequence[str], resamples: int, seed: int
) -> list[Node]:
    """Nodes from the model down, depth first, from the leaves' shares by item."""
    order, parents = _skeleton([parse(site) for site in sites])
    place = {site: index for index, site in enumerate(order)}
    shares = np.zeros((len(leaves_IN), len(order)))
    shares[:, [place[parse(site)] for site in sites]] = leaves_IN
    for index in range(len(order) - 1, 0, -1):
        shares[:, place[parents[index]]] += shares[:, index]
    means = shares.mean(0)
    ends = cluster_intervals(shares, templates, resamples=resamples, seed=seed)
    return [
        Node(
            str(site),
            None if site == MODEL else str(parents[index]),
            float(means[index]),
            None if ends is None else float(ends[0][index]),
            None if ends is None else float(ends[1][index]),
        )
        for index, site in enumerate(order)
    ]


def _skeleton(leaves: Sequence[Site]) -> tuple[list[Site], list[Site]]:
    """All sites in an order in which parents come before children, and each one's parent (the model's is itself)."""
    children: dict[Site, list[Site]] = {MODEL: []}
    for leaf in leaves:
        _hang(leaf, children)
    order: list[Site] = []
    parents: list[Site] = []
    waiting = [(MODEL, MODEL)]
    while waiting:
        site, parent = waiting.pop()
        order.append(site)
        parents.append(parent)
        waiting.extend((child, site) for child in reversed(children[site]))
    return order, parents


def _hang(site: Site, children: dict[Site, list[Site]]) -> None:
    """Put a site under its parent, after its parent under its own."""
    parent = site.parent()
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
