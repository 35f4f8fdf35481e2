"""Paired differences: exact against scipy, level and power where the truth is known, missing replies."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import permutation_test

from mesolens.evidence.clusters import chances, cluster_intervals, cluster_means
from mesolens.evidence.paired import flip_chances, paired_tests


@given(st.integers(2, 9), st.integers(0, 99))
@settings(max_examples=25, deadline=None)
def test_flips_agree_with_an_independent_permutation_test(clusters: int, seed: int) -> None:
    values = np.random.default_rng(seed).integers(-4, 5, (clusters, 3)).astype(float)
    found = flip_chances(values, [str(k) for k in range(clusters)])
    for column, p in zip(values.T, found, strict=True):
        other = permutation_test(
            (column,), lambda x, axis: np.abs(x.sum(axis)), permutation_type="samples", alternative="greater",
            vectorized=True, n_resamples=10**6,
        )  # fmt: skip
        assert p == pytest.approx(other.pvalue)


@given(st.integers(2, 8), st.integers(1, 4), st.integers(0, 99))
@settings(max_examples=25, deadline=None)
def test_mean_interval_and_chance_are_those_of_clusters(clusters: int, size: int, seed: int) -> None:
    values = np.random.default_rng(seed).normal(size=(clusters * size, 3))
    names = [str(k % clusters) for k in range(len(values))]
    found, means, ends = paired_tests(values, names), cluster_means(values, names), cluster_intervals(values, names)
    assert means is not None
    assert ends is not None
    np.testing.assert_allclose([found.low, found.high], ends)
    np.testing.assert_allclose(found.chance, chances(means))
    np.testing.assert_allclose(found.mean, values.mean(0))


@given(st.integers(0, 99))
@settings(max_examples=20, deadline=None)
def test_columns_with_their_own_missing_replies_are_as_if_alone(seed: int) -> None:
    rng = np.random.default_rng(seed)
    values = np.where(rng.random((24, 5)) < 0.3, np.nan, rng.normal(size=(24, 5)))
    names = [str(k // 3) for k in range(24)]
    together = paired_tests(values, names)
    for n, column in enumerate(values.T):
        there = ~np.isnan(column)
        alone = paired_tests(column[there, None], [name for name, has in zip(names, there, strict=True) if has])
        for part in ("mean", "low", "high", "chance", "flip"):
            assert getattr(together, part)[n] == pytest.approx(getattr(alone, part)[0], rel=1e-9)


@pytest.mark.parametrize("clusters", [8, 30])
def test_without_an_effect_flips_keep_their_level_however_alike_items_of_a_cluster_are(clusters: int) -> None:
    rng, tries = np.random.default_rng(clusters), 3000
    shift = rng.normal(size=(clusters, 1, tries)) * rng.exponential(size=(clusters, 1, 1))
    values = (shift + rng.normal(size=(clusters, 4, tries))).reshape(-1, tries)
    p = flip_chances(values, [str(k // 4) for k in range(len(values))], draws=999)
    assert 0.035 <= (p <= 0.05).mean() <= 0.06
    alone = flip_chances(values, [str(k) for k in range(len(values))], draws=999)
    assert (alone <= 0.05).mean() > 0.15  # what clusters are for


def test_an_effect_is_found_and_its_mean_with_it() -> None:
    rng = np.random.default_rng(1)
    values = rng.normal(size=(60, 200)) - 0.8
    found = paired_tests(values, [str(k // 3) for k in range(60)], draws=999)
    assert (found.flip <= 0.05).mean() > 0.95
    assert (found.chance <= 0.05).mean() > 0.95
    assert 0.93 <= ((found.low <= -0.8) & (found.high >= -0.8)).mean() <= 1.0


def test_one_cluster_or_no_reply_tells_nothing() -> None:
    found = paired_tests(np.array([[1.0, np.nan], [2.0, np.nan]]), ["a", "a"])
    assert found.mean[0] == 1.5
    assert np.isnan(found.mean[1])
    assert (found.low[0], found.high[0], found.chance[0], found.flip[0]) == (-np.inf, np.inf, 1.0, 1.0)
    apart = paired_tests(np.array([[1.0, np.nan], [2.0, 3.0]]), ["a", "b"])
    assert (apart.mean[1], apart.low[1], apart.high[1], apart.chance[1]) == (3.0, -np.inf, np.inf, 1.0)
