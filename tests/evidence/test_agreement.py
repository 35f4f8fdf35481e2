"""Agreement: Cohen's κ by hand, chance agreement worth nothing, and planted κ inside its interval."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mesolens.evidence.agreement import agreement


@given(st.integers(4, 40), st.integers(0, 999))
@settings(max_examples=40, deadline=None)
def test_it_is_cohens_kappa(items: int, seed: int) -> None:
    one, other = np.random.default_rng(seed).integers(-1, 3, (2, items))
    both = (one >= 0) & (other >= 0)
    found = agreement(one, other, [str(k % 4) for k in range(items)])
    assert found.items == both.sum()
    if not both.any():
        assert np.isnan(found.rate)
        return
    rate = (one == other)[both].mean()
    chance = sum((one[both] == k).mean() * (other[both] == k).mean() for k in range(3))
    assert found.rate == pytest.approx(rate)
    assert found.chance == pytest.approx(chance)
    assert found.kappa == pytest.approx((rate - chance) / (1 - chance) if chance < 1 else np.nan, nan_ok=True)
    assert found.low <= found.rate <= found.high
    assert -1 <= found.kappa_low <= found.kappa_high <= 1


def twins(rng: np.random.Generator, clusters: int, tied: float) -> tuple[np.ndarray, np.ndarray]:
    """Outcomes of two models, the same with chance `tied` and otherwise drawn apart, mostly the first outcome."""
    one, other = rng.choice(3, p=[0.8, 0.1, 0.1], size=(2, 5 * clusters))
    return one, np.where(rng.random(5 * clusters) < tied, one, other)


@pytest.mark.parametrize("clusters", [12, 40])
@pytest.mark.parametrize("tied", [0.0, 0.5])
def test_a_planted_kappa_is_covered_and_chance_is_worth_nothing(clusters: int, tied: float) -> None:
    rng, names = np.random.default_rng(clusters), [str(k // 5) for k in range(5 * clusters)]
    found = [agreement(*twins(rng, clusters, tied), names) for _ in range(400)]
    assert np.mean([f.kappa_low <= tied <= f.kappa_high for f in found]) >= (0.93 if clusters == 40 or tied else 0.84)
    rate = tied + (1 - tied) * 0.66
    assert 0.92 <= np.mean([f.low <= rate <= f.high for f in found]) <= 0.985
    assert np.mean([f.kappa for f in found]) == pytest.approx(tied, abs=0.04)


def test_models_that_only_ever_say_one_thing_agree_and_nothing_follows() -> None:
    found = agreement(np.zeros(20, int), np.zeros(20, int), [str(k) for k in range(20)])
    assert (found.rate, found.high, found.chance) == (1.0, 1.0, 1.0)
    assert 0.8 < found.low < 1.0
    assert np.isnan(found.kappa)
    assert (found.kappa_low, found.kappa_high) == (-1.0, 1.0)
