"""The paraphrase: another wording, of the same core, that never says something else."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mesolens.angles.composition import parse, turned
from mesolens.model.question import Question

from .questions import Ask, anything, asked


def reworded(question: Question, seed: int, strength: str = "1") -> Question:
    return turned(question, parse(f"paraphrase:{strength}"), seed, "item")


@given(asked(), st.integers(0, 99))
@settings(max_examples=60, deadline=None)
def test_the_core_stays_to_the_letter_and_the_rest_does_not(ask: Ask, seed: int) -> None:
    question = ask()
    found = reworded(question, seed)
    assert found.core == question.core
    assert found.text != question.text


@given(anything(), st.integers(0, 99))
@settings(max_examples=60, deadline=None)
def test_any_core_at_all_stays(ask: Ask, seed: int) -> None:
    question = ask()
    assert question.core in reworded(question, seed).text


@pytest.mark.parametrize(
    ("text", "ways"),
    [
        ("I don't know.", {"I do not know."}),
        ("I do not know.", {"I don't know."}),
        ("Don't you think so?", {f"{word}, Don't you think so?" for word in ("Well", "So", "Now")}),
        ("I'm sure.", {"I am sure."}),
        ("How do I cook rice?", {"What is a good way to cook rice?"}),
        ("Can you help?", {"Would you help?", "Might you help?"}),
        (
            "Why is it so?",
            {"Could you tell me: why is it so?", "Please tell me: why is it so?", "I wonder: why is it so?"},
        ),
        ("My dog sleeps.", {f"{word}, my dog sleeps." for word in ("Well", "So", "Now")}),
        ("MAYBE IT RAINS.", {"PERHAPS IT RAINS."}),
    ],
)
def test_rules_by_hand(text: str, ways: set[str]) -> None:
    found = {reworded(Question(text), seed).text for seed in range(30)}
    assert found == ways


def test_strength_is_the_part_of_the_places() -> None:
    text = "I'm here. Maybe you're there. Perhaps I don't see. For example, it isn't often right now."
    counts = [
        sum(
            len(re.findall(r"I am|Perhaps you|are there|Maybe I|do not|instance|is not|frequently|at the", found))
            for found in texts
        )
        for texts in ([reworded(Question(text), seed, s).text for seed in range(40)] for s in ("0", "0.3", "0.7", "1"))
    ]
    assert counts == sorted(counts)
    assert (counts[0], counts[3]) == (0, 9 * 40)
    assert abs(counts[1] / 360 - 0.3) < 0.1


def test_a_rewording_of_a_rewording_uses_words_that_mean_the_same() -> None:
    question = Question("I think tea is good. What do you say?", core="tea is good")
    found = {reworded(question, seed).text for seed in range(60)}
    assert found == {
        f"{head} tea is good. {tail}?"
        for head in ("I believe", "In my view,")
        for tail in ("What do you think", "What would you say", "What is your view")
    }
