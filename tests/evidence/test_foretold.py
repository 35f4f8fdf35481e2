"""Announcements and deeds: planted information is found, chance is taken off, and the formula is that of its source."""

from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mesolens.evidence.foretold import entropy, foretold, information, permuted_information

SAID = st.lists(st.integers(0, 3), min_size=2, max_size=6)


@settings(max_examples=40, deadline=None)
@given(st.data(), SAID)
def test_what_permuted_announcements_tell_is_the_mean_over_all_permutations(
    data: st.DataObject, announced: list[int]
) -> None:
    done = np.array(data.draw(st.lists(st.integers(0, 3), min_size=len(announced), max_size=len(announced))))
    every = [information(np.array(order), done) for order in permutations(announced)]
    assert permuted_information(np.array(announced), done) == pytest.approx(np.mean(every), abs=1e-12)


@given(st.data(), SAID)
def test_information_is_shared_and_bounded_by_either_entropy(data: st.DataObject, announced: list[int]) -> None:
    one = np.array(announced)
    done = np.array(data.draw(st.lists(st.integers(0, 3), min_size=len(announced), max_size=len(announced))))
    bits = information(one, done)
    assert bits == pytest.approx(information(done, one))
    assert 0 <= bits <= min(entropy(one), entropy(done)) + 1e-9
    assert information(one, one) == pytest.approx(entropy(one))


@pytest.mark.parametrize(("kept", "holds"), [(1.0, True), (0.5, True), (0.0, False)])
def test_a_model_that_keeps_to_its_word_is_told_from_one_that_does_not(kept: float, holds: bool) -> None:
    rng = np.random.default_rng(0)
    announced = rng.integers(0, 4, (40, 16))
    keeps = rng.random((40, 16)) < kept
    done = np.where(keeps, announced, rng.integers(0, 4, (40, 16)))
    found = foretold(announced, done, [str(k) for k in range(40)])
    assert (found.low > 0) == holds
    assert (found.p < 0.01) == holds
    assert found.low <= found.bits <= found.high
    if not kept:
        assert found.low <= 0 <= found.high


def test_what_the_prompt_alone_makes_likely_counts_for_nothing() -> None:
    liked = np.repeat(np.arange(40)[:, None] % 4, 16, 1)
    found = foretold(liked, liked, [str(k) for k in range(40)])
    assert (found.bits, found.most, found.same) == (0, 0, 1)


def test_chance_is_rarely_called() -> None:
    rng, called = np.random.default_rng(1), 0
    for _ in range(100):
        announced, done = rng.integers(0, 3, (2, 12, 8))
        called += foretold(announced, done, [str(k) for k in range(12)]).p <= 0.05
    assert called <= 11
