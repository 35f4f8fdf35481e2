"""Areas: pair counting done slowly and scipy's, strata, and intervals that hold the truth where clusters are few."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import mannwhitneyu

from mesolens.evidence.auc import areas, strata_of


@given(st.integers(2, 25), st.integers(2, 25), st.integers(0, 999))
@settings(max_examples=40, deadline=None)
def test_it_is_mann_and_whitneys_statistic(broken: int, held: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    numbers = rng.integers(0, 6, (broken + held, 2)).astype(float)
    labels = np.arange(broken + held) < broken
    found = areas(numbers, labels, [str(k % 5) for k in range(broken + held)])
    for n, value in enumerate(found.value):
        other = mannwhitneyu(numbers[labels, n], numbers[~labels, n]).statistic / (broken * held)
        assert value == pytest.approx(other)
    assert (found.broken, found.held) == (broken, held)


@given(st.integers(4, 30), st.integers(0, 999))
@settings(max_examples=40, deadline=None)
def test_strata_compare_only_within(count: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    numbers, broken, strata = rng.integers(0, 5, count) * 1.0, rng.random(count) < 0.5, rng.integers(0, 3, count)
    numbers[rng.random(count) < 0.1] = np.nan
    pairs = [
        (numbers[i] > numbers[j]) + (numbers[i] == numbers[j]) / 2
        for i in np.flatnonzero(broken & ~np.isnan(numbers))
        for j in np.flatnonzero(~broken & ~np.isnan(numbers))
        if strata[i] == strata[j]
    ]
    found = areas(numbers[:, None], broken, [str(k % 4) for k in range(count)], strata)
    np.testing.assert_allclose(found.value[0], np.mean(pairs) if pairs else np.nan)
    if not pairs:
        assert (found.low[0], found.high[0]) == (0.0, 1.0)


def test_a_number_that_only_tells_length_foretells_nothing_within_lengths() -> None:
    rng = np.random.default_rng(0)
    lengths = rng.integers(1, 40, 3000).astype(float)
    broken = rng.random(3000) < lengths / 50
    numbers = np.stack([lengths, broken + rng.normal(size=3000)], axis=1)
    names = [str(k % 100) for k in range(3000)]
    raw, matched = areas(numbers, broken, names), areas(numbers, broken, names, strata_of(lengths, 39))
    assert raw.value[0] > 0.7
    assert matched.low[0] <= 0.5 <= matched.high[0]
    assert matched.value[1] == pytest.approx(raw.value[1], abs=0.03)


@given(st.lists(st.integers(1, 9), min_size=1, max_size=40), st.integers(1, 8))
@settings(max_examples=40, deadline=None)
def test_strata_are_in_order_and_part_no_length(lengths: list[int], count: int) -> None:
    given_lengths = np.array(lengths, float)
    strata = strata_of(given_lengths, count)
    assert len(np.unique(strata)) <= count
    order = np.argsort(given_lengths, kind="stable")
    assert (np.diff(strata[order]) >= 0).all()
    for length in np.unique(given_lengths):
        assert len(np.unique(strata[given_lengths == length])) == 1


@given(st.integers(0, 99))
@settings(max_examples=20, deadline=None)
def test_turning_a_number_round_turns_its_interval_round(seed: int) -> None:
    rng = np.random.default_rng(seed)
    numbers, broken = rng.normal(size=(60, 3)), rng.random(60) < 0.4
    names = [str(k // 5) for k in range(60)]
    one, other = areas(numbers, broken, names), areas(-numbers, broken, names)
    np.testing.assert_allclose(other.value, 1 - one.value)
    np.testing.assert_allclose(other.low, 1 - one.high)
    np.testing.assert_allclose(one.difference, -one.difference.T, atol=1e-12)
    np.testing.assert_allclose(one.difference_low, -one.difference_high.T, atol=1e-12)


def drawn(rng: np.random.Generator, clusters: int) -> tuple[np.ndarray, np.ndarray]:
    """Two numbers that foretell breakage, one better; replies of one cluster share what both are shifted by."""
    shift, prone = (np.repeat(rng.normal(size=clusters), 8) for _ in range(2))
    broken = 0.5 * prone + rng.normal(size=8 * clusters) > 0.6
    shared = 0.5 * shift + 0.5 * rng.normal(size=8 * clusters)
    noise = rng.normal(size=(8 * clusters, 2))
    return broken[:, None] * np.array([1.5, 0.7]) + shared[:, None] + 0.7 * noise, broken


@pytest.mark.parametrize("clusters", [10, 40])
def test_areas_and_their_difference_are_covered(clusters: int) -> None:
    rng = np.random.default_rng(clusters)
    numbers, broken = drawn(rng, 6000)
    truth = areas(numbers, broken, [str(k % 20) for k in range(len(broken))]).value
    names, inside, apart = [str(k // 8) for k in range(8 * clusters)], [], []
    for _ in range(500):
        found = areas(*drawn(rng, clusters), names)
        inside.append((found.low <= truth) & (truth <= found.high))
        apart.append(found.difference_low[0, 1] <= truth[0] - truth[1] <= found.difference_high[0, 1])
    assert 0.93 <= np.mean(inside) <= 0.985
    assert 0.92 <= np.mean(apart) <= 0.985


def test_where_all_pairs_agree_the_interval_is_what_so_many_clusters_allow() -> None:
    numbers = np.arange(40.0)[:, None]
    names = [str(k // 4) for k in range(40)]
    found = areas(np.hstack([numbers, -numbers]), numbers[:, 0] >= 20, names)
    assert found.value.tolist() == [1.0, 0.0]
    assert found.high[0] == 1.0
    assert found.low[1] == 0.0
    assert found.low[0] == pytest.approx(0.025 ** (1 / 5))
    assert found.high[1] == pytest.approx(1 - found.low[0])


def test_one_outcome_alone_gives_no_area() -> None:
    found = areas(np.arange(4.0)[:, None], np.zeros(4, bool), [*"abcd"])
    assert np.isnan(found.value[0])
    assert (found.low[0], found.high[0]) == (0.0, 1.0)
