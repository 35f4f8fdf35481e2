"""Permutation composition: the task is what letters do by hand, and the shelf holds what its truth says."""

import json
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mesolens.slides import shelf
from mesolens.slides.permuted import (
    ASK,
    FIRST,
    LETTERS,
    MOST,
    PERMUTATIONS,
    SHELVED,
    WORDS,
    apart,
    asked,
    done_so_far,
    named,
    newborn,
    together,
)
from mesolens.slides.permuted_folder import BAR, BEYOND, EACH, ITEMS, STEPS, items
from mesolens.slides.worded import TASK, word_tokenizer

NAMES = [each.name for each in SHELVED]


def carried(words: list[str]) -> str:
    """What permutations do to the letters, one after the other, by hand."""
    found = LETTERS
    for word in words:
        found = "".join(word[LETTERS.index(letter)] for letter in found)
    return found


@given(st.lists(st.integers(0, 5), min_size=1, max_size=8))
@settings(max_examples=40, deadline=None)
def test_what_is_done_so_far_is_what_letters_do(drawn: list[int]) -> None:
    found = done_so_far(torch.tensor([drawn]))[0].tolist()
    words = [PERMUTATIONS[each] for each in drawn]
    assert [PERMUTATIONS[each] for each in found] == [carried(words[: k + 1]) for k in range(len(words))]


def test_permutations_are_a_group_and_not_a_commutative_one() -> None:
    table = together()
    for one in range(6):
        assert sorted(table[one].tolist()) == sorted(table[:, one].tolist()) == list(range(6))
    left, right = table[table][:, :, :], table[:, table]
    assert torch.equal(left, right)
    assert not torch.equal(table, table.T)


def test_a_question_behind_a_row_is_what_it_is_alone() -> None:
    module = newborn(3).eval()
    whole: Any = module
    drawn = torch.randint(6, (2, MOST), generator=torch.Generator().manual_seed(1))
    mask, places = apart()
    ids = torch.cat([torch.zeros(2, 1, dtype=torch.long), drawn + FIRST, torch.full((2, MOST), WORDS.index(ASK))], 1)
    with torch.no_grad():
        both = whole(ids, attention_mask=mask.expand(2, -1, -1, -1), position_ids=places.expand(2, -1)).logits
        for count in range(1, MOST + 1):
            alone = whole(torch.cat([ids[:, : count + 1], ids[:, -1:]], 1)).logits[:, -1]
            torch.testing.assert_close(both[:, MOST + count], alone, atol=1e-5, rtol=1e-4)


def test_a_newborn_guesses() -> None:
    with torch.no_grad():
        loss, hit = asked(newborn(2), torch.randint(6, (600, MOST), generator=torch.Generator().manual_seed(2)))
    assert float(loss) == pytest.approx(torch.log(torch.tensor(float(len(WORDS)))).item(), abs=0.3)
    assert hit < 0.3


def test_items_tell_every_step_and_what_another_one_would_lead_to() -> None:
    rows = list(items(SHELVED[0]))
    assert len(rows) == ITEMS + EACH * (MOST + BEYOND)
    for row in rows:
        *words, ask = row["prompt"].split()
        assert (ask, len(words), row["answer"]) == (ASK, row["k"], carried(words))
        for place, (step, other) in enumerate(zip(row.get("steps", []), row.get("counterfactual", []), strict=True), 1):
            assert step["value"] == carried(words[:place])
            assert other["answer"] == carried([other["value"], *words[place:]])
            assert other["value"] != step["value"]
    assert sum("steps" in row for row in rows) == ITEMS
    assert all(row["k"] == STEPS for row in rows if "steps" in row)
    assert word_tokenizer(WORDS)("bca =")["input_ids"] == [0, WORDS.index("bca"), WORDS.index(ASK)]


@given(st.text(max_size=12) | st.integers(0, 99).map(lambda seed: f"permute-{seed}"))
def test_a_name_is_of_one_slide(name: str) -> None:
    found = named(name)
    assert found is None or found.name == name


@pytest.mark.parametrize("name", NAMES)
def test_what_lies_on_the_shelf_is_what_its_truth_says(name: str) -> None:
    checks = shelf.verify(name)
    assert [check.name for check in checks if not check.holds] == []
    assert sum(check.name.startswith("right after") for check in checks) == MOST
    rows = [json.loads(line) for line in (shelf.folder(name) / TASK).read_text("utf-8").splitlines()]
    assert rows == list(items(SHELVED[0]))
    assert shelf.describe(name)["grid"]["answers"][str(MOST)] >= BAR
