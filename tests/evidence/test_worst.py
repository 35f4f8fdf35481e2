"""The worst of many: familywise error where nothing is there, step-down against the definition, planted worst found."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from mesolens.evidence.flips import signs
from mesolens.evidence.paired import flip_chances
from mesolens.evidence.worst import worst_of


@given(st.integers(2, 8), st.integers(1, 6), st.integers(0, 99))
@settings(max_examples=25, deadline=None)
def test_it_is_the_step_down_algorithm(clusters: int, columns: int, seed: int) -> None:
    values = np.random.default_rng(seed).normal(size=(clusters, columns))
    flips = np.concatenate(list(signs(clusters, draws=0, seed=0)))
    drawn = np.abs(flips @ values) / np.sqrt((values**2).sum(0))
    order = np.argsort(-drawn[0])
    expected, so_far = np.empty(columns), 0.0
    for place, n in enumerate(order):
        so_far = max(so_far, float((drawn[:, order[place:]].max(1) >= drawn[0, n] - 1e-9).mean()))
        expected[n] = so_far
    found = worst_of(values, [str(k) for k in range(clusters)])
    np.testing.assert_allclose(found.p, expected)
    np.testing.assert_allclose(found.effect, drawn[0])
    assert found.worst == order[0]


@given(st.integers(2, 9), st.integers(0, 99))
@settings(max_examples=20, deadline=None)
def test_of_one_column_it_is_the_paired_test_and_of_more_never_less(clusters: int, seed: int) -> None:
    values, names = (
        np.random.default_rng(seed).normal(size=(2 * clusters, 5)),
        [str(k // 2) for k in range(2 * clusters)],
    )
    np.testing.assert_allclose(worst_of(values[:, :1], names).p, flip_chances(values[:, :1], names))
    assert (worst_of(values, names).p >= flip_chances(values, names) - 1e-12).all()


def test_where_nothing_is_there_the_worst_of_sixty_is_called_in_one_of_twenty() -> None:
    rng, called = np.random.default_rng(0), []
    for _ in range(300):
        values = rng.normal(size=(10, 60)) + rng.normal(size=(10, 1))
        called.append(worst_of(values, [str(k) for k in range(10)]).p.min() <= 0.05)
    assert 0.02 <= np.mean(called) <= 0.085  # 0.05, with 300 tries


def test_a_planted_worst_is_found_and_does_not_drag_others_along() -> None:
    rng, hits, others = np.random.default_rng(1), [], []
    for seed in range(60):
        values = rng.normal(size=(80, 60)) + 1.2 * (np.arange(60) == 17)
        found = worst_of(values, [str(k // 4) for k in range(80)], draws=499, seed=seed)
        hits.append(found.worst == 17 and found.p[17] <= 0.05)
        others.append(np.delete(found.p, 17).min() <= 0.05)
    assert np.mean(hits) > 0.95
    assert np.mean(others) <= 0.13  # 0.05, with 60 tries


def test_a_column_that_few_clusters_have_does_not_hide_the_others() -> None:
    rng = np.random.default_rng(2)
    values = rng.normal(size=(12, 40)) + 3.0 * (np.arange(40) == 0)
    values[3:, 1:] = np.nan
    found = worst_of(values, [str(k) for k in range(12)])
    assert found.worst == 0
    assert found.p[0] < 0.01


def test_no_effect_at_all_has_no_worst() -> None:
    found = worst_of(np.zeros((6, 3)), [*"abcdef"])
    assert (found.worst, found.p.tolist()) == (-1, [1.0] * 3)
