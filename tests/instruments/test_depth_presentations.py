"""Presentations: prompts are solved again from their words alone, and chance is what can be had without solving."""

import re
from collections import Counter
from itertools import product
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mesolens.api as ml
from mesolens.instruments.depth.presentations import (
    PRESENTATIONS,
    Presentation,
    Words,
    chase,
    clock,
    clock_chance,
    rules,
)
from mesolens.instruments.depth.setting import depth_spec, presented, words_for
from mesolens.model.load import adopt
from mesolens.traits.task_ids import encode_task
from mesolens.traits.tasks import Item
from tests.model import tiny

NAMES = {each.name: each for each in PRESENTATIONS}


def words_of(presentation: Presentation) -> Words:
    return Words(presentation.pools[0][: presentation.count], tuple(range(100, 100 + presentation.count)))


def after(name: str, prompt: str) -> "list[dict[str, str]]":
    """What each of the prompt's steps does to a word, read from its sentences."""
    if name == "pointer chasing":
        leads = dict(re.findall(r"(\w+) leads to (\w+)\.", prompt))
        return [leads] * int(re.findall(r"follow (\d) step", prompt)[0])
    if name == "rules in a row":
        told = {
            n: dict(re.findall(r"(\w+) becomes (\w+)", text))
            for n, text in re.findall(r"Rule (\w+): ([^.]*)\.", prompt)
        }
        return [told[n] for n in re.findall(r"rule (\w+)", prompt)]
    hours = re.findall(r"has 7 hours, ([^.]*)\.", prompt)[0].split(", ")
    passing = [hours.index(word) for word in re.findall(r"Then (\w+) hours pass\.", prompt)]
    return [{hour: hours[(place + some) % 7] for place, hour in enumerate(hours)} for some in passing]


def start(name: str, prompt: str) -> str:
    patterns = {"pointer chasing": r"Start at (\w+)", "rules in a row": r"A (\w+) card", "clock": r"It shows (\w+)\."}
    return str(re.findall(patterns[name], prompt)[0])


@pytest.mark.parametrize("name", NAMES)
@given(k=st.integers(1, 6), seed=st.integers(0, 10_000))
@settings(max_examples=40, deadline=None)
def test_a_prompt_solved_from_its_words_has_the_items_steps_answer_and_counterfactuals(
    name: str, k: int, seed: int
) -> None:
    presentation = NAMES[name]
    words = words_of(presentation)
    item = presentation.write(words, k, np.random.default_rng(seed))
    assert isinstance(item.prompt, str)
    assert item.prompt.endswith(presentation.ending)
    does = after(name, item.prompt)
    assert len(does) == item.k == len(item.steps) == k
    token = dict(zip(words.texts, words.tokens, strict=True))
    here = start(name, item.prompt)
    for place, (step, each) in enumerate(zip(item.steps, does, strict=True)):
        here = each[here]
        assert step.value == token[here]
        assert step.other is not None
        assert step.other.value != step.value
        there = next(word for word, number in token.items() if number == step.other.value)
        for later in does[place + 1 :]:
            there = later[there]
        assert step.other.answer == token[there]
        assert step.other.answer != item.answer
    assert item.answer == token[here]


def test_in_a_cycle_the_start_never_comes_again_and_all_else_alike() -> None:
    words, rng = words_of(NAMES["pointer chasing"]), np.random.default_rng(0)
    for k in (1, 3, 6):
        drawn = [chase(words, k, rng) for _ in range(1400)]
        token = dict(zip(words.texts, words.tokens, strict=True))
        away = Counter((int(item.answer) - token[start("pointer chasing", str(item.prompt))]) % 8 for item in drawn)
        assert away[0] == 0
        assert drawn[0].chance == 1 / 7
        assert max(away.values()) / 1400 == pytest.approx(1 / 7, abs=0.035)


@pytest.mark.parametrize("k", [1, 2, 3, 4])
def test_a_clocks_chance_is_that_of_its_commonest_distance(k: int) -> None:
    away = Counter(sum(hours) % 7 for hours in product(range(1, 7), repeat=k))
    assert clock_chance(k) == pytest.approx(max(away.values()) / 6**k)
    assert clock(words_of(NAMES["clock"]), k, np.random.default_rng(1)).chance == clock_chance(k)


@pytest.mark.parametrize("k", [1, 2, 3])
def test_a_word_through_rules_is_as_likely_as_any_other(k: int) -> None:
    """Also the word that it was: a rule that is used twice would bring it back too often."""
    words, rng = words_of(NAMES["rules in a row"]), np.random.default_rng(k)
    drawn = [rules(words, k, rng) for _ in range(1500)]
    token = dict(zip(words.texts, words.tokens, strict=True))
    away = Counter((int(item.answer) - token[start("rules in a row", str(item.prompt))]) % 5 for item in drawn)
    assert max(away.values()) / 1500 == pytest.approx(1 / 5, abs=0.04)
    assert drawn[0].chance == 1 / 5


@pytest.fixture(scope="module")
def mask() -> ml.LoadedModel:
    return ml.load("slide:mask-small")


def test_words_are_one_token_each_and_different(mask: ml.LoadedModel) -> None:
    for presentation in PRESENTATIONS:
        words = words_for(mask, presentation)
        assert isinstance(words, Words)
        assert len(set(words.tokens)) == len(set(words.texts)) == presentation.count
    made = presented(mask, each=3, deepest=2)
    assert made.refused == ()
    assert len(made.items) == 3 * 2 * 3
    assert {item.k for item in made.items} == {1, 2}


def test_items_in_words_and_in_tokens_say_the_same(mask: ml.LoadedModel) -> None:
    """Values in words, behind the same prompt, are the tokens that the maker wrote."""
    words = words_for(mask, NAMES["pointer chasing"])
    assert isinstance(words, Words)
    item = chase(words, 2, np.random.default_rng(0))
    text = {token: (" " if not words.gap else "") + word for word, token in zip(words.texts, words.tokens, strict=True)}
    spelt = Item(item.prompt, text[int(item.answer)], choices=tuple(text[int(choice)] for choice in item.choices))
    assert encode_task([spelt], mask)[0].choices == words.tokens


def test_what_does_not_fit_is_refused_with_its_count_and_nothing_is_asked() -> None:
    bare = adopt(tiny.llama())
    spec = depth_spec(bare)
    assert spec.items == ()
    assert len(spec.refused) == len(PRESENTATIONS)
    assert all("no tokenizer" in reason for reason in spec.refused)
    assert ml.depth(bare).verdict == "cannot"


def test_prompts_beyond_the_window_are_refused_with_their_length() -> None:
    short = adopt(tiny.llama(), tiny.tokenizer())
    made = presented(short, each=2, deepest=2)
    assert made.items == ()
    assert any("window of 96" in reason for reason in made.refused)


SLOW = [pytest.param(name, marks=pytest.mark.slow) for name in ("stories260K", "babyllama105")]


@pytest.mark.parametrize("name", ["nano-sort", *SLOW])
def test_a_model_that_the_task_does_not_fit_cannot_and_says_why(shared: Path, name: str) -> None:
    found = ml.depth(ml.load(shared / "models" / name))
    assert found.verdict == "cannot"
    assert found.reading.data["used"] is None
    if name == "nano-sort":
        assert "3 of its words are one token of this model, and it needs 8" in found.reading.sentence
        assert found.reading.data["task"]["items"] == 0
    else:
        assert "pointer chasing: accuracy" in found.reading.sentence
        assert all(row["k50"] is None for row in found.reading.data["k50"])
        for part in ("read", "present"):  # what it cannot do is nowhere in it either
            above = max(value for row in found.matrix(part) for value in row if value is not None)
            assert above <= 0.3
