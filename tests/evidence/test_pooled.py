"""Token means over texts: the plain mean, and intervals that cover as they say."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesolens.evidence.pooled import difference, pooled


@given(st.lists(st.lists(st.floats(-5, 5), min_size=1, max_size=5), min_size=2, max_size=8))
def test_the_mean_is_that_of_all_tokens(texts: list[list[float]]) -> None:
    sums, sizes = np.array([[sum(text)] for text in texts]), np.array([float(len(text)) for text in texts])
    found = pooled(sums, sizes, [str(n) for n in range(len(texts))], resamples=50)
    assert found.mean[0] == pytest.approx(np.mean([value for text in texts for value in text]))
    assert found.low[0] - 1e-9 <= found.high[0]


def test_intervals_over_clusters_cover_the_mean() -> None:
    rng = np.random.default_rng(0)
    covered = 0
    for _ in range(200):
        level = rng.normal(size=30)
        sizes = rng.integers(5, 40, 30).astype(float)
        sums = (level * sizes + rng.normal(size=30) * np.sqrt(sizes))[:, None]
        found = pooled(sums, sizes, [str(n) for n in range(30)], resamples=300, seed=1)
        covered += found.low[0] <= 0 <= found.high[0]
    assert 0.88 <= covered / 200 <= 0.98


def test_one_cluster_has_a_mean_and_no_interval() -> None:
    found = pooled(np.array([[2.0], [4.0]]), np.array([1.0, 1.0]), ["a", "a"])
    assert found.mean[0] == 3
    assert np.isnan(found.low[0])


def test_a_difference_is_of_the_two_means_and_its_interval_holds_it() -> None:
    rng = np.random.default_rng(1)
    first = np.arange(60) < 25
    values = np.where(first, 1.0, 0.0)[:, None] + rng.normal(size=(60, 1))
    found = difference(values, np.ones(60), [str(n) for n in range(60)], first)
    assert found.mean[0] == pytest.approx(values[first].mean() - values[~first].mean())
    assert 0 < found.low[0] < found.mean[0] < found.high[0]
