"""Paired yes or no: exact where it can be counted out, silent under chance, and seeing what is planted."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesolens.evidence.twofold import coin, stepped, twofold


@given(st.integers(0, 7), st.integers(0, 7))
def test_the_p_value_counts_all_ways_that_the_coins_could_fall(gained: int, lost: int) -> None:
    ways = [abs(sum(signs)) for signs in product((-1, 1), repeat=gained + lost)]
    assert coin(gained, lost) == pytest.approx(np.mean([way >= abs(gained - lost) for way in ways]))


@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=40))
def test_conditions_exchanged_change_the_sign_alone(pairs: list[tuple[bool, bool]]) -> None:
    one, other = np.array(pairs, float).T
    names = [str(k) for k in range(len(pairs))]
    there, back = twofold(one, other, names), twofold(other, one, names)
    assert (there.difference, there.p) == (-back.difference, back.p)
    assert (there.low, there.high) == pytest.approx((-back.high, -back.low))
    assert there.low <= there.difference <= there.high or there.items < 10


def test_a_missing_reply_takes_its_pair_out_and_nothing_else() -> None:
    one, other = np.array([1.0, np.nan, 0.0, 1.0]), np.array([0.0, 1.0, 0.0, np.nan])
    assert twofold(one, other, [*"abcd"]) == twofold(one[[0, 2]], other[[0, 2]], [*"ac"])
    assert twofold(one[:0], other[:0], []).p == 1


def test_items_of_one_cluster_do_not_count_as_many() -> None:
    one, other = np.ones(40), np.zeros(40)
    alone = twofold(one, other, [str(k) for k in range(40)])
    together = twofold(one, other, [str(k // 10) for k in range(40)])
    assert alone.p < 1e-6
    assert together.p == 0.125


@pytest.mark.parametrize(("share", "moved", "items"), [(0.5, 0.3, 40), (0.9, 0.1, 40), (0.3, 0.6, 100)])
def test_the_interval_covers_and_the_test_keeps_its_level(share: float, moved: float, items: int) -> None:
    rng, names = np.random.default_rng(0), [str(k) for k in range(items)]
    covered, called = 0, 0
    for _ in range(400):
        one = (rng.random(items) < share).astype(float)
        other = np.where(rng.random(items) < moved, (rng.random(items) < share).astype(float), one)
        found = twofold(one, other, names)
        covered += found.low <= 0 <= found.high
        called += found.p <= 0.05
    assert covered >= 0.93 * 400
    assert called <= 0.07 * 400


@given(st.lists(st.floats(0, 1), min_size=1, max_size=8))
def test_stepped_values_are_those_of_the_definition(p: list[float]) -> None:
    found, order = stepped(np.array(p)), np.argsort(p, kind="stable")
    for place, index in enumerate(order):
        worst = max((len(p) - k) * p[order[k]] for k in range(place + 1))
        assert found[index] == pytest.approx(min(1.0, worst))
