"""Probes: an independent ridge says the same, nothing leaks from the fold that is told of, shuffling gives chance."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mesolens.evidence.probes import NONE, RIDGES, commonest, cross_fitted, splits

Drawn = tuple[np.ndarray, np.ndarray, np.ndarray]


def drawn(seed: int, items: int = 40, width: int = 6, classes: int = 3) -> Drawn:
    """States that hold a label along some directions, in noise."""
    rng = np.random.default_rng(seed)
    labels = rng.integers(classes, size=items)
    states = rng.normal(size=(items, width)) + 1.5 * rng.normal(size=(classes, width))[labels]
    return states, labels, rng.integers(3, size=items)


def plain_ridge(states: np.ndarray, labels: np.ndarray, held: np.ndarray) -> np.ndarray:
    """The same by normal equations, with every item left out by fitting anew."""

    def fit(train: np.ndarray, targets: np.ndarray, strength: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        middle, mean = train.mean(0), targets.mean(0)
        centred = train - middle
        weights = np.linalg.solve(centred.T @ centred + strength * np.eye(train.shape[1]), centred.T @ (targets - mean))
        return middle, mean, weights

    values = np.unique(labels)
    targets = (labels[:, None] == values).astype(float)
    centred = states - states.mean(0)
    scale = (centred**2).sum() / states.shape[1]
    errors = []
    for ridge in RIDGES:
        hat = centred @ np.linalg.solve(centred.T @ centred + ridge * scale * np.eye(states.shape[1]), centred.T)
        residual = (np.eye(len(states)) - hat) @ (targets - targets.mean(0))
        errors.append(((residual / (1 - np.diag(hat) - 1 / len(states))[:, None]) ** 2).sum())
    middle, mean, weights = fit(states, targets, RIDGES[int(np.argmin(errors))] * scale)
    return values[((held - middle) @ weights + mean).argmax(1)]


@given(st.integers(0, 10_000), st.sampled_from([3, 6, 30, 80]))
@settings(max_examples=30, deadline=None)
def test_an_independent_ridge_says_the_same(seed: int, width: int) -> None:
    states, labels, folds = drawn(seed, width=width)
    found = cross_fitted(states, labels[None], folds)[0]
    for train, held in splits(folds):
        assert (found[held] == plain_ridge(states[train], labels[train], states[held])).mean() >= 0.95


def test_leaving_one_out_by_the_shortcut_is_leaving_one_out() -> None:
    """With intercept, (y − ŷ)/(1 − h) is exact where h counts the mean's leverage and λ is given."""
    from mesolens.evidence.probes import _left_out, _parts

    states, labels, _ = drawn(5)
    targets = np.eye(3)[labels]
    parts, strength = _parts(states), 7.0
    centred = targets - targets.mean(0)
    total = 0.0
    for left in range(len(states)):
        kept = np.arange(len(states)) != left
        design = np.column_stack([np.ones(kept.sum()), states[kept] - states.mean(0)])
        penalty = strength * np.diag([0.0, *np.ones(states.shape[1])])
        weights = np.linalg.solve(design.T @ design + penalty, design.T @ centred[kept])
        total += ((centred[left] - np.array([1.0, *(states[left] - states.mean(0))]) @ weights) ** 2).sum()
    assert _left_out(parts, parts.left.T @ centred, centred, strength) == pytest.approx(total, rel=1e-6)


@given(st.integers(0, 10_000))
@settings(max_examples=20, deadline=None)
def test_labels_of_a_fold_do_not_matter_to_what_is_said_of_it(seed: int) -> None:
    states, labels, folds = drawn(seed)
    changed = np.where(folds == folds[0], (labels + 1) % 3, labels)
    both = cross_fitted(states, np.stack([labels, changed]), folds)
    assert (both[0][folds == folds[0]] == both[1][folds == folds[0]]).all()


def test_written_labels_are_found_and_shuffled_ones_are_chance() -> None:
    rng = np.random.default_rng(0)
    labels = rng.integers(12, size=600)
    states = np.eye(12)[labels] @ rng.normal(size=(12, 64)) + 0.1 * rng.normal(size=(600, 64))
    shuffled = np.stack([rng.permutation(labels) for _ in range(8)])
    folds = np.arange(600) % 5
    found = cross_fitted(states, np.concatenate([labels[None], shuffled]), folds)
    assert (found[0] == labels).mean() == 1.0
    assert (found[1:] == shuffled).mean() == pytest.approx(1 / 12, abs=0.02)


def test_a_fold_that_is_all_there_is_says_nothing() -> None:
    states, labels, _ = drawn(1)
    assert (cross_fitted(states, labels[None], np.zeros(40, int)) == NONE).all()
    assert (commonest(labels, np.zeros(40, int)) == NONE).all()


def test_the_commonest_label_is_that_of_the_other_folds() -> None:
    assert commonest(np.array([1, 1, 2, 3, 3, 3]), np.array([0, 0, 0, 1, 1, 1])).tolist() == [3, 3, 3, 1, 1, 1]
