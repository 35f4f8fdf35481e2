"""The tree: parents are sums, and a lost or doubled leaf is seen."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesolens.instruments.middle.tree import conservation, grow

SITES = ["embed", "L0.attn.h0", "L0.attn.h1", "L0.mlp.n0", "L0.mlp.n1", "L1.attn.h0", "L1.mlp", "L2", "unembed"]
shares = st.lists(st.lists(st.floats(-50, 50), min_size=len(SITES), max_size=len(SITES)), min_size=1, max_size=5).map(
    np.asarray
)


@given(shares)
def test_parents_are_the_sums_of_their_children_and_the_model_of_all_leaves(leaves: np.ndarray) -> None:
    nodes = grow(leaves, SITES, [str(k) for k in range(len(leaves))])
    by_site = {node.site: node.share for node in nodes}
    assert by_site["model"] == pytest.approx(leaves.sum(1).mean(), abs=1e-9)
    assert by_site["L0.attn"] == pytest.approx(leaves[:, 1:3].sum(1).mean(), abs=1e-9)
    assert by_site["L2"] == pytest.approx(leaves[:, 7].mean(), abs=1e-12)
    assert conservation(nodes, 1.0) <= 1e-12 * max(1.0, np.abs(leaves).sum())


@given(shares, st.permutations(range(len(SITES))))
def test_the_order_of_leaves_does_not_matter(leaves: np.ndarray, order: list[int]) -> None:
    templates = [str(k) for k in range(len(leaves))]
    one = {n.site: n for n in grow(leaves, SITES, templates)}
    other = {n.site: n for n in grow(leaves[:, order], [SITES[k] for k in order], templates)}
    assert one.keys() == other.keys()
    for site, node in one.items():
        assert node.share == pytest.approx(other[site].share, abs=1e-9)
        assert node.parent == other[site].parent


@pytest.mark.parametrize("place", range(1, 5))
def test_conservation_sees_a_leaf_that_is_lost(place: int) -> None:
    nodes = grow(np.arange(1.0, 10.0)[None], SITES, ["t"])
    lost = next(node for node in nodes if node.site == SITES[place])
    assert conservation(nodes, 45.0) == 0
    assert conservation([node for node in nodes if node != lost], 45.0) == pytest.approx(lost.share / 45)


def test_intervals_hold_the_mean_and_are_missing_with_one_template() -> None:
    leaves = np.random.default_rng(0).normal(1, 1, (30, len(SITES)))
    for node in grow(leaves, SITES, [str(k % 10) for k in range(30)]):
        assert node.low is not None
        assert node.high is not None
        assert node.low <= node.share <= node.high
    alone = grow(leaves, SITES, ["t"] * 30)
    assert all(node.low is None and node.high is None for node in alone)


def test_nodes_print_as_the_contract_says() -> None:
    node = grow(np.ones((1, len(SITES))), SITES, ["t"])[1]
    assert set(node.to_json()) == {"site", "parent", "share", "low", "high", "direct"}
    assert dataclasses.asdict(node) == node.to_json()
