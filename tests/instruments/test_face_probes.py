"""Probes: every prompt and answer as one would write it by hand, and no answer read as another."""

from dataclasses import replace
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesolens.errors import BadInput
from mesolens.instruments.face.probes import Posed, _apart, _overlap, spellings, written
from mesolens.model.chat import encode_prompt
from mesolens.model.load import adopt
from mesolens.model.loaded import LoadedModel
from tests.model import tiny

YES_NO = Posed("Is tea good?", (" Yes", " No"), 0)
LETTERS = Posed("Tea?\n (A) Yes\n (B) No", (" (A)", " (B)"), 1)


@cache
def model() -> LoadedModel:
    return adopt(tiny.llama(), tiny.tokenizer())


def texts(ways: tuple[tuple[int, ...], ...]) -> list[str]:
    tokenizer = model().tokenizer
    assert tokenizer is not None
    return [tokenizer.decode(list(way)) for way in ways]


def test_a_probe_holds_its_prompts_and_all_ways_of_its_answers() -> None:
    (probe,) = written(model(), [("tea", "taste", [LETTERS, replace(LETTERS, matching=0)])])
    prompt = encode_prompt(model().tokenizer, [{"role": "user", "content": LETTERS.question}]).ids
    assert probe.prompts == (prompt, prompt)
    assert (probe.id, probe.trait, probe.matching) == ("tea", "taste", (1, 0))
    assert [texts(ways) for ways in probe.answers[0]] == [
        [" (A)", "(A)", " (a)", "(a)"],
        [" (B)", "(B)", " (b)", "(b)"],
    ]


def test_answers_that_are_tokens_are_read_as_tokens() -> None:
    (probe,) = written(model(), [("tea", "taste", [Posed("Is tea good?", (" yes", " no"), 0)])])
    assert all(len(way) == 1 for ways in probe.answers[0] for way in ways)
    assert all(texts(ways)[0] in (" yes", " no") for ways in probe.answers[0])


def test_answers_that_only_their_case_tells_apart_have_one_way_each() -> None:
    (probe,) = written(model(), [("case", "case", [Posed("Which?", ("Bzq", "bzq"), 0)])])
    assert [texts(ways) for ways in probe.answers[0]] == [["Bzq"], ["bzq"]]


def test_a_system_message_stands_before_every_question() -> None:
    (probe,) = written(model(), [("tea", "taste", [YES_NO])], system="Be brief.")
    chat = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": YES_NO.question}]
    assert probe.prompts[0] == encode_prompt(model().tokenizer, chat).ids


def test_items_keep_their_order_and_their_own_answers() -> None:
    items = [("a", "t", [YES_NO]), ("b", "u", [LETTERS, LETTERS]), ("c", "t", [YES_NO])]
    probes = written(model(), items)
    assert [(p.id, p.trait, len(p.prompts)) for p in probes] == [("a", "t", 1), ("b", "u", 2), ("c", "t", 1)]
    assert probes[0].answers == probes[2].answers != probes[1].answers[:1]


WAY = st.lists(st.integers(0, 2), min_size=1, max_size=3).map(tuple)


@given(st.lists(WAY, min_size=1, max_size=5, unique=True).map(tuple))
def test_ways_that_are_kept_begin_with_no_other_and_lose_no_text(ways: tuple[tuple[int, ...], ...]) -> None:
    kept = _apart(ways)
    assert not any(a != b and b[: len(a)] == a for a in kept for b in kept)
    assert all(any(way[: len(each)] == each for each in kept) for way in ways)


@given(st.lists(st.lists(WAY, min_size=1, max_size=2).map(tuple), min_size=2, max_size=3))
def test_answers_overlap_when_a_text_could_be_both(answers: list[tuple[tuple[int, ...], ...]]) -> None:
    longest = [(*way, *tail) for ways in answers for way in ways for tail in ((), (0,), (1, 1))]
    both = any(sum(any(text[: len(way)] == way for way in ways) for ways in answers) > 1 for text in longest)
    assert _overlap(answers) == both


def test_spellings_do_not_repeat() -> None:
    assert spellings("yes") == ("yes",)


@pytest.mark.parametrize(
    ("posed", "says"),
    [
        (replace(YES_NO, answers=(" Yes",)), "two different answers"),
        (replace(YES_NO, answers=(" Yes", " Yes")), "' Yes', ' Yes'"),
        (replace(YES_NO, answers=()), "has none"),
        (replace(YES_NO, matching=2), "answer 2 matches, and there are 2"),
        (replace(YES_NO, matching=-1), "answer -1 matches"),
    ],
)
def test_items_that_cannot_be_asked_are_refused(posed: Posed, says: str) -> None:
    with pytest.raises(BadInput, match=says):
        written(model(), [("tea", "taste", [posed])])


def test_without_a_tokenizer_nothing_is_written() -> None:
    with pytest.raises(BadInput, match="no tokenizer"):
        written(adopt(tiny.llama()), [("tea", "taste", [YES_NO])])
