"""Conformal p-values: uniform for clean scores, never too small with ties, small for strange scores at every length."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binom, kstest

from mesolens.evidence.conformal import alarms, ranks


@given(st.lists(st.integers(-3, 3), min_size=0, max_size=30), st.integers(-4, 4))
@settings(max_examples=60, deadline=None)
def test_it_is_the_formula(clean: list[int], score: int) -> None:
    (p,) = ranks(np.array([float(score)]), np.array(clean, float))
    assert p == pytest.approx((1 + sum(c <= score for c in clean)) / (1 + len(clean)))


def test_clean_scores_get_every_rank_equally_often() -> None:
    rng, clean = np.random.default_rng(0), 19
    draws = rng.exponential(size=(20000, clean + 1))
    p = np.array([ranks(row[:1], row[1:])[0] for row in draws])
    counts = np.bincount(np.rint(p * (clean + 1)).astype(int), minlength=clean + 2)[1:]
    low, high = binom.ppf([1e-5, 1 - 1e-5], len(draws), 1 / (clean + 1))
    assert ((counts >= low) & (counts <= high)).all()


@given(st.integers(0, 999), st.sampled_from([0.05, 0.1, 0.3]))
@settings(max_examples=20, deadline=None)
def test_ties_never_make_alarms_more_frequent(seed: int, alpha: float) -> None:
    rng, tries = np.random.default_rng(seed), 1500
    draws = rng.integers(0, 6, (tries, 40)).astype(float)
    alarmed = sum(ranks(row[:1], row[1:])[0] <= alpha for row in draws)
    assert alarmed <= binom.ppf(1 - 1e-6, tries, alpha)


def test_uniforms_make_tied_scores_exactly_uniform() -> None:
    rng = np.random.default_rng(1)
    draws = rng.integers(0, 4, (6000, 30)).astype(float)
    p = np.array([ranks(row[:1], row[1:], uniforms_I=rng.random(1))[0] for row in draws])
    assert kstest(p, "uniform").pvalue > 1e-3
    plain = np.array([ranks(row[:1], row[1:])[0] for row in draws])
    assert kstest(plain, "uniform").pvalue < 1e-6  # what uniforms are for


def test_alarms_keep_their_rate_at_every_length_only_when_lengths_are_matched() -> None:
    rng, alpha = np.random.default_rng(2), 0.05
    lengths, clean_lengths = (rng.integers(5, 100, n).astype(float) for n in (6000, 4000))
    scores, clean = (rng.normal(size=len(at)) - 0.05 * at for at in (lengths, clean_lengths))
    p = ranks(scores, clean, lengths, clean_lengths, neighbours=200)
    unmatched = ranks(scores, clean)
    short, long = lengths < 36, lengths > 69
    for part in (short, long):
        assert 0.025 <= (p[part] <= alpha).mean() <= 0.08
    assert (unmatched[long] <= alpha).mean() > 0.1
    assert (unmatched[short] <= alpha).mean() < 0.01
    strange = ranks(scores - 6, clean, lengths, clean_lengths, neighbours=200)
    assert (strange <= alpha).mean() > 0.99


def test_one_set_of_clean_scores_flags_as_varyingly_as_is_said() -> None:
    rng = np.random.default_rng(3)
    low, high = alarms(0.05, 100, level=0.9)
    rates = np.array([(ranks(rng.normal(size=4000), rng.normal(size=100)) <= 0.05).mean() for _ in range(400)])
    assert 0.85 <= ((rates >= low - 1e-9) & (rates <= high + 1e-9)).mean() <= 0.95
    assert alarms(0.05, 10) == (0.0, 0.0)


def test_missing_scores_stay_missing_and_without_clean_scores_nothing_is_strange() -> None:
    np.testing.assert_allclose(ranks(np.array([np.nan, 0.0]), np.array([np.nan, 1.0])), [np.nan, 0.5])
    assert ranks(np.array([-9.0]), np.zeros(0)).tolist() == [1.0]
    assert ranks(np.array([-9.0]), np.zeros(0), np.ones(1), np.zeros(0)).tolist() == [1.0]


def test_lengths_for_one_side_only_are_refused() -> None:
    with pytest.raises(ValueError, match="one side only"):
        ranks(np.ones(2), np.ones(2), np.ones(2))
