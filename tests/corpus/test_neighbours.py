"""Nearest places against looking at every place, and a rung that helps only where states know more than tokens."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from mesolens.corpus.average import CELLS, rungs_of
from mesolens.corpus.gathered import gathered
from mesolens.corpus.neighbours import memory, nearest, neighbour_rung, said_by_neighbours
from mesolens.corpus.smoothing import beside, climbed, fitted


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 9999), st.integers(1, 30), st.integers(1, 8), st.booleans())
def test_the_nearest_are_those_of_a_plain_look(seed: int, size: int, count: int, leave: bool) -> None:
    rng = np.random.default_rng(seed)
    states, queries = rng.normal(size=(size, 4)), rng.normal(size=(5, 4))
    documents = rng.integers(0, 3, size)
    without = 1 if leave else None
    distances, which = nearest(memory(states, documents, documents), queries, count, without)
    for query, far, places in zip(queries, distances, which, strict=True):
        told = 1 - states @ query / np.linalg.norm(states, axis=1) / np.linalg.norm(query)
        kept = [place for place in range(size) if documents[place] != without]
        assert np.allclose(far, np.sort(told[kept])[:count])
        assert np.allclose(told[places], far)
        assert without not in documents[places]


@given(st.integers(0, 9999))
@settings(max_examples=30, deadline=None)
def test_the_distribution_sums_to_one_and_agrees_with_the_rung(seed: int) -> None:
    rng = np.random.default_rng(seed)
    places = memory(rng.normal(size=(20, 3)), rng.integers(0, 5, 20), rng.integers(0, 4, 20))
    states, text = rng.normal(size=(6, 3)), rng.integers(0, 5, 6).tolist()
    whole = said_by_neighbours(places, states, 5, without=2)
    assert np.allclose(whole.sum(1), 1)
    rung = neighbour_rung(places, states, text, 7, without=2)
    assert np.allclose(whole[np.arange(6), text], rung.said[:, 0])
    assert (rung.cell == 7).all()


def test_states_that_foretell_the_token_gain_weight_and_others_lose_it() -> None:
    rng = np.random.default_rng(0)
    tokens = rng.integers(0, 8, 600)
    telling = np.eye(8)[tokens] + 0.1 * rng.normal(size=(600, 8))
    texts, documents = tokens.reshape(60, 10), np.repeat(np.arange(60), 10)
    corpus = gathered(texts.tolist(), 8)
    weights: list[float] = []
    for states in (telling, rng.normal(size=telling.shape)):
        places = memory(states, tokens, documents)
        parts = [
            beside(
                rungs_of(corpus.ladder(text.tolist(), 2, n), text.tolist()),
                neighbour_rung(places, states[10 * n : 10 * n + 10], text.tolist(), CELLS, n),
            )
            for n, text in enumerate(texts)
        ]
        together = type(parts[0])(np.concatenate([p.said for p in parts]), np.concatenate([p.cell for p in parts]))
        lambdas = fitted(together, CELLS + 1, 1 / 8)
        weights.append(float(lambdas[CELLS]))
        assert (climbed(together, lambdas, 1 / 8) > 0).all()
    assert weights[0] > 0.95
    assert weights[1] < 0.3
