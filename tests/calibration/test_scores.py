"""Scores against plain counting and against NumPy's and SciPy's own."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from mesolens.calibration.scores import auroc, pearson, place_of, spearman

FEW = st.integers(-3, 3).map(float)


@given(wanted=st.lists(FEW, min_size=1, max_size=6), others=st.lists(FEW, min_size=1, max_size=6))
def test_auroc_is_the_part_of_pairs_in_order(wanted: list[float], others: list[float]) -> None:
    found = {f"w{i}": value for i, value in enumerate(wanted)} | {f"o{i}": value for i, value in enumerate(others)}
    pairs = [(w > o) + (w == o) / 2 for w in wanted for o in others]
    names = [{name for name in found if name[0] == kind} for kind in "wo"]
    assert auroc(found, *names) == pytest.approx(np.mean(pairs))
    assert auroc(found, *names) + auroc(found, *names[::-1]) == pytest.approx(1.0)


@given(values=st.lists(FEW, min_size=1, max_size=8), data=st.data())
def test_a_place_counts_the_larger_and_half_of_the_equal(values: list[float], data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(values) - 1))
    larger = sum(value > values[at] for value in values)
    equal = sum(value == values[at] for value in values)
    assert place_of(str(at), {str(i): value for i, value in enumerate(values)}) == larger + (equal + 1) / 2


@given(seed=st.integers(0, 2**31 - 1), count=st.integers(3, 20))
def test_correlations_are_those_of_numpy_and_scipy(seed: int, count: int) -> None:
    one, other = np.random.default_rng(seed).integers(0, 50, (2, count)).astype(float)
    if np.ptp(one) and np.ptp(other):
        assert pearson(one, other) == pytest.approx(np.corrcoef(one, other)[0, 1])
        assert spearman(one, other) == pytest.approx(stats.spearmanr(one, other).statistic)


def test_what_does_not_vary_has_no_correlation() -> None:
    assert np.isnan(pearson(np.ones(3), np.arange(3.0)))
