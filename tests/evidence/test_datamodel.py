"""The linear datamodeling score: one where truth adds up, zero where documents are shuffled, Spearman's everywhere."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import spearmanr

from mesolens.evidence.datamodel import lds, spearman


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 9999), st.integers(4, 30))
def test_correlations_are_those_of_scipy(seed: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    one, other = rng.integers(0, 6, (count, 3)).astype(float), rng.normal(size=(count, 3))
    one[0], one[1] = 7.0, -1.0
    told = [float(spearmanr(one[:, text], other[:, text])[0]) for text in range(3)]
    assert np.allclose(spearman(one, other), told)
    assert np.allclose(spearman(np.ones((count, 3)), other), 0)


def test_truth_that_adds_up_scores_one_and_a_sign_that_is_wrong_minus_one() -> None:
    rng = np.random.default_rng(0)
    weights, inside = rng.normal(size=(6, 40)), rng.random((25, 40)) < 0.5
    actual = np.exp(inside @ weights.T)
    found = lds(weights, inside, actual, resamples=50)
    assert (found.value, found.low, found.high) == pytest.approx((1, 1, 1))
    assert lds(-weights, inside, actual, resamples=50).value == pytest.approx(-1)


def test_columns_that_belong_together_are_drawn_together() -> None:
    rng = np.random.default_rng(0)
    weights, inside = rng.normal(size=(6, 40)), rng.random((25, 40)) < 0.5
    actual = inside @ weights.T + 4 * rng.normal(size=(25, 6))
    twice, names = np.repeat(weights, 5, axis=0), [str(text // 5) for text in range(30)]
    one, other = lds(weights, inside, actual), lds(twice, inside, np.repeat(actual, 5, axis=1), together=names)
    assert (one.value, one.low, one.high) == pytest.approx((other.value, other.low, other.high))


def test_the_interval_of_shuffled_documents_holds_zero_as_often_as_it_says() -> None:
    held: list[bool] = []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        weights, inside = rng.normal(size=(8, 30)), rng.random((30, 30)) < 0.5
        actual = inside @ weights.T
        found = lds(rng.permuted(weights, axis=1), inside, actual, resamples=200, seed=seed)
        held.append(found.low <= 0 <= found.high)
    assert np.mean(held) >= 0.9
