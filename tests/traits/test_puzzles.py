"""Puzzles: the answer follows from the question alone, and only that answer counts."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesolens.errors import BadInput
from mesolens.traits.puzzles import CHAINS, SUMS, Puzzle, draw_chains, draw_sums, said
from mesolens.traits.sums import sum_from, value_of


def followed(question: str) -> str:
    """The answer of a chain, from its words."""
    teachers = dict(re.findall(r"(\w+) is taught by (\w+)\.", question))
    asked = question.rpartition("Who is ")[2]
    who = asked.rstrip("?").split()[-1]
    for _ in range(asked.count("the teacher of")):
        who = teachers[who]
    return who


@given(st.integers(0, 2**31), st.integers(6, 10))
def test_the_answer_of_a_chain_follows_from_its_words_and_is_never_who_is_asked_about(seed: int, people: int) -> None:
    for puzzle in draw_chains(2, (1, 3, 5), people=people, seed=seed):
        assert followed(puzzle.question) == puzzle.answer
        assert not puzzle.question.endswith(f"{puzzle.answer}?")
        assert puzzle.question.count("the teacher of") == puzzle.difficulty


@given(st.integers(0, 2**31))
def test_drawn_sums_are_all_different_and_have_their_value(seed: int) -> None:
    found = draw_sums(6, (1, 4), seed=seed)
    assert len({puzzle.question for puzzle in found}) == 12
    assert all(str(value_of(sum_from(puzzle.question[8:-1]))) == puzzle.answer for puzzle in found)
    assert found == draw_sums(6, (1, 4), seed=seed)


def test_every_answer_of_a_chain_is_about_as_likely() -> None:
    found = draw_chains(900, (3,), people=4)
    shares = [sum(puzzle.answer == name for puzzle in found) / 900 for name in found[0].choices]
    assert all(abs(share - 0.25) < 0.06 for share in shares)


@pytest.mark.parametrize(
    ("reply", "found"),
    [
        (" Ann", "Ann"),
        ("**Ann**.", "Ann"),
        ("ann, I think", "Ann"),
        ("Anna", None),
        ("Ann-Marie", None),
        ("it is Ann", None),
    ],
)
def test_a_name_counts_where_it_comes_first_and_whole(reply: str, found: str | None) -> None:
    assert said(Puzzle(CHAINS, "1", "Who?", "Ann", 1.0, ("Ann", "Ben")), reply) == found


def test_a_cut_name_may_go_on_and_is_none() -> None:
    assert said(Puzzle(CHAINS, "1", "Who?", "Ann", 1.0, ("Ann", "Ben")), " Ann", cut=True) is None


def test_a_puzzle_whose_answer_cannot_be_given_is_refused() -> None:
    with pytest.raises(BadInput, match="none of its choices"):
        Puzzle(CHAINS, "1", "Who?", "Eve", 1.0, ("Ann", "Ben"))
    with pytest.raises(BadInput, match="no whole number"):
        Puzzle(SUMS, "1", "What?", "4.5", 1.0)
    with pytest.raises(BadInput, match="no more sums"):
        draw_sums(300, (0,), digits=1)
    with pytest.raises(BadInput, match="more people than hops"):
        draw_chains(1, (9,), people=8)
