"""Rules that are fitted to labels: as good as all rules of their kind, and no better than chance on noise."""

from itertools import combinations_with_replacement, product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks.three_way import balanced, fitted, quadratic, thresholds


def by_hand(metric: np.ndarray, truth: np.ndarray) -> float:
    """The best balanced accuracy of any two cuts between values, with any class in each interval."""
    values = np.unique(metric)
    cuts = [*((values[1:] + values[:-1]) / 2), np.inf]
    kinds = np.unique(truth)
    return max(
        balanced(np.array(named)[np.searchsorted(ends, metric)], truth)
        for ends in combinations_with_replacement(cuts, 2)
        for named in product(kinds, repeat=3)
    )


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 6), st.integers(0, 2)), min_size=3, max_size=25))
def test_no_two_cuts_are_better(replies: list[tuple[int, int]]) -> None:
    metric, truth = (np.array(part) for part in zip(*replies, strict=True))
    rule = thresholds(metric[:, None].astype(float), truth)
    assert balanced(rule(metric[:, None].astype(float)), truth) == pytest.approx(by_hand(metric.astype(float), truth))


def test_one_class_may_lie_on_both_sides_of_another() -> None:
    metric = np.linspace(-1, 1, 200)[:, None]
    truth = np.where(np.abs(metric[:, 0]) < 0.5, 0, 2)
    assert balanced(thresholds(metric, truth)(metric), truth) > 0.97


def test_a_ring_around_a_heap_is_told_from_it_and_from_what_lies_beside() -> None:
    rng = np.random.default_rng(0)
    angle = rng.uniform(0, 2 * np.pi, 300)
    heap, ring = rng.normal(size=(300, 2)) * 0.3, 3 * np.stack([np.cos(angle), np.sin(angle)], 1)
    beside = rng.normal(size=(300, 2)) * 0.3 + [9, 0]
    metrics, truth = np.concatenate([heap, ring, beside]), np.repeat([0, 1, 2], 300)
    odd = np.arange(900) % 2 == 1
    assert balanced(quadratic(metrics[odd], truth[odd])(metrics[~odd]), truth[~odd]) > 0.95


@pytest.mark.parametrize("columns", [1, 3])
def test_a_rare_class_weighs_as_much_as_a_common_one(columns: int) -> None:
    rng = np.random.default_rng(1)
    truth = np.array([0] * 900 + [1] * 90 + [2] * 9)
    metrics = rng.normal(size=(999, columns)) * 0.7 + 2 * truth[:, None]
    found = fitted(metrics, truth)(metrics)
    assert min((found[truth == kind] == kind).mean() for kind in range(3)) > 0.7


@pytest.mark.parametrize("columns", [1, 2])
def test_units_do_not_matter(columns: int) -> None:
    rng = np.random.default_rng(2)
    truth = rng.integers(0, 3, 150)
    metrics = rng.normal(size=(150, columns)) + truth[:, None]
    scaled = 1000 * metrics - 7
    assert (fitted(metrics, truth)(metrics) == fitted(scaled, truth)(scaled)).mean() > 0.98


def test_noise_tells_nothing_on_replies_that_were_not_fitted() -> None:
    rng = np.random.default_rng(3)
    metrics, truth = rng.normal(size=(3000, 4)), rng.integers(0, 3, 3000)
    rule = fitted(metrics[:1500], truth[:1500])
    assert balanced(rule(metrics[1500:]), truth[1500:]) == pytest.approx(1 / 3, abs=0.05)
