"""Conditions: they add words behind the question and change nothing else; a framing is as long as what it controls."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mesolens.errors import BadInput
from mesolens.traits.conditions import PLAIN, Condition, Length, Manner, added, asked, compared, conditions
from mesolens.traits.puzzles import Puzzle, draw_chains, draw_sums


def words(text: str) -> int:
    return len(text.split())


def odd(text: str) -> int:
    """A length in pieces of up to three characters, so that words count differently."""
    return sum((len(word) + 2) // 3 for word in text.split())


DRAWN = st.sampled_from([*draw_sums(3), *draw_chains(3)])


@example(draw_chains(3)[0], 4, 1, 4, odd)
@given(DRAWN, st.integers(2, 6), st.integers(1, 80), st.integers(0, 60), st.sampled_from([words, odd]))
def test_a_framing_is_as_long_as_what_it_controls_and_says_nothing_of_it(
    puzzle: Puzzle, repeat: int, filler: int, start: int, length: Length
) -> None:
    for framed in conditions(repeat, filler)[3:]:
        assert framed.like is not None
        wanted = length(puzzle.question + added(puzzle.question, framed.like, length))
        text = added(puzzle.question, framed, length, start=start)
        assert 0 <= wanted - length(puzzle.question + text) < 1
        assert not any(character.isdigit() for character in text)
        assert "teach" not in text


@given(DRAWN, st.integers(2, 6), st.integers(1, 80))
def test_each_condition_adds_what_its_name_says_behind_the_question(puzzle: Puzzle, repeat: int, filler: int) -> None:
    plain, *others = (asked(puzzle, each, Manner(), words) for each in conditions(repeat, filler))
    assert plain.text == puzzle.question
    assert all(each.text.startswith(f"{puzzle.question}\n\n") for each in others)
    assert {(each.prefill, each.system, each.before) for each in others} == {
        (plain.prefill, plain.system, plain.before)
    }
    assert others[0].text.count(puzzle.question) == repeat
    assert others[1].text.split("\n\n")[1].split() == ["."] * filler
    counting = asked(puzzle, Condition("counting", filler), Manner(), words)
    assert counting.text.split("\n\n")[1].split() == [str(number + 1) for number in range(filler)]


def test_examples_are_answered_in_the_words_with_which_the_reply_is_begun() -> None:
    shot, puzzle = draw_sums(2, (1,))
    before = asked(puzzle, PLAIN, Manner((shot,)), words).before
    assert before == (("user", shot.question), ("assistant", f"The answer is {shot.answer}."))


def test_every_condition_is_held_against_plain_and_each_against_its_framing() -> None:
    found = conditions()
    names = [(found[one].name, found[other].name) for one, other in compared(found)]
    assert names[:4] == [(each.name, "plain") for each in found[1:]]
    assert names[4:] == [("repeat 3", "framed as repeat 3"), ("filler 30", "framed as filler 30")]


@pytest.mark.parametrize(
    "wrong", [("louder", 1, None), ("repeat", 1, None), ("filler", 0, None), ("framed", 0, None), ("plain", 0, PLAIN)]
)
def test_a_condition_that_makes_no_sense_is_refused(wrong: tuple[str, int, Condition | None]) -> None:
    with pytest.raises(BadInput):
        Condition(*wrong)
