"""What every angle of the catalogue keeps: it is pure, seeded, composable, the identity at 0, undone if it says so."""

import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mesolens.angles.angle import FAMILIES, Angle
from mesolens.angles.catalog import ALL, CATALOG
from mesolens.errors import BadInput
from mesolens.model.question import Question
from mesolens.model.writing import FORMS

from .questions import Ask, OnlyRandom, anything, asked

SEEDS = st.integers(0, 2**32)
STRENGTHS = st.floats(0, 1)
LOSES_THE_CORE = {"encoding", "order", "language"}
"""Families that may leave nothing of the core to be found."""


def by(angle: Angle, question: Question, strength: float, seed: int) -> Question:
    return angle.turn(question, strength, OnlyRandom(seed))


@given(anything(), STRENGTHS, SEEDS)
@settings(max_examples=25, deadline=None)
def test_the_same_seed_gives_the_same_question(ask: Ask, strength: float, seed: int) -> None:
    question = ask()
    for angle in ALL:
        assert by(angle, question, strength, seed) == by(angle, question, strength, seed), angle.name


@given(anything(), SEEDS)
@settings(max_examples=25, deadline=None)
def test_strength_0_changes_nothing(ask: Ask, seed: int) -> None:
    question = ask()
    for angle in ALL:
        assert by(angle, question, 0.0, seed) == question, angle.name


@given(anything(), SEEDS, st.floats(0, 1, exclude_min=True))
@settings(max_examples=15, deadline=None)
def test_without_a_dial_any_strength_is_all_of_it(ask: Ask, seed: int, strength: float) -> None:
    question = ask()
    for angle in ALL:
        if not angle.dial:
            assert by(angle, question, strength, seed) == by(angle, question, 1.0, seed), angle.name


@given(anything().filter(lambda ask: ask.args[0] != ""), STRENGTHS, SEEDS, st.sampled_from(list(CATALOG)))
@settings(max_examples=25, deadline=None)
def test_any_two_compose_and_a_message_stays_a_message(ask: Ask, strength: float, seed: int, name: str) -> None:
    question = ask()
    first = CATALOG[name]
    once = by(first, question, strength, seed)
    assert once.text, first.name
    for second in ALL:
        twice = by(second, once, strength, seed)
        assert isinstance(twice, Question)
        assert twice.text, (first.name, second.name)
        assert twice.form in FORMS
        assert twice.core in twice.text


@given(st.text(st.characters(codec="ascii"), max_size=60), SEEDS)
@settings(max_examples=60, deadline=None)
def test_exact_angles_are_undone_exactly_where_the_message_is_ascii(text: str, seed: int) -> None:
    for angle in ALL:
        if angle.undo is not None:
            assert angle.undo(by(angle, Question(text), 1.0, seed)).text == text, angle.name


@given(asked(), STRENGTHS, SEEDS)
@settings(max_examples=40, deadline=None)
def test_a_core_is_kept_but_where_the_family_may_lose_it(ask: Ask, strength: float, seed: int) -> None:
    question = ask()
    for angle in ALL:
        turned = by(angle, question, strength, seed)
        if angle.family not in LOSES_THE_CORE:
            assert turned.core, angle.name
        if question.core in turned.text and angle.family not in LOSES_THE_CORE | {"surface"}:
            assert turned.core == question.core, angle.name


@given(asked(), SEEDS)
@settings(max_examples=25, deadline=None)
def test_frames_let_go_of_all_but_the_matter(ask: Ask, seed: int) -> None:
    question = ask()
    for angle in ALL:
        if angle.family == "frame":
            bare = by(angle, Question(question.core), 1.0, seed)
            assert by(angle, question, 1.0, seed).text == bare.text, angle.name
            assert question.core in bare.text, angle.name


@given(asked(), STRENGTHS, SEEDS)
@settings(max_examples=25, deadline=None)
def test_roles_and_contexts_leave_the_users_words(ask: Ask, strength: float, seed: int) -> None:
    question = ask()
    for angle in ALL:
        if angle.family in ("role", "context"):
            assert question.text in by(angle, question, strength, seed).text, angle.name


TEXT = 'I don\'t think "tea" is good, ok? What should we say.'


@pytest.mark.parametrize("angle", [angle for angle in ALL if angle.dial.startswith("part of")], ids=lambda a: a.name)
def test_a_higher_strength_changes_more(angle: Angle) -> None:
    changed = [
        mean(distance(TEXT, by(angle, Question(TEXT), k / 4, seed).text) for seed in range(16)) for k in range(5)
    ]
    assert changed == sorted(changed)
    assert changed[0] == 0 < changed[1] < changed[4]


@pytest.mark.parametrize("angle", [angle for angle in ALL if "up to" in angle.dial], ids=lambda a: a.name)
def test_a_higher_strength_reaches_further(angle: Angle) -> None:
    seen = [by(angle, Question(TEXT), k / 20, 0) for k in range(21)]
    sizes = [len(question.text) + sum(len(words) for _, words in question.before) for question in seen]
    assert sizes == sorted(sizes)
    assert len(set(seen)) > 2


def mean(values: Iterable[int]) -> float:
    found = list(values)
    return sum(found) / len(found)


def distance(one: str, other: str) -> int:
    """Letters to put in, take out or exchange until the two are the same (Levenshtein)."""
    row = list(range(len(other) + 1))
    for at, letter in enumerate(one, 1):
        before, row[0] = row[0], at
        for place, wanted in enumerate(other, 1):
            before, row[place] = row[place], min(row[place] + 1, row[place - 1] + 1, before + (letter != wanted))
    return row[-1]


def test_the_catalogue_has_enough_of_each_family_under_names_that_differ() -> None:
    counts = Counter(angle.family for angle in ALL)
    assert len(CATALOG) == len(ALL) >= 75
    assert {family: counts[family] for family in FAMILIES if counts[family] < 4} == {"learned": 0}
    assert {"identity", "reseed", "paraphrase", "decode"} == {a.name for a in ALL if a.family == "control"}
    assert all(angle.about.endswith(".") and len(angle.about) < 80 for angle in ALL)
    assert len({angle.about for angle in ALL}) == len(ALL)


def test_the_page_counts_what_there_is() -> None:
    page = (Path(__file__).parents[2] / "docs" / "angles.md").read_text("utf-8")
    told = {name: int(count) for name, count in re.findall(r"^\| ([a-z]+) \| ([0-9]+) \|", page, re.MULTILINE)}
    assert told == {family: sum(angle.family == family for angle in ALL) for family in FAMILIES}


def test_every_form_that_is_not_the_own_has_its_angle() -> None:
    forms = {by(angle, Question("Hi"), 1.0, 0).form for angle in ALL}
    assert forms == set(FORMS)


def test_nothing_depends_on_the_order_of_sets() -> None:
    script = (
        "from random import Random; from mesolens.angles.catalog import ALL; "
        "from mesolens.model.question import Question; asked = Question('I think tea is good. Is it?'); "
        "print([angle.turn(asked, 0.7, Random(3)) for angle in ALL])"
    )
    one, other = (
        subprocess.run(
            [sys.executable, "-c", script], env=os.environ | {"PYTHONHASHSEED": hashes}, capture_output=True, check=True
        ).stdout
        for hashes in ("1", "2")
    )
    assert one == other != b""


@pytest.mark.parametrize("name", ["", "Leet", "a b", "a|b", "a:1", "a--b", "-a", "\x1b"])
def test_a_name_that_the_syntax_could_not_hold_is_refused(name: str) -> None:
    with pytest.raises(BadInput, match="cannot name an angle") as caught:
        Angle(name, "surface", "x.", True, "lossy", "", lambda question, strength, rng: question)
    assert str(caught.value).isprintable()


def test_who_says_exact_must_undo_and_nobody_else() -> None:
    for undoing, undo in (("exact", None), ("lossy", lambda question: question)):
        with pytest.raises(BadInput, match="undo"):
            Angle("x", "surface", "x.", True, undoing, "", lambda question, strength, rng: question, undo)
