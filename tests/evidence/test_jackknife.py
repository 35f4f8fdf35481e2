"""The jackknife: Student's interval for a mean, and the error of a ratio that is known in closed form."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import ttest_1samp

from mesolens.evidence.jackknife import jackknifed, jackknifed_skewed

METHODS = (jackknifed, jackknifed_skewed)


@given(st.integers(2, 30), st.floats(0.5, 0.99), st.integers(0, 99))
@settings(max_examples=40, deadline=None)
def test_of_a_mean_it_is_students_interval(count: int, level: float, seed: int) -> None:
    values = np.random.default_rng(seed).normal(size=(count, 3))
    found = jackknifed(values.mean(0), (values.sum(0) - values) / (count - 1), level=level)
    expected = ttest_1samp(values, 0.0).confidence_interval(level)
    np.testing.assert_allclose(found, [expected.low, expected.high], rtol=1e-9, atol=1e-12)


def test_a_ratio_is_covered_as_often_as_is_said() -> None:
    rng, tries = np.random.default_rng(0), 4000
    over = rng.gamma(5.0, size=(15, tries))
    under = rng.gamma(5.0, size=(15, tries)) + over
    without = (over.sum(0) - over) / (under.sum(0) - under)
    low, high = jackknifed(over.sum(0) / under.sum(0), without)
    assert 0.93 <= ((low <= 0.5) & (high >= 0.5)).mean() <= 0.97


def test_a_skewed_mean_is_covered_where_students_interval_falls_short() -> None:
    rng = np.random.default_rng(1)
    values = rng.exponential(size=(10, 5000))
    whole, without = values.mean(0), (values.sum(0) - values) / 9
    inside = [float(((low <= 1) & (high >= 1)).mean()) for low, high in (f(whole, without) for f in METHODS)]
    assert inside[0] < 0.92
    assert 0.93 <= inside[1] <= 0.97


@given(st.integers(3, 9), st.integers(0, 99))
@settings(max_examples=20, deadline=None)
def test_a_cluster_that_cannot_be_missed_is_left_out(count: int, seed: int) -> None:
    whole, without = np.random.default_rng(seed).normal(size=(2, count, 2))
    low, high = jackknifed_skewed(whole[0], np.vstack([without, [[np.nan, np.nan]]]))
    assert (low < high).all()
    lone = jackknifed_skewed(whole[0], np.full((3, 2), np.nan))
    assert np.isnan(lone).all()


def test_one_cluster_tells_nothing() -> None:
    for method in METHODS:
        low, high = method(np.ones(2), np.ones((1, 2)))
        assert (low.tolist(), high.tolist()) == ([-np.inf] * 2, [np.inf] * 2)
