"""Overlap shares against whole distributions, the ceiling against a known source, and the laws of the bracket."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesolens.evidence.overlap import bracket, ceiling, overlap, shares

SHARE = st.floats(0, 1)


@given(st.integers(0, 10_000), st.integers(2, 30))
def test_samples_estimate_one_less_the_total_variation(seed: int, size: int) -> None:
    rng = np.random.default_rng(seed)
    p, a = rng.dirichlet(np.ones(size), size=2)
    whole = overlap(p[None], a[None])[0]
    assert whole == pytest.approx(1 - np.abs(p - a).sum() / 2)
    each = shares(np.log2(p), np.log2(a))
    assert (p * each).sum() == pytest.approx(whole)
    assert ((each >= 0) & (each <= 1)).all()


@given(SHARE, st.floats(0.01, 1))
def test_the_bracket_holds_what_was_measured_and_closes_under_a_perfect_average(share: float, top: float) -> None:
    low, high = bracket(share, top)
    assert 0 <= low <= share <= high <= 1
    assert bracket(share, 1.0) == pytest.approx((share, share))
    mirrored = bracket(1 - share, top)
    assert (1 - mirrored[1], 1 - mirrored[0]) == pytest.approx((low, high))


@pytest.mark.parametrize("times", [40, 160, 640])
def test_the_ceiling_is_at_most_the_true_one_where_noise_sets_halves_apart(times: int) -> None:
    """Empirical frequencies of a known source: no bias at all, so the true ceiling lies above."""
    rng = np.random.default_rng(times)
    source = rng.dirichlet(np.full(12, 0.6), size=400)
    halves, quarters = (drawn(rng, source, times // part) for part in (2, 4))
    whole = sum(halves) / 2
    found = ceiling(overlap(*halves), overlap(*quarters), np.ones(400, bool))
    true = overlap(source, whole).mean()
    assert found.rising
    assert true - 0.08 < found.value < true


def drawn(rng: np.random.Generator, source: np.ndarray, times: int) -> list[np.ndarray]:
    return [rng.multinomial(times, source) / times for _ in range(2)]


def test_a_place_off_the_ground_tells_nothing() -> None:
    halves, quarters = np.full(10, 0.99), np.full(10, 0.98)
    ground = np.arange(10) < 5
    found = ceiling(halves, quarters, ground)
    assert found.value < 0.5
    assert not found.determined
    assert ceiling(halves, quarters, np.zeros(10, bool)).value == 0


def test_averages_that_agree_less_with_more_text_determine_nothing() -> None:
    assert not ceiling(np.full(5, 0.9), np.full(5, 0.95), np.ones(5, bool)).determined
