"""The average: its two paths agree, it sums to one, its weights climb, and a text is never its own proof."""

from math import log

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from mesolens.corpus.average import CELLS, Fit, distribution, filled, learned, rungs_of, scored, weighted
from mesolens.corpus.copying import copies
from mesolens.corpus.gathered import gathered
from mesolens.corpus.smoothing import climbed, fitted

TOKENS = 4
TEXT = st.lists(st.integers(0, TOKENS - 1), min_size=1, max_size=12).map(tuple)
TEXTS = st.lists(TEXT, min_size=1, max_size=5).map(tuple)


def lambdas(seed: int) -> np.ndarray:
    return np.random.default_rng(seed).uniform(0, 1, CELLS)


@settings(max_examples=60, deadline=None)
@given(TEXTS, TEXT, st.integers(0, 6), st.integers(0, 99), st.data())
def test_the_distribution_sums_to_one_and_agrees_with_the_cheap_path(
    texts: tuple[tuple[int, ...], ...], text: tuple[int, ...], most: int, seed: int, data: st.DataObject
) -> None:
    without = data.draw(st.none() | st.integers(0, len(texts) - 1))
    average = weighted(gathered(texts, TOKENS), lambdas(seed), most)
    whole = distribution(average, text, range(len(text) + 1), without)
    assert np.allclose(whole.sum(1), 1, rtol=0, atol=1e-12)
    assert (whole >= 0).all()
    said = scored(average, text, without).said
    assert np.allclose(whole[np.arange(len(text)), list(text)], said, rtol=1e-12, atol=1e-15)


@settings(max_examples=30, deadline=None)
@given(TEXTS, TEXT)
def test_a_document_left_out_counts_as_if_it_had_never_been_there(
    texts: tuple[tuple[int, ...], ...], text: tuple[int, ...]
) -> None:
    both = weighted(gathered((*texts, text), TOKENS), lambdas(1), 5)
    without = weighted(gathered(texts, TOKENS), lambdas(1), 5)
    assert np.array_equal(scored(both, text, len(texts)).climbed, scored(without, text).climbed)


@settings(max_examples=30, deadline=None)
@given(TEXTS, TEXT, st.integers(0, 99))
def test_a_round_never_makes_the_texts_less_likely(
    texts: tuple[tuple[int, ...], ...], text: tuple[int, ...], seed: int
) -> None:
    rungs = rungs_of(gathered(texts, TOKENS).ladder(text, 5), text)
    before = np.full(CELLS, 0.5)
    bits: list[float] = []
    for rounds in range(6):
        now = fitted(rungs, CELLS, 1 / TOKENS, rounds, before)
        # The prior stands for one more token stopped at and one passed in every cell that was reached.
        prior = 0.5 * (np.log(now) + np.log1p(-now)).sum()
        bits.append(float(np.log(climbed(rungs, now, 1 / TOKENS)[:, -1]).sum()) + prior)
    assert (np.diff(bits) > -1e-9).all()


def test_weights_find_the_order_of_the_source() -> None:
    rng = np.random.default_rng(0)
    table = rng.dirichlet(np.full(6, 0.3), size=6)
    texts = [walk(rng, table, 60) for _ in range(120)]
    average = learned(gathered(texts, 6), Fit(most=5, tokens=4000))
    fresh = [walk(rng, table, 60) for _ in range(30)]
    said = np.concatenate([np.log2(scored(average, text).said[1:]) for text in fresh])
    truth = np.concatenate([np.log2(table[list(text[:-1]), list(text[1:])]) for text in fresh])
    assert -said.mean() < -truth.mean() + 0.06
    own = [np.log2(scored(average, texts[n], n).said[1:]).mean() for n in range(len(texts))]
    gap = np.mean(own) - said.mean()
    assert abs(gap) < 3 * np.std(own) / np.sqrt(len(fresh))


def walk(rng: np.random.Generator, table: np.ndarray, length: int) -> tuple[int, ...]:
    text = [int(rng.integers(len(table)))]
    while len(text) < length:
        text.append(int(rng.choice(len(table), p=table[text[-1]])))
    return tuple(text)


@given(st.lists(st.integers(0, 2), max_size=14))
def test_a_copy_is_the_longest_run_that_came_before(text: list[int]) -> None:
    found = copies(text)
    for t in range(len(text)):
        runs = {
            s: next((k for k in range(s + 1) if text[s - k : s] != text[t - k : t]), s + 1) - 1 for s in range(1, t)
        }
        longest = max(runs.values(), default=0)
        assert found.length[t] == longest
        told = [s for s in sorted(runs, reverse=True) if longest and runs[s] == longest][:4]
        assert list(found.places[t]) == told


def test_repetition_is_explained_by_the_copy_rung_alone() -> None:
    rng = np.random.default_rng(3)
    texts = [tuple(int(x) for x in np.tile(rng.integers(0, 50, 12), 3)) for _ in range(60)]
    average = learned(gathered(texts, 50), Fit(most=6))
    found = scored(average, np.tile(rng.integers(0, 50, 12), 3).tolist())
    gain = np.log2(found.climbed[14:, -1]) - np.log2(found.climbed[14:, -2])
    assert gain.mean() > 4
    assert np.log2(found.climbed[14:, -1]).mean() > log(0.7, 2)


def test_cells_that_nothing_fell_into_take_their_neighbours_weight() -> None:
    weights, seen = np.full(CELLS, 0.5), np.zeros(CELLS, bool)
    weights[3], seen[3] = 0.9, True
    assert set(filled(weights, seen)[:-10]) == {0.9}
