"""Documents counted without themselves, many at once, against one at a time."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from mesolens.corpus.gathered import gathered
from mesolens.corpus.leaving import LONGEST, left_out, own

TEXTS = st.lists(st.lists(st.integers(0, 2), max_size=9), min_size=1, max_size=6)


@settings(max_examples=80, deadline=None)
@given(TEXTS, st.integers(0, 6))
def test_all_at_once_gives_what_one_at_a_time_gives(texts: list[list[int]], most: int) -> None:
    corpus = gathered(texts, 3)
    numbers = [*range(len(texts))]
    for number, (text, ladder) in zip(numbers, left_out(corpus, numbers, most), strict=True):
        told = corpus.ladder(texts[number], most, number)
        assert text == texts[number]
        assert np.array_equal(ladder.context_TN, told.context_TN)
        assert np.array_equal(ladder.joint_TN, told.joint_TN)


@settings(max_examples=80, deadline=None)
@given(st.lists(st.integers(0, 2), min_size=1, max_size=12), st.integers(0, 6))
def test_a_texts_own_counts_are_those_of_a_corpus_of_it_alone(text: list[int], most: int) -> None:
    found, told = own(text, most), gathered([text], 3).ladder(text, most)
    assert np.array_equal(found.context_TN, told.context_TN)
    assert np.array_equal(found.joint_TN, told.joint_TN)


def test_of_a_long_document_the_beginning_is_looked_at_and_the_whole_is_left_out() -> None:
    rng = np.random.default_rng(0)
    texts = [rng.integers(0, 5, size).tolist() for size in (30, LONGEST + 500, 40)]
    corpus = gathered(texts, 5)
    found = left_out(corpus, [0, 1, 2], 6)
    assert [text for text, _ in found] == [texts[0], texts[1][:LONGEST], texts[2]]
    told = gathered([texts[0], texts[2]], 5).ladder(texts[1][:LONGEST], 6)
    assert np.array_equal(found[1][1].joint_TN, told.joint_TN)
    assert np.array_equal(found[1][1].context_TN, told.context_TN)
