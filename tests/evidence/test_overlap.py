"""Overlap shares against whole distributions, the ceiling against a known source, and the laws of the bracket."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mesolens.evidence.overlap import bracket, ceilings, overlap, shares

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


@given(st.integers(0, 9999), st.integers(2, 12), st.floats(0.01, 0.9))
@settings(max_examples=25, deadline=None)
def test_the_ceiling_is_what_sources_around_the_average_share_with_it(seed: int, size: int, doubt: float) -> None:
    rng = np.random.default_rng(seed)
    average = rng.dirichlet(np.ones(size))
    sources = rng.dirichlet(np.maximum((1 / doubt - 1) * average, 1e-6), size=4000)
    drawn = overlap(sources, np.broadcast_to(average, sources.shape))
    found = ceilings(average[None], np.array([doubt]))[0]
    assert found == pytest.approx(drawn.mean(), abs=5 * drawn.std() / np.sqrt(len(drawn)) + 1e-3)


@given(st.integers(0, 9999), st.floats(0.01, 0.5))
def test_more_doubt_lowers_the_ceiling(seed: int, doubt: float) -> None:
    average = np.random.default_rng(seed).dirichlet(np.ones(8), size=1)
    less, more = (ceilings(average, np.array([each]))[0] for each in (doubt / 2, doubt))
    assert 0 < more < less < 1
