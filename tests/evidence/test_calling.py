"""What is called: against planted columns, and next to nothing when labels are shuffled."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import false_discovery_control

from mesolens.evidence.calling import FEWEST, called, shuffled
from mesolens.evidence.clusters import chances, cluster_means


@given(st.integers(FEWEST, 14), st.integers(0, 99), st.floats(0.01, 0.3))
@settings(max_examples=30, deadline=None)
def test_calls_are_those_of_an_independent_false_discovery_control(clusters: int, seed: int, rate: float) -> None:
    rng = np.random.default_rng(seed)
    values = rng.normal(size=(clusters, 60)) + 3 * (rng.random(60) < 0.3)
    names = [str(k) for k in range(clusters)]
    means = cluster_means(values, names)
    assert means is not None
    assert np.array_equal(called(values, names, rate=rate), false_discovery_control(chances(means)) <= rate)


def test_planted_columns_are_called_and_few_others() -> None:
    rng = np.random.default_rng(3)
    planted = np.arange(400) < 40
    values = rng.normal(size=(60, 400)) + 2.0 * planted
    found = called(values, [str(k // 3) for k in range(60)])
    assert found[planted].all()
    assert found[~planted].mean() <= 0.02


def test_shuffled_labels_call_next_to_nothing_however_strong_the_effects() -> None:
    rng = np.random.default_rng(4)
    values = rng.normal(size=(48, 300)) * rng.exponential(size=300) + 2 * rng.normal(size=300)
    names = [str(k // 4) for k in range(48)]
    assert called(values, names).mean() > 0.5
    assert shuffled(values, names, draws=60, seed=0).mean() <= 0.05


@given(st.integers(1, FEWEST - 1), st.floats(0.1, 9))
@settings(max_examples=10, deadline=None)
def test_few_clusters_call_nothing_even_where_all_agree(clusters: int, value: float) -> None:
    values = np.full((2 * clusters, 5), value)
    names = [str(k // 2) for k in range(2 * clusters)]
    assert not called(values, names).any()
    assert not shuffled(values, names, draws=20, seed=0).any()
