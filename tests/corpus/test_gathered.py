"""Counts in memory against counts by looking at every place."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from mesolens.corpus.gathered import DEPTH, gathered

from .brute import Brute

TOKENS = 3
TEXTS = st.lists(st.lists(st.integers(0, TOKENS - 1), max_size=9).map(tuple), min_size=1, max_size=6).map(tuple)
QUERY = st.lists(st.integers(0, TOKENS), max_size=8)


@settings(max_examples=150, deadline=None)
@given(TEXTS, QUERY, st.integers(0, 7), st.data())
def test_every_count_is_the_plain_one(
    texts: tuple[tuple[int, ...], ...], query: list[int], most: int, data: st.DataObject
) -> None:
    brute, found = Brute(texts, TOKENS), gathered(texts, TOKENS)
    without = data.draw(st.none() | st.integers(0, len(texts) - 1))
    told, mine = brute.ladder(query, most, without), found.ladder(query, most, without)
    assert (mine.context_TN == told.context_TN).all()
    assert (mine.joint_TN == told.joint_TN).all()
    contexts = [query[:length] for length in range(len(query) + 1)]
    nexts = found.following(contexts, without)
    assert [(tokens.tolist(), counts.tolist()) for tokens, counts in nexts] == brute.following(contexts, without)


@given(TEXTS)
def test_documents_and_sizes_are_kept(texts: tuple[tuple[int, ...], ...]) -> None:
    found = gathered(texts, TOKENS)
    assert [found.document(number).tolist() for number in range(found.documents)] == [list(text) for text in texts]
    assert found.tokens == sum(map(len, texts))


def test_contexts_as_long_as_the_sorting_allows_are_counted() -> None:
    text = tuple(int(token) for token in np.random.default_rng(0).integers(0, 2, 3 * DEPTH))
    found = gathered([text, text], 2).ladder(text, DEPTH - 1)
    assert (found.joint_TN[DEPTH:, DEPTH - 1] == 2).all()


@given(TEXTS, st.lists(st.integers(0, TOKENS - 1), min_size=1, max_size=4))
def test_places_of_a_run_are_where_it_stands(texts: tuple[tuple[int, ...], ...], run: list[int]) -> None:
    found = gathered(texts, TOKENS)
    told = [[at for at in range(len(text)) if list(text[at : at + len(run)]) == run] for text in texts]
    places = found.places(run, 1000)
    assert {place.document: (place.times, place.first) for place in places} == {
        number: (len(at), at[0]) for number, at in enumerate(told) if at
    }
    assert [place.times for place in places] == sorted((len(at) for at in told if at), reverse=True)
    assert found.count([run]).tolist() == [sum(map(len, told))]
