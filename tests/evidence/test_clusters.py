"""Intervals over clusters: against Student where nothing is skewed, and their coverage where the truth is known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import t as student
from scipy.stats import ttest_1samp

from mesolens.evidence.clusters import chances, cluster_draws, cluster_intervals, cluster_means


@given(st.integers(2, 9), st.integers(0, 99))
@settings(max_examples=20, deadline=None)
def test_without_skew_it_is_students_interval_of_cluster_means(half: int, seed: int) -> None:
    side = np.random.default_rng(seed).normal(size=(half, 3))
    values = np.concatenate([side, -side]) + 5.0
    found = cluster_intervals(values, [str(k) for k in range(2 * half)])
    means = cluster_means(values, [str(k) for k in range(2 * half)])
    assert found is not None
    assert means is not None
    expected = ttest_1samp(values, 0.0).confidence_interval(0.95)
    np.testing.assert_allclose(np.stack(found), [expected.low, expected.high], rtol=1e-7)
    np.testing.assert_allclose(chances(means), ttest_1samp(values, 0.0).pvalue, rtol=1e-5)


@given(st.integers(3, 9), st.integers(1, 4), st.integers(0, 99), st.floats(0.5, 0.99))
@settings(max_examples=30, deadline=None)
def test_an_interval_leaves_zero_out_exactly_when_its_p_is_below_the_level(
    clusters: int, size: int, seed: int, level: float
) -> None:
    values = np.random.default_rng(seed).exponential(size=(clusters * size, 40)) - 0.7
    names = [str(k % clusters) for k in range(len(values))]
    means, ends = cluster_means(values, names), cluster_intervals(values, names, level=level)
    assert means is not None
    assert ends is not None
    p, out = chances(means), (ends[0] > 0) | (ends[1] < 0)
    clear = np.abs(p - (1 - level)) > 1e-9
    assert np.array_equal(out[clear], (p < 1 - level)[clear])


@given(st.integers(3, 8), st.integers(0, 99), st.floats(-9, 9), st.floats(0.1, 9))
@settings(max_examples=20, deadline=None)
def test_intervals_move_and_stretch_with_the_values(clusters: int, seed: int, shift: float, scale: float) -> None:
    values = np.random.default_rng(seed).exponential(size=(2 * clusters, 4))
    names = [str(k // 2) for k in range(2 * clusters)]
    one, other = cluster_intervals(values, names), cluster_intervals(scale * values + shift, names)
    assert one is not None
    assert other is not None
    np.testing.assert_allclose(np.stack(other), scale * np.stack(one) + shift, atol=1e-8)
    flipped = cluster_intervals(-values, names)
    assert flipped is not None
    np.testing.assert_allclose(np.stack(flipped), -np.stack(one)[::-1], atol=1e-9)


def test_repeating_every_item_of_a_cluster_narrows_nothing() -> None:
    values = np.random.default_rng(0).normal(size=(6, 2))
    once = cluster_intervals(values, list("abcdef"))
    thrice = cluster_intervals(values.repeat(3, axis=0), list("aaabbbcccdddeeefff"))
    assert once is not None
    assert thrice is not None
    np.testing.assert_allclose(np.stack(once), np.stack(thrice))


def test_constants_have_no_width_and_one_cluster_no_interval() -> None:
    ones = np.ones((6, 2))
    found = cluster_intervals(ones, list("aabbcc"))
    assert found is not None
    np.testing.assert_allclose(np.stack(found), 1.0)
    assert cluster_intervals(ones, list("aaaaaa")) is None


@pytest.mark.parametrize("scale", [1e-140, 1e-109, 1e150])
def test_the_smallest_and_largest_values_get_the_same_interval_scaled(scale: float) -> None:
    values = np.random.default_rng(0).exponential(size=(9, 3))
    one, other = (cluster_intervals(v, [str(k) for k in range(9)]) for v in (values, values * scale))
    assert one is not None
    assert other is not None
    np.testing.assert_allclose(np.stack(other) / scale, np.stack(one), rtol=1e-9)


@given(st.integers(2, 6), st.integers(0, 99))
@settings(max_examples=30, deadline=None)
def test_a_column_with_missing_values_is_as_if_its_items_were_all_there_are(clusters: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    values = np.where(rng.random((4 * clusters, 3)) < 0.4, np.nan, rng.exponential(size=(4 * clusters, 3)))
    names = [str(k % clusters) for k in range(len(values))]
    together = cluster_means(values, names)
    assert together is not None
    for n, column in enumerate(values.T):
        kept = [name for name, value in zip(names, column, strict=True) if not np.isnan(value)]
        alone = cluster_means(column[~np.isnan(column), None], kept)
        if alone is None:
            assert (together.error[n], together.freedom[n], chances(together)[n]) == (np.inf, 0, 1.0)
            continue
        for part in ("mean", "error", "skew", "freedom"):
            assert getattr(together, part)[n] == pytest.approx(getattr(alone, part)[0])


def test_a_column_without_a_value_has_no_mean_and_is_no_evidence() -> None:
    values = np.array([[np.nan, 1.0], [np.nan, 3.0]])
    means, ends = cluster_means(values, ["a", "b"]), cluster_intervals(values, ["a", "b"])
    assert means is not None
    assert ends is not None
    assert np.isnan([means.mean[0], ends[0][0], ends[1][0]]).all()
    assert chances(means)[0] == 1.0
    assert ends[0][1] < 2.0 < ends[1][1]


@given(st.integers(2, 6), st.integers(0, 99))
@settings(max_examples=10, deadline=None)
def test_drawn_weights_keep_clusters_whole_and_sum_to_one(clusters: int, seed: int) -> None:
    names = [str(k % clusters) for k in range(3 * clusters)]
    weights = cluster_draws(names, 50, seed)
    np.testing.assert_allclose(weights.sum(1), 1.0)
    for k in range(clusters):
        assert np.all(np.ptp(weights[:, [n == str(k) for n in names]], axis=1) == 0)


@pytest.mark.parametrize("kind", ["normal", "exponential"])
@pytest.mark.parametrize("clusters", [8, 13, 30])
def test_intervals_cover_the_truth_as_often_as_they_say(kind: str, clusters: int) -> None:
    rng, tries = np.random.default_rng(clusters), 6000
    effects = rng.normal(size=(clusters, tries)) if kind == "normal" else rng.exponential(size=(clusters, tries)) - 1
    values = effects.repeat(3, axis=0) + 0.3 * rng.normal(size=(3 * clusters, tries))
    found = cluster_intervals(values, [str(i // 3) for i in range(3 * clusters)])
    assert found is not None
    covered = float(((found[0] <= 0) & (found[1] >= 0)).mean())
    plain = float((np.abs(_studentised(effects)) <= student.ppf(0.975, clusters - 1)).mean())
    assert 0.93 <= covered <= 0.97
    if kind == "exponential" and clusters == 8:
        assert plain < 0.93  # what the transform is for


def _studentised(effects: np.ndarray) -> np.ndarray:
    return effects.mean(0) / (effects.std(0, ddof=1) / np.sqrt(len(effects)))
