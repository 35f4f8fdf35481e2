"""No visible step: what is planted in an answering function is called, and nothing else."""

from collections.abc import Callable, Mapping
from functools import partial
from hashlib import sha256
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit

from mesolens.instruments.depth.silent_read import DOES_NOT_FALL, MISSING, Answers, Said, nocot
from mesolens.model.question import Question
from mesolens.traits.conditions import Manner, asked, conditions
from mesolens.traits.puzzles import Puzzle, draw_chains, draw_sums, said
from mesolens.traits.sums import operations_in, sum_from, value_of

Answerer = Callable[[Question], str]
PAIRS = [
    ("repeat 3", "plain"),
    ("filler 30", "plain"),
    ("framed as repeat 3", "plain"),
    ("framed as filler 30", "plain"),
    ("repeat 3", "framed as repeat 3"),
    ("filler 30", "framed as filler 30"),
]


def luck(text: str) -> float:
    return int(sha256(text.encode()).hexdigest()[:12], 16) / 16**12


def planted(
    question: Question,
    *,
    again: float = 0.0,
    dots: float = 0.0,
    longer: float = 0.0,
    friendly: float = 0.0,
    steep: float = 1.0,
) -> str:
    """An answer to a sum, right by luck of the item and of the asking, at odds that what stands behind it moves."""
    first, *rest = question.text.split("\n\n")
    found = sum_from(first.removeprefix("What is ").removesuffix("?"))
    behind = "\n".join(rest)
    gain = again * (first in rest) + dots * (". ." in behind) + longer * bool(behind) + friendly * ("good" in behind)
    chance = expit(3.0 - steep * operations_in(found) + gain)
    noise = 0.8 * luck(first) + 0.2 * luck(f"asked {question.text}")
    noise = noise**2 / 0.32 if noise < 0.2 else 1 - (1 - noise) ** 2 / 0.32 if noise > 0.8 else (noise - 0.1) / 0.8
    return f" {value_of(found) + (noise >= chance)}."


def read(answer: Answerer, puzzles: list[Puzzle]) -> dict[str, Any]:
    ways, manner = conditions(), Manner()
    rows = tuple(
        tuple(said(puzzle, answer(asked(puzzle, way, manner, lambda text: len(text.split())))) for way in ways)
        for puzzle in puzzles
    )
    return nocot(Answers(tuple(puzzles), ways, rows))


def called(found: Mapping[str, Any]) -> set[tuple[str, str]]:
    return {(row["one"], row["other"]) for row in found["paired"] if row["p"] <= 0.05}


@pytest.mark.parametrize(
    ("gains", "expected"),
    [
        ({}, set()),
        ({"again": 3.0}, {PAIRS[0], PAIRS[4]}),
        ({"dots": 3.0}, {PAIRS[1], PAIRS[5]}),
        ({"longer": 3.0}, set(PAIRS[:4])),
        ({"friendly": -3.0}, {PAIRS[2], PAIRS[3], PAIRS[4], PAIRS[5]}),
        ({"again": 3.0, "dots": 3.0}, {PAIRS[0], PAIRS[1], PAIRS[4], PAIRS[5]}),
    ],
)
def test_what_is_planted_is_called_and_nothing_else(gains: dict[str, float], expected: set[tuple[str, str]]) -> None:
    found = read(partial(planted, **gains), draw_sums(40, seed=3))
    assert called(found) == expected
    assert found["counts"]
    for row in found["paired"]:
        assert row["low"] <= row["difference"] <= row["high"]
        assert (row["low"] <= 0 <= row["high"]) or row["p_alone"] <= 0.06


def test_effects_tell_reading_again_from_being_longer() -> None:
    again = {row["name"]: row["says"] for row in read(partial(planted, again=3.0), draw_sums(40))["effects"]}
    longer = {row["name"]: row["says"] for row in read(partial(planted, longer=3.0), draw_sums(40))["effects"]}
    assert again["repeat 3"] == "helps, and more than as many friendly words"
    assert again["filler 30"] == again["framed as repeat 3"] == "no difference from plain is sure"
    assert longer["repeat 3"] == longer["filler 30"] == "helps, as friendly words may as well"
    assert longer["framed as filler 30"] == "helps"


@pytest.mark.slow
def test_where_nothing_is_planted_any_call_at_all_is_rare() -> None:
    runs = [called(read(planted, draw_sums(10, seed=seed))) for seed in range(100, 160)]
    assert sum(map(bool, runs)) <= 6  # at most 5 % of 60 are expected


def test_a_score_that_does_not_fall_does_not_count() -> None:
    known = read(partial(planted, steep=0.0), draw_sums(40))
    assert (known["counts"], known["says"]) == (False, DOES_NOT_FALL)
    assert known["conditions"][0]["accuracy"] > 0.9
    blind = read(lambda question: " 7.", draw_sums(40))
    assert not blind["counts"]
    assert "guessing" in blind["says"]
    one = read(planted, draw_sums(40, (2,)))
    assert (one["counts"], one["slope"]) == (False, None)


def test_who_always_names_one_person_is_seen_to_guess() -> None:
    found = read(lambda question: " Ann", draw_chains(60))
    assert not found["counts"]
    assert all(row["guessing"] == pytest.approx(1 / 8, abs=0.08) for row in found["by_difficulty"])


def test_no_answer_is_wrong_and_no_reply_is_missing() -> None:
    puzzles, ways = tuple(draw_sums(10)), conditions()
    rows: list[tuple[Said, ...]] = [tuple(puzzle.answer for _ in ways) for puzzle in puzzles]
    rows[0], rows[1] = tuple(None for _ in ways), (MISSING, *rows[1][1:])
    found: dict[str, Any] = nocot(Answers(puzzles, ways, tuple(rows)))
    plain, repeat = found["conditions"][:2]
    assert (plain["n"], plain["missing"], plain["accuracy"]) == (59, 1, pytest.approx(58 / 59))
    assert (repeat["n"], repeat["missing"], repeat["accuracy"]) == (60, 0, pytest.approx(59 / 60))
    assert plain["unanswered"] == pytest.approx(1 / 59)
    assert [row["n"] for row in found["paired"]] == [59, 59, 59, 59, 60, 60]


@settings(max_examples=4, deadline=None)
@given(st.integers(0, 2**31))
def test_the_order_of_puzzles_changes_nothing_and_families_are_corrected_together(seed: int) -> None:
    rng, ways = np.random.default_rng(seed), conditions()
    puzzles = [*draw_sums(4), *draw_chains(4)]
    rows = [tuple(puzzle.answer if rng.random() < 0.5 else None for _ in ways) for puzzle in puzzles]
    order = [*rng.permutation(24).tolist(), *(24 + rng.permutation(20)).tolist()]
    one: Any = nocot(Answers(tuple(puzzles), ways, tuple(rows)))
    other: Any = nocot(Answers(tuple(puzzles[p] for p in order), ways, tuple(rows[p] for p in order)))
    assert one["paired"] == other["paired"]
    assert one["by_difficulty"] == other["by_difficulty"]
    assert one["slope"]["value"] == pytest.approx(other["slope"]["value"], rel=1e-2, abs=1e-3)
    assert [family["name"] for family in one["families"]] == ["arithmetic", "multi-hop"]
    alone: Any = nocot(Answers(tuple(puzzles[:24]), ways, tuple(rows[:24])))
    assert all(both["p"] >= single["p"] for both, single in zip(one["paired"], alone["paired"], strict=True))
