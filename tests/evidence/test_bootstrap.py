"""Cluster bootstrap: against resampling spelled out, and its coverage on data whose truth is known."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mesolens.evidence.bootstrap import cluster_intervals


@given(st.integers(2, 6), st.integers(1, 4), st.integers(0, 99))
@settings(max_examples=20, deadline=None)
def test_ends_are_quantiles_of_means_of_resampled_clusters(clusters: int, size: int, seed: int) -> None:
    values = np.random.default_rng(seed).normal(size=(clusters * size, 3))
    names = [str(k % clusters) for k in range(len(values))]
    found = cluster_intervals(values, names, resamples=200, seed=seed)
    assert found is not None
    drawn = np.random.default_rng(seed).multinomial(clusters, np.full(clusters, 1 / clusters), size=200)
    means = []
    for counts in drawn:
        chosen = [values[k] for k in range(len(values)) for _ in range(counts[int(names[k])])]
        means.append(np.mean(chosen, axis=0))
    np.testing.assert_allclose(np.stack(found), np.quantile(means, [0.025, 0.975], axis=0), atol=1e-12)


def test_constants_have_no_width_and_one_cluster_no_interval() -> None:
    ones = np.ones((6, 2))
    found = cluster_intervals(ones, list("aabbcc"))
    assert found is not None
    assert np.all(found[0] == 1)
    assert np.all(found[1] == 1)
    assert cluster_intervals(ones, list("aaaaaa")) is None


@pytest.mark.slow
def test_intervals_cover_the_truth_about_as_often_as_they_say() -> None:
    rng, hits, tries = np.random.default_rng(1), 0, 400
    for k in range(tries):
        effects = rng.normal(size=(40, 1)).repeat(3, axis=0)
        values = effects + rng.normal(size=(120, 1))
        found = cluster_intervals(values, [str(i // 3) for i in range(120)], resamples=400, seed=k)
        assert found is not None
        hits += bool(found[0][0] <= 0 <= found[1][0])
    # Percentile intervals of 40 clusters are a little narrow; below 90 % something is wrong.
    assert 0.90 <= hits / tries <= 0.98
