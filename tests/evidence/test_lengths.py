"""Like lengths: the neighbours that a slow search finds, and distances free of length."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mesolens.evidence.lengths import near, standardised


@given(
    st.lists(st.integers(1, 30), min_size=1, max_size=12),
    st.lists(st.integers(1, 30), min_size=0, max_size=25),
    st.integers(1, 30),
)
@settings(max_examples=80, deadline=None)
def test_neighbours_are_the_nearest_with_all_that_tie(lengths: list[int], clean: list[int], wanted: int) -> None:
    found = near(np.array(lengths, float), np.array(clean, float), wanted)
    for row, length in zip(found, lengths, strict=True):
        apart = sorted(abs(other - length) for other in clean)
        last = apart[min(wanted, len(apart)) - 1] if apart else 0
        assert row.tolist() == [abs(other - length) <= last for other in clean]


def test_asking_for_no_neighbour_is_refused_with_the_number() -> None:
    with pytest.raises(ValueError, match="0 neighbours"):
        near(np.ones(2), np.ones(2), 0)


def test_a_value_that_follows_from_its_length_stands_out_no_more_at_any_length() -> None:
    rng = np.random.default_rng(0)
    clean_lengths, lengths = rng.integers(5, 200, 4000).astype(float), rng.integers(5, 200, 2000).astype(float)
    clean = 3 * clean_lengths + 9 * rng.normal(size=4000)
    values = 3 * lengths + 9 * rng.normal(size=2000)
    z = standardised(values, clean, lengths, clean_lengths, neighbours=40)
    assert abs(np.corrcoef(z, lengths)[0, 1]) < 0.08
    assert 0.9 <= z.std() <= 1.1
    raw = standardised(values, clean, lengths, clean_lengths, neighbours=4000)
    assert np.corrcoef(raw, lengths)[0, 1] > 0.9  # what matching is for


@given(st.integers(2, 20), st.floats(-5, 5), st.floats(0.1, 9), st.integers(0, 99))
@settings(max_examples=30, deadline=None)
def test_units_do_not_matter(count: int, shift: float, scale: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    clean, lengths, values = rng.normal(size=30), rng.integers(1, 9, 30).astype(float), rng.normal(size=5)
    at = lengths[:5]
    one = standardised(values, clean, at, lengths, neighbours=count)
    other = standardised(scale * values + shift, scale * clean + shift, at, lengths, neighbours=count)
    np.testing.assert_allclose(other, one, atol=1e-8)


def test_neighbours_that_are_all_alike_give_no_unit_and_missing_ones_are_left_out() -> None:
    lengths = np.array([1.0, 1.0, 9.0, 9.0, 9.0])
    clean = np.array([2.0, 2.0, 1.0, np.nan, 3.0])
    found = standardised(np.array([5.0, 2.0, np.nan]), clean, np.array([1.0, 9.0, 9.0]), lengths, neighbours=2)
    np.testing.assert_allclose(found, [np.nan, 0.0, np.nan])
