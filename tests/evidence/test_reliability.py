"""Reliability: the mean of all split halves, and planted values covered, where a bootstrap of items would fail."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mesolens.evidence.reliability import LEAST, reliable


def planted(rng: np.random.Generator, conditions: int, items: int, reliability: float) -> np.ndarray:
    """Scores whose means over as many other items would correlate as planted; items differ in what all get of them."""
    steady = rng.normal(size=conditions)
    steady = (steady - steady.mean()) / steady.std(ddof=1) * np.sqrt(reliability / (1 - reliability) / items)
    return steady[:, None] + rng.normal(size=(conditions, items)) + 3 * rng.normal(size=items)


@given(st.integers(2, 6), st.sampled_from([4, 6]), st.integers(0, 99))
@settings(max_examples=25, deadline=None)
def test_it_is_the_mean_over_all_split_halves(conditions: int, items: int, seed: int) -> None:
    values = np.random.default_rng(seed).normal(size=(conditions, items)) + np.arange(conditions)[:, None]
    whole, halves = values.sum(1), []
    for half in combinations(range(items), items // 2):
        one = values[:, list(half)].sum(1)
        halves.append(2 * (1 - (one.var(ddof=1) + (whole - one).var(ddof=1)) / whole.var(ddof=1)))
    assert reliable(values).value == pytest.approx(np.mean(halves))


@given(st.integers(2, 6), st.integers(3, 9), st.floats(-9, 9), st.floats(0.1, 9), st.integers(0, 99))
@settings(max_examples=25, deadline=None)
def test_neither_the_scale_nor_how_hard_an_item_is_matters(
    conditions: int, items: int, shift: float, scale: float, seed: int
) -> None:
    values = np.random.default_rng(seed).normal(size=(conditions, items))
    one, other = reliable(values), reliable(scale * values + shift * np.arange(items))
    np.testing.assert_allclose(
        [other.value, other.low, other.high], [one.value, one.low, one.high], rtol=1e-5, atol=1e-7
    )
    assert one.low <= one.value + 1e-12
    assert one.value <= one.high + 1e-12


@pytest.mark.parametrize(("conditions", "items"), [(16, 12), (16, 40), (60, 20)])
@pytest.mark.parametrize("truth", [0.5, 0.7, 0.9])
def test_planted_reliability_is_covered(conditions: int, items: int, truth: float) -> None:
    rng = np.random.default_rng(items)
    found = [reliable(planted(rng, conditions, items, truth)) for _ in range(300)]
    assert np.mean([f.low <= truth <= f.high for f in found]) >= 0.93
    assert np.median([f.value for f in found]) == pytest.approx(truth, abs=0.06)


def test_a_bootstrap_of_items_would_not_cover() -> None:
    rng, covered = np.random.default_rng(0), []
    for _ in range(20):
        values = planted(rng, 30, 30, 0.5)
        drawn = [reliable(values[:, rng.integers(0, 30, 30)]).value for _ in range(60)]
        low, high = np.quantile(drawn, [0.025, 0.975])
        covered.append(low <= 0.5 <= high)
    assert np.mean(covered) < 0.6


def test_items_of_one_template_count_once() -> None:
    rng = np.random.default_rng(1)
    values = planted(rng, 8, 10, 0.6)
    names = [str(k // 5) for k in range(50)]
    repeated = reliable(values.repeat(5, axis=1), names)
    assert repeated == reliable(values)
    assert reliable(values.repeat(5, axis=1)).value > repeated.value + 0.1


def test_scores_of_noise_are_refused_and_steady_ones_are_not() -> None:
    rng = np.random.default_rng(2)
    noise = [reliable(rng.normal(size=(12, 30))) for _ in range(100)]
    assert np.mean([f.refused for f in noise]) == 1.0
    assert not reliable(planted(rng, 12, 30, 0.98)).refused
    assert all(f.refused == (f.value < LEAST) for f in noise)


def test_what_some_condition_lacks_is_left_out_and_too_little_is_refused() -> None:
    values = planted(np.random.default_rng(3), 5, 9, 0.8)
    holes = values.copy()
    holes[2, 4] = np.nan
    assert reliable(holes) == reliable(np.delete(values, 4, axis=1))
    holes[3] = np.nan
    assert reliable(holes) == reliable(np.delete(np.delete(values, 4, axis=1), 3, axis=0))
    few = reliable(values[:, :2])
    assert few.refused
    assert np.isnan(few.value)
    assert reliable(values[:1]).refused


def test_conditions_that_all_score_alike_are_refused() -> None:
    assert reliable(np.ones((4, 6))).refused
