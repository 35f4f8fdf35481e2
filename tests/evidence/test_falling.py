"""The slope of a solve rate: the planted one is found, and what does not fall is not said to."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit

from mesolens.evidence.falling import slope

X = np.repeat(np.arange(1.0, 7.0), 25)


@pytest.mark.parametrize("planted", [-1.2, -0.5, 0.0])
def test_the_interval_covers_the_planted_slope(planted: float) -> None:
    rng, covered, values = np.random.default_rng(1), 0, []
    for _ in range(60):
        found = slope((rng.random(len(X)) < expit(planted * (X - 3.5))).astype(float), X)
        assert found is not None
        covered += found.low <= planted <= found.high
        values.append(found.value)
    assert covered >= 53
    assert np.mean(values) == pytest.approx(planted, abs=0.12)


@pytest.mark.parametrize("rate", [0.0, 0.02, 0.5, 1.0])
def test_a_rate_that_is_the_same_everywhere_seldom_falls(rate: float) -> None:
    rng, falls = np.random.default_rng(2), 0
    for _ in range(40 if 0 < rate < 1 else 1):
        found = slope((rng.random(len(X)) < rate).astype(float), X)
        assert found is not None
        falls += found.falls
    assert falls <= 3


def test_a_cliff_has_a_slope_and_it_is_bounded_towards_zero() -> None:
    found = slope((X < 3.5).astype(float), X)
    assert found is not None
    assert found.falls
    assert np.isfinite(found.value)
    assert found.value < -1


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**31), st.floats(0.1, 10.0), st.floats(-5, 5))
def test_units_of_difficulty_scale_the_slope_and_the_other_way_turns_it(seed: int, unit: float, zero: float) -> None:
    hits = (np.random.default_rng(seed).random(len(X)) < expit(3.5 - X)).astype(float)
    found, scaled, turned = slope(hits, X), slope(hits, unit * X + zero), slope(1 - hits, X)
    assert found is not None and scaled is not None and turned is not None  # noqa: PT018
    assert scaled.value * unit == pytest.approx(found.value, rel=1e-3, abs=1e-3)
    assert turned.value == pytest.approx(-found.value, rel=1e-3, abs=1e-3)
    assert (turned.low, turned.high) == pytest.approx((-found.high, -found.low), rel=1e-3, abs=1e-3)


def test_missing_replies_are_left_out() -> None:
    hits = (X < 3.5).astype(float)
    some = hits.copy()
    some[::3] = np.nan
    assert slope(some, X) == slope(hits[~np.isnan(some)], X[~np.isnan(some)])
