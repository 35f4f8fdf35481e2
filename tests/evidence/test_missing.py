"""Missing replies: bounds that hold whatever was missing, and intervals that cover wherever the truth lies in them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import t as student

from mesolens.evidence.clusters import cluster_intervals, cluster_means
from mesolens.evidence.missing import bounded


@given(st.integers(4, 30), st.floats(0, 0.9), st.integers(0, 999))
@settings(max_examples=40, deadline=None)
def test_whatever_was_missing_the_mean_lies_within(count: int, part: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    values, lacks = rng.random((count, 3)), rng.random((count, 3)) < part
    found = bounded(np.where(lacks, np.nan, values), [str(k % 4) for k in range(count)])
    assert ((found.least <= values.mean(0) + 1e-12) & (values.mean(0) <= found.most + 1e-12)).all()
    np.testing.assert_allclose(found.most - found.least, found.missing)
    assert ((found.low >= 0) & (found.low <= found.least) & (found.most <= found.high) & (found.high <= 1)).all()


@given(st.integers(0, 99))
@settings(max_examples=20, deadline=None)
def test_with_nothing_missing_it_is_the_interval_of_the_mean(seed: int) -> None:
    values = np.random.default_rng(seed).normal(size=(12, 4))
    names = [str(k // 2) for k in range(12)]
    found, ends = bounded(values, names, lowest=-99.0, highest=99.0), cluster_intervals(values, names)
    assert ends is not None
    np.testing.assert_allclose([found.low, found.high], ends)
    np.testing.assert_allclose(found.least, values.mean(0))


def test_where_much_is_missing_the_bound_is_one_sided() -> None:
    values = np.where(np.arange(40) % 2, np.nan, 0.5 + 0.1 * np.sin(np.arange(40)))[:, None]
    names = [str(k // 4) for k in range(40)]
    found, means = bounded(values, names), cluster_means(np.nan_to_num(values), names)
    assert means is not None
    one_sided = (means.mean - student.ppf(0.95, 9) * means.error)[0]
    two_sided = (means.mean - student.ppf(0.975, 9) * means.error)[0]
    skewed = abs(found.low[0] - one_sided)
    assert skewed < abs(found.low[0] - two_sided) / 3


@pytest.mark.parametrize("place", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("part", [0.0, 0.02, 0.2])
def test_the_truth_is_covered_wherever_between_the_bounds_it_lies(part: float, place: float) -> None:
    rng, tries = np.random.default_rng(0), 4000
    lacks = rng.random((40, tries)) < part
    values = np.where(lacks, np.nan, 0.3 + 0.4 * (rng.random((40, tries)) < 0.5))
    truth = (1 - part) * 0.5 + part * place
    found = bounded(values, [str(k) for k in range(40)])
    covered = ((found.low <= truth) & (truth <= found.high)).mean()
    assert covered >= 0.935
    if part == 0 or (part == 0.2 and place != 0.5):  # between the ends, and with few missing, it errs on the wide side
        assert covered <= 0.965


def test_a_value_out_of_range_is_refused_with_the_range_and_one_cluster_gives_all() -> None:
    with pytest.raises(ValueError, match="values from 0 to 2 are not in 0 to 1"):
        bounded(np.array([[0.0], [2.0], [np.nan]]), [*"abc"])
    found = bounded(np.array([[0.5], [np.nan]]), ["a", "a"])
    assert (found.least[0], found.most[0], found.low[0], found.high[0]) == (0.25, 0.75, 0.0, 1.0)
