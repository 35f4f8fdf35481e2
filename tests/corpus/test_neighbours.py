"""Nearest places against looking at every place, and a rung that helps only where states know more than tokens."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from mesolens.corpus.average import Fit, learned, scored
from mesolens.corpus.gathered import gathered
from mesolens.corpus.neighbours import SHARE, effective, heard, memory, nearest, places, said_of, weight, whole


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 9999), st.integers(1, 30), st.integers(1, 8), st.booleans())
def test_the_nearest_are_those_of_a_plain_look(seed: int, size: int, count: int, leave: bool) -> None:
    rng = np.random.default_rng(seed)
    states, queries = rng.normal(size=(size, 4)), rng.normal(size=(5, 4))
    documents = rng.integers(0, 3, size)
    without = 1 if leave else None
    distances, which = nearest(memory(states, documents, documents), queries, count, without)
    for query, far, found in zip(queries, distances, which, strict=True):
        told = 1 - states @ query / np.linalg.norm(states, axis=1) / np.linalg.norm(query)
        kept = [place for place in range(size) if documents[place] != without]
        assert np.allclose(far, np.sort(told[kept])[:count])
        assert np.allclose(told[found], far)
        assert without not in documents[found]


@given(st.integers(0, 9999))
@settings(max_examples=30, deadline=None)
def test_the_distribution_sums_to_one_and_agrees_with_what_is_said(seed: int) -> None:
    rng = np.random.default_rng(seed)
    known = memory(rng.normal(size=(20, 3)), rng.integers(0, 5, 20), rng.integers(0, 4, 20))
    states, text = rng.normal(size=(6, 3)), rng.integers(0, 5, 6).tolist()
    found = heard(known, states, without=2)
    assert np.allclose(whole(found, 5).sum(1), 1)
    assert np.allclose(whole(found, 5)[np.arange(6), text], said_of(found, text))
    assert (effective(found) >= 1).all()
    assert (effective(found) <= found.weights.shape[1] + 1e-9).all()


def test_where_no_place_is_left_nothing_is_said() -> None:
    known = memory(np.eye(3), np.arange(3), np.zeros(3, np.int64))
    found = heard(known, np.eye(3), without=0)
    assert found.tokens.shape == (3, 0)
    assert whole(found, 4).sum() == said_of(found, [0, 1, 2]).sum() == effective(found).sum() == 0


def test_a_place_of_the_document_that_is_left_out_says_nothing_whatever_it_would_say() -> None:
    rng = np.random.default_rng(0)
    states, numbers = rng.normal(size=(60, 4)), np.repeat(np.arange(6), 10)
    said = rng.integers(0, 7, 60)
    plain, other = (memory(states, np.where(numbers == 3, wrong, said), numbers) for wrong in (said, 6 - said))
    mine = states[numbers == 3]
    assert (heard(plain, mine, without=3).tokens == heard(other, mine, without=3).tokens).all()
    assert (heard(plain, mine).tokens[:, 0] != heard(other, mine).tokens[:, 0]).any()


@settings(max_examples=40, deadline=None)
@given(st.lists(st.integers(0, 90), min_size=2, max_size=30), st.integers(1, 400), st.integers(1, 60))
def test_places_are_spread_over_documents_and_never_more_than_asked(
    lengths: list[int], most: int, longest: int
) -> None:
    corpus = gathered([[0] * length for length in lengths], 1)
    found = places(corpus, most, longest, seed=1)
    share = max(SHARE, -(-most // len(lengths)))
    for number, chosen in found:
        assert chosen == sorted(set(chosen))
        assert 1 <= chosen[0] <= chosen[-1] < min(lengths[number], longest)
        assert len(chosen) <= share
    assert len({number for number, _ in found}) == len(found)
    there = sum(min(share, max(0, min(length, longest) - 1)) for length in lengths)
    assert sum(len(chosen) for _, chosen in found) == min(most, there)
    assert found == places(corpus, most, longest, seed=1)


def test_states_that_foretell_the_token_gain_weight_and_others_have_none() -> None:
    rng = np.random.default_rng(0)
    tokens = rng.integers(0, 8, 600)
    telling = np.eye(8)[tokens] + 0.1 * rng.normal(size=(600, 8))
    texts, documents = tokens.reshape(60, 10), np.repeat(np.arange(60), 10)
    corpus = gathered(texts.tolist(), 8)
    average = learned(corpus, Fit(most=2))
    below = np.concatenate([scored(average, text.tolist(), n).said for n, text in enumerate(texts)])
    weights: list[float] = []
    for states in (telling, rng.normal(size=telling.shape)):
        known = memory(states, tokens, documents)
        said = [said_of(heard(known, states[10 * n : 10 * n + 10], n), text.tolist()) for n, text in enumerate(texts)]
        weights.append(weight(np.concatenate(said), below))
    assert weights[0] > 0.95
    assert weights[1] < 0.05


def test_the_weight_is_the_likeliest() -> None:
    rng = np.random.default_rng(3)
    said, below = rng.random(500), rng.random(500)
    found = weight(said, below)
    grid = np.linspace(0.01, 0.99, 99)
    likelihood = [np.log(each * said + (1 - each) * below).mean() for each in grid]
    assert abs(grid[int(np.argmax(likelihood))] - found) < 0.03
