"""False discoveries: against the definition taken literally, and their rate where the truth is known."""

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from mesolens.evidence.discoveries import adjusted, discoveries, either, least
from mesolens.evidence.paired import paired_tests
from mesolens.evidence.worst import worst_of


@given(st.lists(st.floats(0, 1), min_size=1, max_size=40), st.floats(0.01, 0.5))
@settings(max_examples=60, deadline=None)
def test_discoveries_are_those_below_the_last_line_that_is_crossed(chances: list[float], rate: float) -> None:
    p = np.array(chances)
    lines = np.sort(p) * len(p) / np.arange(1, len(p) + 1)
    assume((np.abs(lines - rate) > 1e-9).all())
    crossed = np.flatnonzero(lines <= rate)
    expected = p <= np.sort(p)[crossed[-1]] if len(crossed) else np.zeros(len(p), bool)
    assert np.array_equal(discoveries(p, rate=rate), expected)


@given(st.integers(1, 30), st.integers(0, 20), st.integers(0, 99))
@settings(max_examples=30, deadline=None)
def test_tests_that_were_not_made_change_nothing(made: int, skipped: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    p, order = rng.random(made), rng.permutation(made + skipped)
    padded = np.concatenate([p, np.full(skipped, np.nan)])[order]
    there = ~np.isnan(padded)
    np.testing.assert_allclose(adjusted(padded)[there], adjusted(padded[there]))
    assert not discoveries(padded)[~there].any()


@given(st.integers(1, 8), st.integers(1, 8), st.integers(0, 99))
@settings(max_examples=20, deadline=None)
def test_a_table_is_one_family(rows: int, columns: int, seed: int) -> None:
    p = np.random.default_rng(seed).random((rows, columns))
    np.testing.assert_allclose(adjusted(p).ravel(), adjusted(p.ravel()))
    assert (adjusted(p) >= p).all()


def test_of_the_discoveries_a_part_of_the_rate_is_chance() -> None:
    rng, false = np.random.default_rng(0), []
    for _ in range(400):
        planted = np.arange(100) < 30
        p = np.where(planted, rng.random(100) ** 6, rng.random(100))
        found = discoveries(p, rate=0.2)
        false.append((found & ~planted).sum() / max(found.sum(), 1))
    assert 0.11 <= np.mean(false) <= 0.17  # 0.2 times the 70 % that are null


def test_nothing_asked_is_nothing_found() -> None:
    assert discoveries(np.full((2, 3), np.nan)).tolist() == [[False] * 3] * 2
    assert discoveries(np.zeros(0)).shape == (0,)


@given(st.integers(0, 999), st.integers(2, 40))
@settings(max_examples=30, deadline=None)
def test_either_way_is_never_more_than_twice_its_own_and_keeps_what_was_not_asked(seed: int, tests: int) -> None:
    rng = np.random.default_rng(seed)
    p, worst = rng.random(tests), rng.random(tests)
    p[0] = np.nan
    both = either(p, worst)
    assert np.isnan(both[0])
    known = slice(1, None)
    np.testing.assert_allclose(both[known], np.minimum(1, 2 * np.minimum(adjusted(p)[known], worst[known])))


@pytest.mark.parametrize("broken", [0, 1, 20])
def test_called_either_way_few_are_chance_and_one_alone_is_found(broken: int) -> None:
    false, power = list[float](), list[float]()
    for seed in range(60):
        rng = np.random.default_rng(seed)
        lost = (rng.random((12, 100)) < 0.1).astype(float) - (rng.random((12, 100)) < 0.1)
        lost[:, :broken] = rng.random((12, broken)) < 0.97
        clusters = [str(row) for row in range(12)]
        found = either(paired_tests(lost, clusters, seed=seed).flip, worst_of(lost, clusters, seed=seed).p) <= 0.05
        false.append(found[broken:].sum() / max(found.sum(), 1))
        power.append(found[:broken].mean() if broken else 1.0)
    assert np.mean(false) <= 0.05 + 2 * (0.05 * 0.95 / 60) ** 0.5
    assert np.mean(power) > 0.75


def test_the_least_that_clusters_allow() -> None:
    assert [clusters for clusters in range(1, 12) if least(clusters) > 0.05] == [1, 2, 3, 4, 5, 6]
