"""Pieces laid end to end are the text, none is too long, and borders are where a reader would put them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesolens.corpus.average import Fit, learned, scored
from mesolens.corpus.cutting import pieces
from mesolens.corpus.gathered import gathered
from mesolens.corpus.leaving import left_out

WORDS = st.lists(
    st.sampled_from(["tale", "\n", "\n\n", " ", "a", "\n \n\n", "xxxxxxxxxxxxxxxxxxxx", "é", "\u2028"])
).map("".join)


@given(WORDS, st.integers(1, 40))
def test_nothing_is_lost_or_added_and_no_piece_is_too_long_or_empty(text: str, most: int) -> None:
    found = list(pieces(text, most))
    assert "".join(found) == text
    assert all(len(piece) <= most for piece in found)
    assert all(found) or text == ""
    assert list(pieces(text, 0)) == [text]


@given(st.lists(st.integers(1, 14), min_size=1), st.integers(32, 80))
def test_paragraphs_of_less_than_half_a_piece_are_never_cut(lengths: list[int], most: int) -> None:
    text = "\n\n".join("x" * length for length in lengths)
    for piece in list(pieces(text, most))[:-1]:
        assert piece.endswith("\n\n")
        assert len(piece) > most // 2


def test_a_long_line_is_cut_before_a_word_and_one_without_spaces_where_it_is_full() -> None:
    assert list(pieces("one two three four", 10)) == ["one two", " three", " four"]
    assert list(pieces("x" * 25, 10)) == ["x" * 10, "x" * 10, "x" * 5]
    assert list(pieces("some words\nand others", 14)) == ["some words\n", "and others"]


def chain(seed: int, length: int) -> list[int]:
    rng = np.random.default_rng(seed)
    table = np.random.default_rng(5).dirichlet(np.full(12, 0.3), size=(12, 12))
    found = [0, 1]
    for u in rng.random(length):
        found.append(int(np.searchsorted(table[found[-2], found[-1]].cumsum(), u).clip(max=11)))
    return found


def test_pieces_left_out_score_as_fresh_text_does_and_better_than_by_whole_books() -> None:
    books = [chain(seed, 6000) for seed in (0, 1)]
    fresh = [chain(seed, 300) for seed in range(10, 30)]
    cut = [book[start : start + 300] for book in books for start in range(0, 6000, 300)]
    bits: dict[str, float] = {}
    for name, documents in (("whole", books), ("cut", cut)):
        corpus = gathered(documents, 12)
        average = learned(corpus, Fit(most=6, tokens=9000))
        bits[name] = float(np.mean([-np.log2(scored(average, text).said).mean() for text in fresh]))
        if name == "cut":
            own = [(scored(average, document, n).said, ladder) for n, (document, ladder) in enumerate(
                left_out(corpus, range(corpus.documents), 6))]  # fmt: skip
            alone = float(np.mean([-np.log2(said).mean() for said, _ in own]))
            again = float(np.mean([-np.log2(scored(average, document).said).mean() for document in cut]))
    assert bits["cut"] < bits["whole"] + 0.005
    assert alone == pytest.approx(bits["cut"], abs=0.05)
    assert again < alone - 0.1, "with its own counts a piece would look better known than fresh text is"
