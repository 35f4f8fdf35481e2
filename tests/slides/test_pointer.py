"""Slides that chase pointers: the task is what a reader by hand finds, and the shelf holds what was planted."""

import json
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mesolens.slides import shelf
from mesolens.slides.pointed import DECOY, KINDS, SHELVED, Pointed, named, newborn, spread
from mesolens.slides.pointed_folder import BAR, BEYOND, EACH, ITEMS, TASK, items, led, record
from mesolens.slides.pointer import (
    COUNT,
    COUNTS,
    FIRST,
    LENGTH,
    MARK,
    MOST,
    SYMBOLS,
    WORDS,
    apart,
    asked,
    tables,
    tokenizer,
    written,
)

NAMES = [Pointed(*each).name for each in SHELVED]


def chased(prompt: str) -> tuple[dict[str, str], int, str]:
    """The table, the number of steps and the start of a prompt, by reading it."""
    words = prompt.split()
    place = words.index(MARK)
    return dict(zip(words[:place:2], words[1:place:2], strict=True)), int(words[place + 1]), words[place + 2]


def after(table: dict[str, str], start: str, steps: int) -> str:
    for _ in range(steps):
        start = table[start]
    return start


@given(st.integers(0, 9999), st.integers(1, 8), st.integers(0, 11))
@settings(max_examples=30, deadline=None)
def test_a_prompt_holds_one_cycle_through_all_symbols_and_its_question(seed: int, steps: int, start: int) -> None:
    chance = torch.Generator().manual_seed(seed)
    next_n = tables(1, chance)[0]
    table, asks, begins = chased(written(next_n, steps, start, chance))
    assert (asks, begins) == (steps, SYMBOLS[start])
    way = [after(table, begins, k) for k in range(len(SYMBOLS))]
    assert sorted(way) == sorted(SYMBOLS)
    assert after(table, begins, len(SYMBOLS)) == begins
    assert SYMBOLS[led(next_n, start, steps)] == after(table, begins, steps)
    assert led(next_n, led(next_n, start, steps), -steps) == start


def test_the_tokenizer_gives_one_token_a_word_and_begins_once() -> None:
    cut = tokenizer()
    assert cut("a d b | 3 a")["input_ids"] == [0, *(WORDS.index(w) for w in ("a", "d", "b", "|", "3", "a"))]
    assert [cut.decode([place]) for place in range(len(WORDS))] == list(WORDS)


@given(st.integers(0, 999), st.integers(1, MOST))
@settings(max_examples=10, deadline=None)
def test_questions_side_by_side_are_what_a_reader_finds(seed: int, top: int) -> None:
    batch = asked(3, top, torch.Generator().manual_seed(seed))
    for row, ids in enumerate(batch.ids.tolist()):
        words = [WORDS[token] for token in ids]
        table = dict(zip(words[1 : LENGTH - 1 : 2], words[2:LENGTH:2], strict=True))
        for question in range(len(SYMBOLS)):
            steps, start = int(words[LENGTH + 2 * question]), words[LENGTH + 2 * question + 1]
            assert 1 <= steps <= top
            assert SYMBOLS[int(batch.answer[row, question])] == after(table, start, steps)
            assert table[SYMBOLS[int(batch.before[row, question])]] == start


def test_no_question_sees_another() -> None:
    """What the model makes of questions side by side is what it makes of each alone."""
    module, batch = newborn(3).eval(), asked(2, MOST, torch.Generator().manual_seed(1))
    mask, places, due = apart()
    with torch.no_grad():
        whole: Any = module
        together = whole(
            batch.ids, attention_mask=mask.expand(2, 1, *mask.shape[2:]), position_ids=places.expand(2, -1)
        ).logits[:, due]
        for question in range(len(SYMBOLS)):
            own = batch.ids[:, LENGTH + 2 * question : LENGTH + 2 * question + 2]
            alone = whole(torch.cat([batch.ids[:, :LENGTH], own], 1)).logits[:, -1]
            torch.testing.assert_close(together[:, question], alone, atol=1e-5, rtol=1e-4)


def test_what_spreads_is_nothing_where_states_are_points_and_everything_where_they_say_nothing() -> None:
    chance = torch.Generator().manual_seed(0)
    state = torch.randint(MOST * len(SYMBOLS), (4000,), generator=chance)
    points = torch.randn(MOST * len(SYMBOLS), 16, generator=chance)
    assert float(spread(points[state], state)) < 1e-10
    noise = torch.randn(4000, 16, generator=chance)
    assert 0.95 < float(spread(noise, state)) < 1.0


@pytest.mark.parametrize("kind", KINDS)
def test_items_tell_every_step_and_what_another_one_would_lead_to(kind: str) -> None:
    rows = list(items(Pointed(kind, 9)))
    assert len(rows) == ITEMS + EACH * (MOST + BEYOND)
    for row in rows:
        table, steps, start = chased(row["prompt"])
        assert (row["k"], row["answer"]) == (steps, after(table, start, steps))
        if "steps" not in row:
            continue
        for number, (step, other) in enumerate(zip(row["steps"], row["counterfactual"], strict=True), 1):
            left = steps + 1 if kind == "decoy" else steps - number
            assert after(table, step["value"], left) == row["answer"]
            assert after(table, other["value"], left) == other["answer"] != row["answer"]
    assert rows == list(items(Pointed(kind, 9)))


@given(st.text(max_size=12))
def test_a_name_is_of_one_slide(name: str) -> None:
    found = named(name)
    assert found is None or found.name == name


def test_names_and_seeds_go_together() -> None:
    for kind, first in KINDS.items():
        assert named(kind) == Pointed(kind, first)
        assert named(f"{kind}-{first}") is None
        assert named(f"{kind}-{first + 1}") == Pointed(kind, first + 1)


@pytest.mark.parametrize("name", NAMES)
def test_what_lies_on_the_shelf_is_what_its_truth_says(name: str) -> None:
    checks = shelf.verify(name)
    assert [check.name for check in checks if not check.holds] == []
    assert sum(check.name.startswith("right after") for check in checks) == MOST
    rows = [json.loads(line) for line in (shelf.folder(name) / TASK).read_text("utf-8").splitlines()]
    assert len(rows) == ITEMS + EACH * (MOST + BEYOND)


def test_the_grid_of_glass_is_its_planted_diagonal_and_of_a_newborn_nothing() -> None:
    grid = shelf.describe("glass")["grid"]
    for number in range(1, MOST):
        for row in grid["steps"][f"step {number}"]:
            planted = row["block"] == number
            assert row["read"] >= 0.98 if planted else row["read"] <= 0.12
            assert row["turned"] >= 0.98 if planted else row["turned"] <= 0.12
    nothing = record(Pointed("free", 1), newborn(1).eval())["grid"]
    assert max(nothing["answers"].values()) < 0.2
    assert max(row["turned"] for rows in nothing["steps"].values() for row in rows) < 0.2
    assert grid["answers"][str(MOST)] >= BAR


def test_ids_stand_where_the_rooms_say() -> None:
    assert [WORDS[FIRST + k] for k in range(len(SYMBOLS))] == list(SYMBOLS)
    assert [WORDS[COUNT + k] for k in range(len(COUNTS))] == list(COUNTS)
    assert 0 <= DECOY < MOST
