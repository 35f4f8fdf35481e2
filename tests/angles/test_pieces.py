"""Pieces: cutting loses nothing, more strength touches more of the same places, and the core is followed."""

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mesolens.angles import pieces
from mesolens.angles.pieces import Cut, each, rewritten, touched, whole
from mesolens.model.question import Question

from .questions import Ask, OnlyRandom, anything

CUTS = [pieces.characters, pieces.gaps, pieces.words, pieces.spaced_words, pieces.sentences]
SEEDS = st.integers(0, 2**32)


@pytest.mark.parametrize("cut", CUTS)
@given(text=st.text() | st.text("ab '’.!? \n"))
@settings(max_examples=100, deadline=None)
def test_pieces_joined_are_the_text(cut: Cut, text: str) -> None:
    assert "".join(cut(text)) == text


@given(st.lists(st.text(max_size=3), max_size=30), st.floats(0, 1), st.floats(0, 1), SEEDS)
def test_what_a_low_strength_touches_a_higher_one_touches_alike(
    parts: Sequence[str], one: float, other: float, seed: int
) -> None:
    low, high = sorted((one, other))
    less, more = (touched(parts, lambda p, how: f"<{p}{how}>", s, OnlyRandom(seed)) for s in (low, high))
    for part, lower, higher in zip(parts, less, more, strict=True):
        assert lower in (part, higher)


def test_strength_is_the_part_that_is_touched() -> None:
    parts = ["a"] * 4000
    for strength in (0.1, 0.5, 0.9):
        found = touched(parts, lambda piece, how: "b", strength, OnlyRandom(1))
        assert abs(found.count("b") / 4000 - strength) < 0.03  # four standard errors at the most


@given(anything(), st.floats(0, 1), SEEDS)
def test_a_core_becomes_what_its_characters_become(ask: Ask, strength: float, seed: int) -> None:
    question = ask()
    start = question.text.find(question.core)
    head, tail = question.text[:start], question.text[start + len(question.core) :]
    old = [head, *question.core, tail]
    new = touched(old, lambda piece, how: f"({piece})", strength, OnlyRandom(seed))
    assert rewritten(question, old, new).text == "".join(new)
    wanted = "".join(new[1:-1])
    assert not question.core or rewritten(question, old, new).core.strip() == wanted.strip()


def test_a_word_that_is_half_in_the_core_takes_it_along_only_if_it_changes() -> None:
    question = Question("teapots are good", core="pots are")
    for change, core in ((str.upper, "TEAPOTS ARE"), (lambda word: word.replace("are", "were"), "pots were")):
        turned = each(pieces.words, lambda word, how, change=change: change(word))(question, 1.0, OnlyRandom(0))
        assert turned.core == core


def test_a_message_does_not_become_empty() -> None:
    question = Question("?!", core="!")
    assert each(pieces.characters, lambda piece, how: "")(question, 1.0, OnlyRandom(0)) == question
    assert whole(lambda text: "")(question, 1.0, OnlyRandom(0)) == question


def test_the_core_of_a_whole_change_is_what_becomes_of_it_where_that_stands_there() -> None:
    question = Question("Is tea good?", core="tea")
    for change, core in ((str.upper, "TEA"), (lambda text: f"<{text}>", "tea"), (lambda text: f"<{text.upper()}>", "")):
        assert whole(change)(question, 1.0, OnlyRandom(0)).core == core
