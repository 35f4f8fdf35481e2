"""The posterior over voices: the T that a grid finds, planted T's come back, and banks that tell nothing say so."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest

from mesolens.evidence.softmax import SPREAD, fitted, miscalibration, posterior, told


def spoken(rng: np.random.Generator, totals: np.ndarray, sharpness: float) -> np.ndarray:
    """Voices drawn from the posterior itself."""
    return (rng.random(len(totals))[:, None] > posterior(totals, sharpness).cumsum(1)[:, :-1]).sum(1)


@given(st.integers(2, 5), st.integers(5, 60), st.booleans(), st.integers(0, 99))
@settings(max_examples=30, deadline=None)
def test_no_other_sharpness_is_likelier(voices: int, replies: int, balanced: bool, seed: int) -> None:
    rng = np.random.default_rng(seed)
    totals, speakers = 9 * rng.normal(size=(replies, voices)), rng.integers(0, voices, replies)
    speakers = np.where(rng.random(replies) < 0.4, totals.argmax(1), speakers)
    found = fitted(totals, speakers, balanced=balanced)
    weights = 1 / np.bincount(speakers)[speakers] if balanced else np.ones(replies)
    weights *= replies / weights.sum()
    sharpnesses = np.array([*np.exp(np.linspace(-12, 6, 400)), max(found, 1e-9)])
    spoken = np.array([posterior(totals, t)[np.arange(replies), speakers] for t in sharpnesses])
    nats = -(np.log(np.maximum(spoken, 1e-300)) * weights).sum(1)
    cost = nats + np.log(sharpnesses) ** 2 / (2 * SPREAD**2)
    assert cost[-1] <= cost.min() + 1e-6 if found else nats[-1] <= nats.min() + 1e-6


@pytest.mark.parametrize("sharpness", [0.05, 0.4, 1.0, 3.0])
def test_a_planted_sharpness_comes_back(sharpness: float) -> None:
    rng = np.random.default_rng(5)
    totals = 3 / sharpness * rng.normal(size=(4000, 4))
    found = fitted(totals, spoken(rng, totals, sharpness), balanced=False)
    assert found == pytest.approx(sharpness, rel=0.08)  # three standard errors


def test_balance_keeps_a_voice_with_many_replies_from_deciding() -> None:
    rng = np.random.default_rng(1)
    totals = rng.normal(size=(2000, 2))
    speakers = spoken(rng, totals, 2.0)
    many = np.concatenate([np.flatnonzero(speakers == 0)[:900], np.flatnonzero(speakers == 1)[:100]])
    own, other = (np.flatnonzero(speakers == k)[:100] for k in (0, 1))
    even = fitted(totals[np.r_[own, other]], speakers[np.r_[own, other]])
    assert fitted(totals[many], speakers[many]) == pytest.approx(even, rel=0.25)


def test_voices_that_are_always_told_stay_at_their_likelihoods() -> None:
    totals = np.array([[0.0, -80.0], [-60.0, 0.0]] * 30)
    assert 0.1 < fitted(totals, np.array([0, 1] * 30)) < 3.0


@given(st.integers(2, 5), st.integers(0, 99), st.floats(-99, 99))
@settings(max_examples=30, deadline=None)
def test_a_posterior_sums_to_one_and_what_all_voices_share_drops_out(voices: int, seed: int, shift: float) -> None:
    totals = np.random.default_rng(seed).normal(size=(6, voices))
    found = posterior(totals, 0.7)
    np.testing.assert_allclose(found.sum(1), 1.0)
    np.testing.assert_allclose(posterior(totals + shift, 0.7), found, rtol=1e-9)
    np.testing.assert_allclose(posterior(totals, 0.0), 1 / voices)


def test_a_bank_that_tells_nothing_is_recognised_and_one_that_does_is_not_refused() -> None:
    rng, alarms = np.random.default_rng(2), []
    for seed in range(200):
        totals, speakers = rng.normal(size=(60, 3)), np.arange(60) % 3
        alarms.append(told(posterior(totals, 1.0), speakers, draws=5, seed=seed).separable)
    assert np.mean(alarms) <= 0.06
    totals[np.arange(60), speakers] += 2.0
    found = told(posterior(totals, 1.0), speakers)
    assert found.separable
    ends = binomtest(round(60 * found.accuracy), 60).proportion_ci(method="exact")
    assert (found.low, found.high) == pytest.approx((ends.low, ends.high))
    assert np.mean(found.recall) == pytest.approx(found.accuracy)
    assert found.chance == pytest.approx(1 / 3)


def test_confidence_that_holds_is_told_from_confidence_that_does_not() -> None:
    rng, within = np.random.default_rng(3), []
    totals = 2 * rng.normal(size=(600, 3))
    for seed in range(60):
        right = told(posterior(totals, 1.0), spoken(rng, totals, 1.0), draws=200, seed=seed)
        within.append(right.miscalibration <= right.noise)
    assert 0.85 <= np.mean(within) <= 1.0
    wrong = told(posterior(totals, 4.0), spoken(rng, totals, 1.0))
    assert wrong.miscalibration > wrong.noise + 0.1


def test_bins_hold_as_many_replies_each_and_one_bin_is_the_plain_difference() -> None:
    rng = np.random.default_rng(4)
    confidence, right = rng.random(37), (rng.random((5, 37)) < 0.5).astype(float)
    plain = np.abs(right.mean(1) - confidence.mean())
    np.testing.assert_allclose(miscalibration(confidence, right, bins=1), plain)
    assert (miscalibration(confidence, right, bins=10) >= plain - 1e-12).all()
    each = np.abs(right - confidence).mean(1)
    np.testing.assert_allclose(miscalibration(confidence, right, bins=37), each)


def test_a_voice_without_replies_has_no_recall() -> None:
    found = told(np.array([[0.8, 0.1, 0.1], [0.2, 0.7, 0.1]]), np.array([0, 1]), draws=10)
    assert found.recall[:2].tolist() == [1.0, 1.0]
    assert np.isnan(found.recall[2])
