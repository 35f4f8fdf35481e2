"""Verdicts of depth, what a cell must have to carry one, and the bound of serial steps."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mesolens.instruments.depth.bound import bound
from mesolens.instruments.depth.matrices import HALF, Level, beyond, cells, followed, given_away, means
from mesolens.instruments.depth.used import SCHEMA
from mesolens.instruments.depth.words import Beyond, concluded
from mesolens.model.load import adopt
from mesolens.traits.task_ids import Asked
from tests.model.families import build

STEPS, LAYERS = ("one", "two"), ("embed", "L0", "L1")
NONE = np.zeros((3, 2))


def grid(layer: int, step: int) -> np.ndarray:
    found = NONE.copy()
    found[layer, step] = 0.8
    return found


def verdict(
    read: np.ndarray, present: np.ndarray, used: np.ndarray | None, between: tuple[bool, bool] = (True, True)
) -> str:
    return concluded(Beyond(read, present, used), np.array(between), STEPS, LAYERS)[0]


def test_every_verdict_has_its_reason() -> None:
    some = grid(1, 0)
    assert verdict(some, NONE, some) == "thinks in steps"
    assert verdict(grid(2, 0), NONE, some) == "thinks in steps", "it may be read at another layer than it is used"
    assert verdict(grid(1, 1), some, some) == "steps not readable", "another step's word is not this one's"
    assert verdict(some, some, NONE) == "present, not used"
    assert verdict(some, NONE, NONE) == "not determined"
    assert verdict(some, some, None) == "not determined"


def test_a_step_that_gives_the_answer_away_carries_no_verdict() -> None:
    some = grid(1, 0)
    unknown = some.copy()
    unknown[:, 0] = np.nan
    assert verdict(some, some, unknown) == "not determined"
    assert verdict(some, grid(1, 1), unknown) == "present, not used", "the other step may"
    assert verdict(some, some, np.full((3, 2), np.nan)) == "not determined"


def test_what_follows_and_what_is_given_away_by_loops() -> None:
    rng = np.random.default_rng(0)
    items = [
        Asked(str(n), str(n), "", 2, (1,), a, (0, 1, 2), ("one",), (v,), ((2 - v if v != 1 else 0, o),), 1 / 3)
        for n, (a, v, o) in enumerate(rng.integers(3, size=(30, 3)).tolist())
    ]
    level = Level(items, ["one"], ["embed", "L0"])
    said = rng.integers(3, size=(30, 2))
    where = [(n, layer) for n in range(30) for layer in range(2) if (n + layer) % 5]
    rows = [
        {"item": n, "layer": layer, "step": "one", "way": "swap", "said": int(said[n, layer])} for n, layer in where
    ]
    hits, dealt = followed(pa.Table.from_pylist(rows, schema=SCHEMA), level)
    halves = np.arange(30) % 2
    for n, layer in where:
        wanted = items[n].others[0][1]
        assert hits[n, layer, 0] == (said[n, layer] == wanted)
        assert dealt[n, layer, 0] == pytest.approx(np.mean([said[m, k] == wanted for m, k in where if k == layer]))
    assert np.isnan(hits).sum() == np.isnan(dealt).sum() == 60 - len(where)
    right = 0
    for n, item in enumerate(items):
        alike = [each.answer for m, each in enumerate(items) if halves[m] != halves[n] and each.values == item.values]
        right += bool(alike) and max(range(3), key=alike.count) == item.answer
    assert given_away(level, halves)[0] == pytest.approx(right / 30)


def test_the_answer_itself_is_no_step_between() -> None:
    last = grid(2, 1)
    assert verdict(last, last, last, (True, False)) == "not determined"
    assert verdict(last, grid(1, 0), last, (True, False)) == "present, not used"
    assert verdict(last, last, last, (False, False)) == "not determined"


@given(st.integers(0, 9999), st.integers(1, 4), st.integers(1, 3))
@settings(max_examples=25, deadline=None)
def test_cells_are_means_with_their_ends_around_them(seed: int, layers: int, steps: int) -> None:
    hits = np.random.default_rng(seed).integers(0, 2, (12, layers, steps)).astype(float)
    hits[:, 0, 0] = np.nan
    found, plain = cells(hits, [*"aabbccddeeff"]), means(hits)
    assert found[0][0] is None
    assert plain[0][0] is None
    for layer in range(layers):
        for step in range(steps):
            if (layer, step) != (0, 0):
                cell = found[layer][step]
                assert cell["value"] == pytest.approx(hits[:, layer, step].mean()) == plain[layer][step]
                assert cell["low"] <= cell["value"] <= cell["high"]


def test_a_cell_must_be_surely_beyond_and_by_a_part_of_what_can_be() -> None:
    rng, groups = np.random.default_rng(0), [str(item) for item in range(200)]
    control = np.full((200, 1, 1), 0.2)

    def found(share: float, part: float) -> float:
        hits = (np.arange(200) < 200 * share).astype(float)[rng.permutation(200)]
        return float(beyond(hits[:, None, None], control, groups, part)[0, 0])

    assert found(0.2, 0.1) == 0
    assert found(0.35, 0.1) == pytest.approx(0.15)
    assert found(0.35, HALF) == 0
    assert found(0.7, HALF) == pytest.approx(0.5)
    assert float(beyond(np.ones((4, 1, 1)), 0 * np.ones((4, 1, 1)), [*"aaaa"])[0, 0]) == 0, "one cluster says nothing"


def test_one_cell_among_many_null_ones_is_seldom_called() -> None:
    """Of 60 matrices of 40 cells at chance, few have any cell beyond."""
    rng, groups = np.random.default_rng(1), [str(item) for item in range(120)]
    called = sum(
        bool((beyond((rng.random((120, 8, 5)) < 0.3).astype(float), np.full((120, 8, 5), 0.3), groups, 0.0) > 0).any())
        for _ in range(60)
    )
    assert called <= 8


def test_the_bound_counts_writers_and_for_recurrent_ones_tokens() -> None:
    plain, recurrent = (adopt(build(name)).card for name in ("llama", "mamba"))
    assert bound(plain, 50)["serial"] == 4
    assert bound(plain, 5)["serial"] == 4, "attention makes a chain no longer with more tokens"
    assert bound(recurrent, 50)["serial"] == 2 * 50
    assert "2 recurrent writes at each of 50 tokens" in str(bound(recurrent, 50)["says"])
    unclosed = replace(plain.anatomy.blocks[0], writers=())
    whole = replace(plain.anatomy, blocks=(unclosed, plain.anatomy.blocks[1]))
    assert bound(replace(plain, anatomy=whole), 5)["serial"] == 4, "a block that did not close counts two"
