"""Voices and banks: who may be in one, and who may not."""

import pytest
from hypothesis import given

from mesolens.errors import BadInput
from mesolens.traits.voices import Bank, Voice
from tests.traits.drawn import Pairs, voices

PIRATE, NURSE = Voice("pirate", "You are a pirate."), Voice("nurse", "You are a nurse.")


@given(voices())
def test_a_bank_is_its_own_voice_and_the_others(pairs: Pairs) -> None:
    bank = Bank(tuple(Voice(name, role) for name, role in pairs))
    own = [] if bank.own is None else [bank.own]
    assert own + [voice.name for voice in bank.others] == list(bank.names) == [name for name, _ in pairs]
    assert all(voice.role for voice in bank.others)


@pytest.mark.parametrize(
    ("voices", "said"),
    [
        ((), "at least 2 voices, not 0"),
        ((PIRATE,), "at least 2 voices, not 1"),
        ((PIRATE, Voice("pirate", "You are a nurse.")), "two voices' names are 'pirate'"),
        ((PIRATE, Voice("nurse", PIRATE.role)), "two voices' roles are 'You are a pirate.'"),
        ((Voice("own", ""), Voice("self", "")), "two voices' roles are ''"),
    ],
)
def test_a_bank_in_which_two_could_not_be_told_apart_is_refused(voices: tuple[Voice, ...], said: str) -> None:
    with pytest.raises(BadInput) as problem:
        Bank(voices)
    assert said in str(problem.value)


@pytest.mark.parametrize("name", ["", " pirate", "pi\nrate", "pi\x1b[2Jrate", "‮etarip", "p" * 121, "\ud800"])
def test_a_name_that_cannot_be_printed_in_one_line_names_nobody(name: str) -> None:
    with pytest.raises(BadInput, match="cannot name a voice") as problem:
        Voice(name, "You are a pirate.")
    assert str(problem.value).isprintable()


@pytest.mark.parametrize("role", [" ", "\n", "You are \ud800."])
def test_a_role_is_empty_or_says_something_that_a_tokenizer_reads(role: str) -> None:
    with pytest.raises(BadInput, match="the role of voice pirate"):
        Voice("pirate", role)
