"""k50: planted curves within ± 0.3, their truth inside the intervals, and no number where there is none."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mesolens.evidence.serial import Serial, crossing, serial

KS = (1, 2, 3, 4, 5, 6)


def planted(
    rng: np.random.Generator, k50: float, slope: float, chance: float, each: int, apart: float = 0.0, draws: int = 20
) -> Serial:
    """Items whose accuracy above chance is a logistic curve of k that is one half at `k50`; five items a cluster."""
    ks = np.repeat(KS, each)
    shift = apart * np.repeat(rng.normal(size=len(ks) // 5), 5)
    knows = rng.random(len(ks)) < 1 / (1 + np.exp(slope * (ks - k50 - shift)))
    right = np.where(knows, 1.0, rng.random(len(ks)) < chance)
    clusters = [str(item // 5) for item in range(len(ks))]
    return serial(right, ks, np.full(len(ks), chance), clusters, draws=draws, seed=int(rng.integers(1000)))


@pytest.mark.parametrize("k50", [1.3, 2.0, 2.7, 3.5, 4.6])
@pytest.mark.parametrize("slope", [2.0, 4.0, 6.0])
@pytest.mark.parametrize("chance", [0.0, 0.1, 0.25])
def test_a_planted_curve_is_within_a_third_of_a_step(k50: float, slope: float, chance: float) -> None:
    rng = np.random.default_rng(int(1000 * k50 + 10 * slope + 100 * chance))
    found = [planted(rng, k50, slope, chance, 250).k50 for _ in range(20)]
    errors = [abs(value - k50) for value in found if value is not None]
    assert len(errors) == 20
    assert np.quantile(errors, 0.95) <= 0.3


@pytest.mark.parametrize("solved", [1, 2, 5])
def test_what_is_solved_to_a_step_and_no_further_falls_between_it_and_the_next(solved: int) -> None:
    right = np.repeat([float(k <= solved) for k in KS], 40)
    found = serial(right, np.repeat(KS, 40), np.full(240, 0.1), [str(item) for item in range(240)])
    # at chance exactly nothing is right, which is below it: the cliff falls halfway
    assert found.k50 == pytest.approx(solved + 0.5, abs=0.05)


@pytest.mark.parametrize("apart", [0.0, 0.5])
def test_intervals_hold_the_planted_value(apart: float) -> None:
    rng = np.random.default_rng(3)
    held = 0
    for _ in range(120):
        found = planted(rng, 3.2, 2.0, 0.1, 60, apart, 300)
        low, high = found.low or 0.0, found.high or np.inf
        held += low <= 3.2 <= high
    assert held / 120 >= 0.88


@given(st.integers(0, 9999), st.floats(0.0, 0.5))
@settings(max_examples=40, deadline=None)
def test_what_is_not_solved_at_the_least_or_still_at_the_last_has_no_number(seed: int, chance: float) -> None:
    rng = np.random.default_rng(seed)
    guessed = (rng.random(240) < chance).astype(float)
    clusters, ks = [str(item) for item in range(240)], np.repeat(KS, 40)
    never = serial(guessed, ks, np.full(240, chance), clusters, draws=50)
    assert (never.k50, never.low, never.high) == (None, None, None)
    assert never.says.startswith("unsolved: not even k = 1")
    always = serial(np.ones(240), ks, np.full(240, chance), clusters, draws=50)
    assert (always.k50, always.low, always.high) == (None, None, None)
    assert always.says == "beyond k = 6: accuracy is still 1.00 there"


@given(st.lists(st.floats(0.0, 1.0), min_size=2, max_size=6), st.integers(0, 5), st.floats(0.0, 0.5))
@settings(max_examples=100, deadline=None)
def test_more_accuracy_anywhere_is_never_less_depth(left: list[float], place: int, more: float) -> None:
    ks, items = np.arange(1, len(left) + 1), np.full(len(left), 50)
    better = np.array(left)
    better[place % len(left)] = min(1.0, better[place % len(left)] + more)
    assert crossing(better, ks, items) >= crossing(np.array(left), ks, items) - 1e-9


def test_the_interval_says_where_it_leaves_what_was_asked() -> None:
    right = np.concatenate([np.repeat([1.0, 0.0], [22, 18]), np.repeat([1.0, 0.0], [19, 21])])
    found = serial(right, np.repeat([1, 2], 40), np.zeros(80), [str(item) for item in range(80)])
    assert found.k50 is not None
    assert (found.low, found.high) == (None, None)
    assert found.says == f"half is left at k = {found.k50:.1f} [below 1, beyond 2]"
