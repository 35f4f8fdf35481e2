"""Slides that chase pointers: the task is what a reader by hand finds, and the shelf holds what was planted."""

import copy
import json
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mesolens.slides import shelf
from mesolens.slides.pointed import DECOY, KINDS, SHELVED, Pointed, named, newborn
from mesolens.slides.pointed_folder import BAR, BEYOND, EACH, ITEMS, gates, items, led, record
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
    onward,
    tables,
    written,
)
from mesolens.slides.pointing import partners, spread, taken
from mesolens.slides.worded import TASK, word_tokenizer

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
    cut = word_tokenizer(WORDS)
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


@given(st.integers(0, 999), st.integers(1, MOST))
@settings(max_examples=10, deadline=None)
def test_what_an_exchanged_state_leads_to_is_what_a_reader_finds_in_the_table_that_stands_there(
    seed: int, done: int
) -> None:
    chance = torch.Generator().manual_seed(seed)
    batch = asked(4, MOST, chance)
    donor = partners(batch.steps.flatten(), chance)
    steps = batch.steps.flatten()
    assert torch.equal(steps[donor], steps)
    assert sorted(donor.tolist()) == list(range(len(steps)))
    here = taken(batch, done).flatten()[donor].view_as(batch.steps)
    found = onward(batch.table, here, (batch.steps - done).clamp(min=0))
    for row, ids in enumerate(batch.ids.tolist()):
        words = [WORDS[token] for token in ids]
        table = dict(zip(words[1 : LENGTH - 1 : 2], words[2:LENGTH:2], strict=True))
        for question in range(len(SYMBOLS)):
            whose, which = divmod(int(donor[row * len(SYMBOLS) + question]), len(SYMBOLS))
            theirs = batch.ids[whose].tolist()
            other = dict(zip(theirs[1 : LENGTH - 1 : 2], theirs[2:LENGTH:2], strict=True))
            start, asks = theirs[LENGTH + 2 * which + 1], int(batch.steps[row, question])
            middle = start
            for _ in range(min(done, asks)):
                middle = other[middle]
            answer = after(table, WORDS[middle], max(0, asks - done))
            assert SYMBOLS[int(found[row, question])] == answer


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
    for kind in KINDS:
        assert named(kind) == Pointed(kind, 1)
        assert named(f"{kind}-1") is None
        assert named(f"{kind}-2") == Pointed(kind, 2)


@pytest.mark.parametrize("name", NAMES)
def test_what_lies_on_the_shelf_is_what_its_truth_says(name: str) -> None:
    checks = shelf.verify(name)
    assert [check.name for check in checks if not check.holds] == []
    assert sum(check.name.startswith("right after") for check in checks) == MOST
    rows = [json.loads(line) for line in (shelf.folder(name) / TASK).read_text("utf-8").splitlines()]
    assert len(rows) == ITEMS + EACH * (MOST + BEYOND)


@pytest.mark.parametrize("name", [name for name in NAMES if name.startswith("glass")])
def test_the_grid_of_glass_is_its_planted_diagonal(name: str) -> None:
    grid = shelf.describe(name)["grid"]
    for number in range(1, MOST):
        for row in grid["steps"][f"step {number}"]:
            planted = row["block"] == number
            assert row["read"] >= 0.98 if planted else row["read"] <= 0.12
            assert row["turned"] >= 0.98 if planted else row["turned"] <= 0.12
    assert grid["answers"][str(MOST)] >= BAR


def test_what_is_not_as_planted_fails_its_gate() -> None:
    grid = copy.deepcopy(shelf.describe("glass")["grid"])
    assert all(share >= bar for _, share, bar in gates(Pointed("glass", 1), grid))
    assert all(share >= bar for _, share, bar in gates(Pointed("free", 1), grid))
    grid["steps"]["step 1"][0]["read"] = 0.2
    grid["steps"]["step 2"][2]["turned"] = 0.9
    failed = [name for name, share, bar in gates(Pointed("glass", 1), grid) if share < bar]
    assert failed == ["step 1 not read elsewhere", "step 2 turned after L2"]
    assert [name for name, share, bar in gates(Pointed("free", 1), grid) if share < bar] == ["step 2 turned somewhere"]
    assert list(gates(Pointed("decoy", 1), {"answers": {}})) == []


def test_the_grid_of_a_newborn_is_nothing() -> None:
    nothing = record(Pointed("free", 1), newborn(1).eval())["grid"]
    assert max(nothing["answers"].values()) < 0.2
    assert max(row["turned"] for rows in nothing["steps"].values() for row in rows) < 0.2


def test_ids_stand_where_the_rooms_say() -> None:
    assert [WORDS[FIRST + k] for k in range(len(SYMBOLS))] == list(SYMBOLS)
    assert [WORDS[COUNT + k] for k in range(len(COUNTS))] == list(COUNTS)
    assert 0 <= DECOY < MOST
