"""Twins for the myopia gap: streams are what a reader by hand finds, and the shelf holds what its truth says."""

import json
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from mesolens.slides import shelf
from mesolens.slides.pointer import SYMBOLS
from mesolens.slides.recalling import (
    FIRST,
    KEYS,
    KINDS,
    PAIRS,
    SHELVED,
    WORDS,
    Recalling,
    named,
    nats,
    newborn,
    streams,
)
from mesolens.slides.recalling_folder import BLIND, ITEMS, SEEING, grow, items, measured
from mesolens.slides.worded import TASK, word_tokenizer

NAMES = [each.name for each in SHELVED]


@given(st.integers(0, 999), st.sampled_from(KINDS))
@settings(max_examples=20, deadline=None)
def test_a_symbol_that_came_before_has_its_value_again(seed: int, kind: str) -> None:
    found = streams(kind, 3, torch.Generator().manual_seed(seed))
    for row, ids in enumerate(found.ids.tolist()):
        assert ids[0] == 0
        table: dict[int, int] = {}
        for place, (symbol, value) in enumerate(zip(ids[1::2], ids[2::2], strict=True)):
            assert bool(found.again[row, place]) == (symbol in table)
            assert table.setdefault(symbol, value) == value == int(found.values[row, symbol - FIRST]) + FIRST
        assert len(table) <= KEYS
        assert len(ids) == 1 + 2 * PAIRS


def test_values_are_drawn_anew_in_recall_and_are_the_same_in_known() -> None:
    recall, known = (streams(kind, 50, torch.Generator().manual_seed(0)).values for kind in KINDS)
    assert len({tuple(row) for row in recall.tolist()}) == 50
    assert len({tuple(row) for row in known.tolist()}) == 1
    assert sorted(known[0].tolist()) == list(range(len(SYMBOLS)))


def test_a_newborn_pays_for_a_value_what_a_guess_among_all_words_costs() -> None:
    with torch.no_grad():
        loss = nats(newborn(2).eval(), streams("recall", 60, torch.Generator().manual_seed(1)))
    assert float(loss.mean()) == pytest.approx(torch.log(torch.tensor(float(len(WORDS)))).item(), abs=0.3)


@pytest.mark.parametrize("kind", KINDS)
def test_items_end_with_a_symbol_that_came_before(kind: str) -> None:
    rows = list(items(Recalling(kind, myopic=False)))
    assert len(rows) == ITEMS
    assert rows == list(items(Recalling(kind, myopic=True)))
    for row in rows:
        words = row["prompt"].split()
        table = dict(zip(words[:-1:2], words[1::2], strict=True))
        assert table[words[-1]] == row["answer"]
        assert len(word_tokenizer(WORDS)(row["prompt"])["input_ids"]) == 2 * PAIRS


def test_names_are_of_the_four() -> None:
    assert NAMES == ["recall", "recall-myopic", "known", "known-myopic"]
    assert [named(name) for name in NAMES] == list(SHELVED)
    assert named("glass") is None


@pytest.mark.parametrize("name", NAMES)
def test_what_lies_on_the_shelf_is_what_its_truth_says(name: str) -> None:
    checks = shelf.verify(name)
    assert [check.name for check in checks if not check.holds] == []
    rows = (shelf.folder(name) / TASK).read_text("utf-8").splitlines()
    assert [json.loads(row) for row in rows] == list(items(named(name) or SHELVED[0]))


def test_the_planted_gap_is_wide_in_recall_and_none_in_known() -> None:
    nats_of = {name: shelf.describe(name)["grid"]["nats"] for name in NAMES}
    assert nats_of["recall"] <= SEEING
    assert nats_of["recall-myopic"] >= BLIND
    assert abs(nats_of["known-myopic"] - nats_of["known"]) < 1e-3
    assert measured(SHELVED[0], newborn(1).eval())["right"] < 0.3


@pytest.mark.slow
@pytest.mark.parametrize("name", ["known", "recall-myopic"])
def test_grown_again_it_is_the_same_to_the_byte(name: str, tmp_path: Path) -> None:
    slide = named(name)
    assert slide is not None
    grow(slide, tmp_path)
    for file in ("model.safetensors", TASK, "tokenizer.json"):
        assert (tmp_path / file).read_bytes() == (shelf.folder(name) / file).read_bytes()
