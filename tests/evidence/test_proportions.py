"""Intervals of shares: Jeffreys' where items are independent, coverage where they are not, honest at none and all."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import beta

from mesolens.evidence.proportions import proportions


@given(st.integers(2, 60), st.data())
@settings(max_examples=40, deadline=None)
def test_items_that_are_their_own_cluster_are_worth_one_each(count: int, data: st.DataObject) -> None:
    hits = data.draw(st.integers(0, count))
    values = (np.arange(count) < hits).astype(float)[:, None]
    found = proportions(values, [str(k) for k in range(count)])
    assert found.share[0] == pytest.approx(hits / count)
    worth = count - 1 if 0 < hits < count else count  # the error has G − 1 in it
    assert found.worth[0] == pytest.approx(worth)
    if 0 < hits < count:
        ends = beta.ppf([0.025, 0.975], worth * hits / count + 0.5, worth * (1 - hits / count) + 0.5)
        np.testing.assert_allclose([found.low[0], found.high[0]], ends)


@given(st.integers(2, 12), st.integers(1, 6), st.integers(0, 99))
@settings(max_examples=40, deadline=None)
def test_counting_misses_mirrors_the_interval(clusters: int, size: int, seed: int) -> None:
    hits = (np.random.default_rng(seed).random((clusters * size, 5)) < 0.3).astype(float)
    names = [str(k % clusters) for k in range(len(hits))]
    one, other = proportions(hits, names), proportions(1 - hits, names)
    np.testing.assert_allclose(other.share, 1 - one.share)
    np.testing.assert_allclose(other.low, 1 - one.high, atol=1e-9)
    assert ((one.low <= one.share) & (one.share <= one.high)).all()


def test_clusters_that_agree_within_are_worth_one_item_each() -> None:
    hits = np.repeat([1.0, 0.0] * 20, 5)[:, None]
    found = proportions(hits, [str(k // 5) for k in range(200)])
    assert 35 <= found.worth[0] <= 40


def test_all_or_none_still_has_an_interval_and_nothing_known_has_the_widest() -> None:
    values = np.stack([np.ones(12), np.zeros(12), np.full(12, np.nan)], axis=1)
    found = proportions(values, [str(k // 2) for k in range(12)])
    assert found.low[0] == pytest.approx(beta.ppf(0.025, 6.5, 0.5))
    assert found.high[1] == pytest.approx(1 - found.low[0])
    assert (found.high[0], found.low[1]) == (1.0, 0.0)
    assert np.isnan(found.share[2])
    assert (found.low[2], found.high[2]) == (0.0, 1.0)
    single = proportions(np.ones((5, 1)), ["a"] * 5)
    assert (single.worth[0], single.high[0]) == (1.0, 1.0)
    assert single.low[0] < 0.2


@pytest.mark.parametrize("alike", [0.0, 0.3])
@pytest.mark.parametrize("share", [0.2, 0.5])
@pytest.mark.parametrize("clusters", [12, 40])
def test_intervals_cover_the_truth_as_often_as_they_say(share: float, alike: float, clusters: int) -> None:
    rng, tries = np.random.default_rng(clusters), 3000
    rates = np.full((clusters, tries), share)
    if alike:
        rates = rng.beta(share * (1 / alike - 1), (1 - share) * (1 / alike - 1), size=(clusters, tries))
    hits = (rng.random((clusters, 5, tries)) < rates[:, None]).reshape(-1, tries).astype(float)
    found = proportions(hits, [str(k // 5) for k in range(5 * clusters)])
    assert 0.93 <= ((found.low <= share) & (share <= found.high)).mean() <= 0.98
