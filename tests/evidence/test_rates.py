"""Corrected shares: laws of the correction, the binary formula, and coverage where the true shares are planted."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from mesolens.evidence.rates import corrected, known_alarm, on_simplex, one_hot

CONFUSION = np.array([[0.94, 0.01, 0.05], [0.03, 0.95, 0.02], [0.02, 0.08, 0.90]])


@given(st.integers(6, 60), st.integers(0, 99))
@settings(max_examples=20, deadline=None)
def test_a_classifier_that_never_errs_leaves_shares_alone(count: int, seed: int) -> None:
    labels = np.random.default_rng(seed).integers(0, 3, (count, 4))
    found = corrected(one_hot(labels, 3), [str(k) for k in range(count)], 1e12 * np.eye(3), draws=200)
    counts = np.stack([np.bincount(column, minlength=3) for column in labels.T])
    np.testing.assert_allclose(found.share, counts / count, atol=1e-9)
    np.testing.assert_allclose(found.observed, counts / count)
    assert found.separation == pytest.approx(1.0)
    assert not found.refused


@given(st.integers(6, 40), st.integers(0, 99))
@settings(max_examples=20, deadline=None)
def test_corrected_shares_sum_to_one_and_lie_inside_their_interval(count: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    labels = rng.integers(-1, 3, (count, 3))
    labels[0] = 0
    found = corrected(one_hot(labels, 3), [str(k % 5) for k in range(count)], rng.multinomial(30, CONFUSION) + 1.0)
    np.testing.assert_allclose(found.share.sum(1), 1.0)
    assert ((found.low >= 0) & (found.low <= found.share) & (found.share <= found.high) & (found.high <= 1)).all()


@given(st.floats(0.01, 0.3), st.floats(0, 1))
@settings(max_examples=30, deadline=None)
def test_two_outcomes_give_the_estimate_of_rogan_and_gladen(alarm: float, share: float) -> None:
    called = np.array([[[1 - share, 0.0, share]]] * 10)
    found = corrected(called, [str(k) for k in range(10)], known_alarm(alarm, 100), draws=100)
    assert found.share[0, 2] == pytest.approx(max((share - alarm) / (1 - alarm), 0.0), abs=1e-9)


def test_shares_that_were_mixed_by_the_errors_come_back() -> None:
    truth = np.array([[0.5, 0.3, 0.2], [0.9, 0.05, 0.05], [0.0, 0.0, 1.0]])
    called = np.tile(truth @ CONFUSION, (9, 1, 1))
    found = corrected(called, [str(k) for k in range(9)], 500 * CONFUSION)
    np.testing.assert_allclose(found.share, truth, atol=1e-9)


@pytest.mark.parametrize("alike", [None, 5.0])
def test_intervals_cover_planted_shares_with_the_calibrations_own_uncertainty(alike: float | None) -> None:
    rng, truth, columns = np.random.default_rng(0), np.array([0.5, 0.3, 0.2]), 40
    covered: list[np.ndarray] = []
    for _ in range(25):
        counts = rng.multinomial(100, CONFUSION).astype(float)
        rates = rng.dirichlet(truth * alike, (20, columns)) if alike else np.tile(truth, (20, columns, 1))
        true = _drawn(rng, np.repeat(rates, 5, axis=0))
        called = one_hot(_drawn(rng, CONFUSION[true]), 3)
        found = corrected(called, [str(k // 5) for k in range(100)], counts, draws=600)
        covered.append((found.low <= truth) & (truth <= found.high))
    assert 0.93 <= np.mean(covered) <= 0.97


def test_with_many_items_only_the_correction_finds_the_truth() -> None:
    rng, truth = np.random.default_rng(1), np.array([0.9, 0.05, 0.05])
    called = one_hot(_drawn(rng, CONFUSION[_drawn(rng, np.tile(truth, (1500, 200, 1)))]), 3)
    names = [str(k) for k in range(1500)]
    found, bare = corrected(called, names, 4000 * CONFUSION), corrected(called, names, 1e12 * np.eye(3))
    assert ((found.low <= truth) & (truth <= found.high)).mean() >= 0.93
    assert ((bare.low <= truth) & (truth <= bare.high))[:, 0].mean() <= 0.1


def _drawn(rng: np.random.Generator, rates: np.ndarray) -> np.ndarray:
    return (rng.random(rates.shape[:-1])[..., None] > rates.cumsum(-1)[..., :-1]).sum(-1)


@given(st.lists(st.floats(-2, 2), min_size=2, max_size=5))
@settings(max_examples=30, deadline=None)
def test_the_projection_is_the_nearest_point_of_the_simplex(point: list[float]) -> None:
    given_point = np.array(point)
    found = on_simplex(given_point[None])[0]
    assert found.sum() == pytest.approx(1.0)
    assert (found >= 0).all()
    sought = minimize(
        lambda x: ((x - given_point) ** 2).sum(),
        np.full(len(point), 1 / len(point)),
        jac=lambda x: 2 * (x - given_point),
        bounds=[(0, 1)] * len(point),
        constraints={"type": "eq", "fun": lambda x: x.sum() - 1},
        method="SLSQP",
    )
    np.testing.assert_allclose(found, sought.x, atol=1e-4)


def test_what_cannot_be_told_is_said() -> None:
    blind = np.array([[50.0, 0.0, 50.0], [0.0, 100.0, 0.0], [50.0, 0.0, 50.0]])
    found = corrected(one_hot(np.array([[0], [2], [-1], [2]]), 3), [*"abcd"], blind)
    assert found.refused
    empty = corrected(one_hot(np.array([[0, -1], [2, -1]]), 3), [*"ab"], known_alarm(0.05, 100))
    assert (empty.low[1].tolist(), empty.high[1].tolist()) == ([0.0] * 3, [1.0] * 3)
    assert np.isnan(empty.observed[1]).all()
    with pytest.raises(ValueError, match="outcome 1 has no calibration reply"):
        corrected(one_hot(np.array([[0]]), 3), ["a"], np.diag([5.0, 0.0, 5.0]))
