"""Folds: clusters stay whole, folds are even, and the same seed gives the same folds."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mesolens.evidence.folds import folds_of

clusters = st.lists(st.sampled_from("abcdefgh"), min_size=1, max_size=60)


@given(clusters, st.integers(2, 5), st.integers(0, 99))
def test_a_cluster_is_in_one_fold_and_folds_differ_by_one_cluster_at_most(
    names: list[str], count: int, seed: int
) -> None:
    folds = folds_of(names, count, seed)
    for name in set(names):
        assert len({int(fold) for fold, other in zip(folds, names, strict=True) if other == name}) == 1
    assert (folds == folds_of(names, count, seed)).all()
    sizes = np.bincount(folds, minlength=count)
    largest = max(names.count(name) for name in set(names))
    assert sizes.max() - sizes.min() <= largest


@given(st.integers(2, 40), st.integers(2, 5), st.integers(0, 9))
def test_items_alone_are_dealt_evenly_and_a_seed_moves_them(items: int, count: int, seed: int) -> None:
    names = [str(item) for item in range(items)]
    sizes = np.bincount(folds_of(names, count, seed), minlength=count)
    assert sizes.max() - sizes.min() <= 1


def test_seeds_part_items_differently() -> None:
    names = [str(item) for item in range(40)]
    assert any((folds_of(names, 2, 0) != folds_of(names, 2, seed)).any() for seed in range(1, 4))
