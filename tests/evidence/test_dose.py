"""Break doses: straight lines, and planted logistic doses inside their intervals."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from mesolens.evidence.dose import break_dose

STRENGTHS = np.linspace(0, 1, 6)


@given(st.floats(0.05, 1.0), st.floats(0.1, 1.0))
@settings(max_examples=40, deadline=None)
def test_a_straight_line_is_halved_where_it_should_be(start: float, fall: float) -> None:
    assume(abs(fall - 0.5) > 1e-6)
    found = break_dose(np.tile(start * (1 - fall * STRENGTHS), (3, 1)), STRENGTHS, [*"abc"])
    assert found.value == (pytest.approx(0.5 / fall) if fall > 0.5 else None)


@given(st.integers(0, 999))
@settings(max_examples=30, deadline=None)
def test_shares_never_rise_and_keep_their_mean(seed: int) -> None:
    values = np.random.default_rng(seed).random((8, 6))
    found = break_dose(values, STRENGTHS, [*"aabbccdd"])
    assert (np.diff(found.shares) <= 1e-12).all()
    assert found.shares.mean() == pytest.approx(values.mean())
    assert found.value is None or found.low <= found.value <= (found.high or 1.0)


def logistic(rng: np.random.Generator, dose: float, width: float, clusters: int, apart: float) -> np.ndarray:
    """Whether the voice held, five items a cluster; clusters break at doses of their own."""
    centre = dose + apart * np.repeat(rng.normal(size=clusters), 5)
    held = 1 / (1 + np.exp((STRENGTHS - centre[:, None]) / width))
    return (rng.random(held.shape) < held).astype(float)


@pytest.mark.parametrize(("dose", "apart"), [(0.4, 0.1), (0.6, 0.0), (0.75, 0.05)])
@pytest.mark.parametrize("clusters", [10, 40])
def test_a_planted_logistic_dose_is_covered(dose: float, apart: float, clusters: int) -> None:
    rng, names = np.random.default_rng(clusters), [str(k // 5) for k in range(5 * clusters)]
    found = [break_dose(logistic(rng, dose, 0.1, clusters, apart), STRENGTHS, names) for _ in range(200)]
    covered = [f.low <= dose and (f.high is None or dose <= f.high) for f in found]
    assert np.mean(covered) >= 0.93
    assert np.median([f.value if f.value is not None else 9 for f in found]) == pytest.approx(dose, abs=0.02)


def test_what_does_not_break_has_a_lower_bound_only() -> None:
    rng, names = np.random.default_rng(0), [str(k // 5) for k in range(100)]
    firm = break_dose(logistic(rng, 2.0, 0.1, 20, 0.0), STRENGTHS, names)
    assert (firm.value, firm.low, firm.high) == (None, 1.0, None)
    verge = [break_dose(logistic(rng, 1.02, 0.1, 20, 0.0), STRENGTHS, names) for _ in range(80)]
    unbroken = [f for f in verge if f.value is None]
    assert len(unbroken) > 20
    assert np.mean([f.low <= 1.0 for f in unbroken]) == 1.0
    assert np.mean([f.low < 1.0 for f in unbroken]) > 0.5  # near the verge it is not said to hold
    assert all(f.high is None or f.high <= 1.0 for f in verge)


def test_missing_replies_are_left_out_and_one_cluster_tells_nothing() -> None:
    values = np.array([[1.0, 0.75, np.nan], [1.0, np.nan, 0.25], [np.nan, 0.75, 0.25]])
    found = break_dose(values, np.array([0.0, 0.5, 1.0]), [*"abc"])
    assert found.value == pytest.approx(0.75)
    alone = break_dose(values, np.array([0.0, 0.5, 1.0]), ["a"] * 3)
    assert (alone.low, alone.high) == (0.0, None)


def test_what_cannot_be_a_dose_is_refused() -> None:
    with pytest.raises(ValueError, match="must rise from 0"):
        break_dose(np.ones((2, 2)), np.array([0.1, 1.0]), [*"ab"])
    with pytest.raises(ValueError, match="with a reply at each"):
        break_dose(np.array([[1.0, np.nan]] * 2), np.array([0.0, 1.0]), [*"ab"])
    with pytest.raises(ValueError, match="0 without the angle"):
        break_dose(np.zeros((2, 2)), np.array([0.0, 1.0]), [*"ab"])
