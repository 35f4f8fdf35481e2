"""Divergence: scipy's distance squared, a floor that sampling stays below, and planted splits inside their interval."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import jensenshannon

from mesolens.evidence.divergence import js_bits, split


@given(st.integers(1, 5), st.integers(2, 30), st.integers(0, 999))
@settings(max_examples=40, deadline=None)
def test_it_is_the_square_of_scipys_distance(rows: int, entries: int, seed: int) -> None:
    p, q = np.random.default_rng(seed).dirichlet(np.full(entries, 0.3), (2, rows))
    np.testing.assert_allclose(js_bits(p, q), jensenshannon(p, q, base=2, axis=1) ** 2, atol=1e-9)
    np.testing.assert_allclose(js_bits(p, q), js_bits(q, p), atol=1e-12)
    np.testing.assert_allclose(js_bits(p, p), 0.0, atol=1e-12)


def replies(rng: np.random.Generator, shares: list[float], items: int, each: int) -> np.ndarray:
    return rng.choice(len(shares), p=shares, size=(items, each))


NAMES = [str(k // 4) for k in range(80)]


def test_twins_without_a_difference_stay_below_the_floor_however_items_differ() -> None:
    rng, p, bits = np.random.default_rng(0), [], []
    for seed in range(300):
        shares = rng.dirichlet([0.5, 0.3, 0.2], 40)
        one, other = ((rng.random((40, 2, 1)) > shares.cumsum(1)[:, None, :-1]).sum(-1) for _ in range(2))
        found = split(one, other, NAMES[:40], shuffles=99, seed=seed)
        p.append(found.p)
        bits.append(found.bits)
        assert (found.bits > found.floor + 1e-12) <= (found.p <= 0.06)
    assert np.mean(np.array(p) <= 0.05) <= 0.085  # 0.05, with 300 tries
    assert abs(np.mean(bits)) < 0.001  # plug-in divergence would be 0.01 too large


@pytest.mark.parametrize(("one", "other"), [([0.9, 0.1, 0.0], [0.3, 0.6, 0.1]), ([0.8, 0.1, 0.1], [0.4, 0.2, 0.4])])
def test_a_planted_difference_is_covered_and_found(one: list[float], other: list[float]) -> None:
    rng, truth = np.random.default_rng(1), float(js_bits(np.array([one]), np.array([other]))[0])
    found = [
        split(replies(rng, one, 80, 2), replies(rng, other, 80, 2), NAMES, shuffles=99, seed=k) for k in range(200)
    ]
    assert np.mean([f.low <= truth <= f.high for f in found]) >= 0.91  # 0.95, with 200 tries
    assert np.mean([f.bits for f in found]) == pytest.approx(truth, abs=0.01)
    assert all(f.p <= 0.05 and f.bits > f.floor for f in found)


def test_item_by_item_shows_what_shares_over_all_items_hide() -> None:
    rng = np.random.default_rng(2)
    one = np.tile(rng.integers(0, 2, 80)[:, None], (1, 4))
    pooled = split(one, 1 - one, NAMES, shuffles=200)
    each = split(one, 1 - one, NAMES, [str(k) for k in range(80)], shuffles=200)
    assert pooled.bits < 0.1
    assert each.bits > 0.5
    assert each.p < 0.01
    same = split(one, one, NAMES, [str(k) for k in range(80)], shuffles=200)
    assert same.bits == pytest.approx(0.0, abs=1e-12)


@given(st.integers(3, 12), st.integers(1, 3), st.integers(0, 99))
@settings(max_examples=20, deadline=None)
def test_exchanging_the_twins_changes_nothing_and_groups_are_weighed_by_size(items: int, each: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    one, other = rng.integers(0, 3, (2, items, each))
    names, groups = [str(k) for k in range(items)], [str(k % 3) for k in range(items)]
    a, b = (split(x, y, names, groups, shuffles=400) for x, y in ((one, other), (other, one)))
    assert a.bits == pytest.approx(b.bits, abs=0.06)  # up to the shuffles
    shares = [
        [np.bincount(side[[g == name for g in groups]].ravel(), minlength=3) for side in (one, other)]
        for name in sorted(set(groups))
    ]
    plain = sum(
        float(js_bits(x[None] / x.sum(), y[None] / y.sum())[0]) * x.sum() for x, y in shares
    ) / (items * each)  # fmt: skip
    assert a.bits <= plain + 1e-12


def test_items_that_lack_a_reply_are_left_out_and_none_is_refused() -> None:
    rng = np.random.default_rng(3)
    one, other = rng.integers(0, 3, (2, 12, 2))
    holes = one.copy()
    holes[3, 1] = -1
    kept = np.delete(np.arange(12), 3)
    found = split(holes, other, NAMES[:12], shuffles=50)
    assert found == split(one[kept], other[kept], [NAMES[k] for k in kept], shuffles=50)
    assert found.items == 11
    with pytest.raises(ValueError, match="no item has every reply"):
        split(np.full((3, 2), -1), other[:3], [*"abc"])
