"""Tails: exact ones come back, moments are scipy's, and the threshold stays out of where the tail has not begun."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import genpareto

from mesolens.evidence.tails import SMALLEST, line, pareto, threshold


@given(st.floats(0.2, 5), st.floats(-9, 9), st.integers(2, 40))
@settings(max_examples=40, deadline=None)
def test_values_on_a_line_give_the_line(steep: float, height: float, top: int) -> None:
    survival = np.arange(0.5, top + 1)[None] / 1000
    found = line((height - np.log(survival)) / steep, 1000)
    assert found.slope[0] == pytest.approx(-steep)
    assert found.height[0] == pytest.approx(height)
    np.testing.assert_allclose(found.survival(found.at(survival)), survival)


@pytest.mark.parametrize("shape", [-0.4, 0.0, 0.3])
def test_a_planted_pareto_tail_comes_back(shape: float) -> None:
    drawn = -np.sort(-genpareto.rvs(shape, scale=2.0, size=(40, 4001), random_state=1), axis=1)
    found = pareto(drawn - drawn[:, -1:], 40010)
    assert found.shape.mean() == pytest.approx(shape, abs=0.02)
    assert found.scale.mean() == pytest.approx(2.0, abs=0.05)
    fits = [genpareto.fit(row[:-1] - row[-1], floc=0.0) for row in drawn[:5]]
    np.testing.assert_allclose(found.shape[:5], [fit[0] for fit in fits], atol=0.08)


@given(st.floats(-0.6, 0.6), st.integers(0, 99))
@settings(max_examples=30, deadline=None)
def test_the_curve_is_scipys_above_its_start(shape: float, seed: int) -> None:
    drawn = -np.sort(-genpareto.rvs(shape, size=(1, 60), random_state=seed), axis=1)
    found = pareto(drawn, 300)
    chances = np.array([[0.19, 0.05, 1e-4, 1e-7]])
    expected = drawn[0, -1] + genpareto.isf(chances * 300 / 59, found.shape[0], scale=found.scale[0])
    np.testing.assert_allclose(found.at(chances), expected, rtol=1e-6)


def test_the_threshold_takes_all_it_may_of_an_exponential_and_little_of_a_mixture() -> None:
    rng = np.random.default_rng(0)
    exponential = [threshold(-np.sort(-rng.exponential(size=1000))) for _ in range(200)]
    assert 0.8 <= np.mean(np.array(exponential) == 200) <= 1.0
    mixed = [
        threshold(-np.sort(-np.concatenate([rng.exponential(size=950), 8 + rng.exponential(size=50)])))
        for _ in range(100)
    ]
    assert np.mean(np.array(mixed) <= 50) > 0.8
    assert max(mixed) < 200
    assert threshold(np.arange(60.0)[::-1]) >= SMALLEST
