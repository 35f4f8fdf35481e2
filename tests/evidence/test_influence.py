"""Influence against an explicit solve, and against leaving documents out of a model that is convex."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jaxtyping import Float
from scipy.optimize import minimize
from scipy.stats import spearmanr

from mesolens.errors import BadInput
from mesolens.evidence.influence import effective, influences, newton


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 9999), st.integers(1, 8), st.integers(1, 20), st.integers(1, 8), st.floats(0.01, 10))
def test_influence_is_the_explicit_solve_on_either_side(
    seed: int, size: int, drawn: int, count: int, part: float
) -> None:
    rng = np.random.default_rng(seed)
    own, others, tokens = (rng.normal(size=(rows, size)) for rows in (count, drawn, 3))
    found = newton(own, others, part=part, among=50)
    fisher = others.T @ others / drawn
    eigenvalues = np.linalg.eigvalsh(fisher)[-min(drawn, size) :]
    assert found.damping == pytest.approx(part * eigenvalues.mean())
    told = tokens @ np.linalg.inv(fisher + found.damping * np.eye(size)) @ own.T / 50
    assert np.allclose(influences(found, tokens), told, rtol=1e-6, atol=1e-9)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 9999), st.integers(2, 9))
def test_the_order_of_documents_and_a_turn_of_all_gradients_change_nothing(seed: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    own, others, tokens = (rng.normal(size=(rows, 5)) for rows in (count, 2 * count, 3))
    order, turn = rng.permutation(count), np.linalg.qr(rng.normal(size=(5, 5)))[0]
    plain = influences(newton(own, others), tokens)
    assert np.allclose(influences(newton(own[order], others[::-1]), tokens), plain[:, order])
    assert np.allclose(influences(newton(own @ turn, others @ turn), tokens @ turn), plain)


@settings(max_examples=50, deadline=None)
@given(st.integers(0, 9999), st.integers(1, 20))
def test_so_many_documents_stand_behind_a_token(seed: int, count: int) -> None:
    weights = np.random.default_rng(seed).normal(size=(4, count))
    found = effective(weights)
    assert (found >= 1 - 1e-9).all()
    assert (found <= count + 1e-9).all()
    assert np.allclose(effective(-3 * weights), found)
    assert np.allclose(effective(np.hstack([weights, weights])), 2 * found)


def test_leaving_out_a_document_of_a_logistic_regression_ranks_as_influence_says() -> None:
    rng, ridge, count = np.random.default_rng(0), 2.0, 60
    points = rng.normal(size=(count, 4))
    answers = (rng.random(count) < _chance(points, np.array([1.0, -2.0, 0.5, 0.0]))).astype(float)
    asked, wanted = rng.normal(size=(5, 4)), np.ones(5)
    weights = _fitted(points, answers, ridge)
    own, tokens = _gradients(points, answers, weights), _gradients(asked, wanted, weights)
    chances = _chance(points, weights)
    drawn = np.concatenate([_gradients(points, (rng.random(count) < chances), weights) for _ in range(400)])
    trace = float((drawn**2).sum()) / len(drawn) / 4
    found = influences(newton(own, drawn, part=ridge / count / trace), tokens)
    before = np.log(_chance(asked, weights))
    lost = np.empty((5, count))
    for left in range(count):
        some = np.arange(count) != left
        lost[:, left] = before - np.log(_chance(asked, _fitted(points[some], answers[some], ridge)))
    for told, true in zip(found, lost, strict=True):
        assert spearmanr(told, true)[0] > 0.97
        assert np.polyfit(true, told, 1)[0] == pytest.approx(1, abs=0.25)


def _chance(points: Float[np.ndarray, "I F"], weights: Float[np.ndarray, " F"]) -> Float[np.ndarray, " I"]:
    return 1 / (1 + np.exp(-points @ weights))


def _gradients(
    points: Float[np.ndarray, "I F"], answers: np.ndarray, weights: Float[np.ndarray, " F"]
) -> Float[np.ndarray, "I F"]:
    """Of log p of each answer."""
    return (answers - _chance(points, weights))[:, None] * points


def _fitted(points: Float[np.ndarray, "I F"], answers: np.ndarray, ridge: float) -> Float[np.ndarray, " F"]:
    def loss(weights: np.ndarray) -> float:
        signs = 2 * answers - 1
        return float(np.logaddexp(0, -signs * (points @ weights)).sum() + ridge / 2 * weights @ weights)

    found: np.ndarray = minimize(loss, np.zeros(points.shape[1]), method="BFGS", tol=1e-10).x
    return found


def test_what_has_no_gradient_is_said() -> None:
    with pytest.raises(BadInput, match="2 gradients that are all zero"):
        newton(np.ones((2, 3)), np.zeros((2, 3)))
    with pytest.raises(BadInput, match="a damping of 0"):
        newton(np.ones((2, 3)), np.ones((2, 3)), part=0.0)
