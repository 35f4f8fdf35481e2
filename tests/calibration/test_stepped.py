"""Calibrating depth: rows that a literal reckoning gives, and bars that a reading can miss."""

import copy
from typing import Any

import pytest

from mesolens.calibration.stepped import chasing, half, parted, scored
from mesolens.slides.pointed import KINDS, SHELVED, Pointed

CHANCE = 1 / 12


def cells(layers: int, steps: int, at: dict[tuple[int, int], float], rest: float) -> list[list[dict[str, float]]]:
    return [[{"value": at.get((b, s), rest)} for s in range(steps)] for b in range(layers)]


def glass() -> dict[str, Any]:
    """What a reading of the planted diagonal says: three steps, four blocks."""
    on = {(2, 0): 1.0, (3, 1): 0.99, (4, 2): 1.0, (4, 1): 0.9}
    part = {"cells": cells(5, 3, on, CHANCE), "chance": [CHANCE] * 3}
    control = [[CHANCE] * 3 for _ in range(5)]
    curve = [{"presentation": "in context", "k50": 3.4}]
    return {
        "read": part, "used": copy.deepcopy(part), "k50": curve,
        "present": copy.deepcopy(part) | {"shuffled": control, "newborn": control},
    }  # fmt: skip


def test_a_planted_diagonal_holds_whatever_the_last_block_leaves() -> None:
    rows = scored(Pointed("glass", 1), glass())
    assert [row.quantity for row in rows if row.holds is False] == []
    assert [row.value for row in rows if "diagonal" in row.quantity] == [0.99] * 3
    assert [row.value for row in rows if "off it" in row.quantity] == pytest.approx([0.0] * 3)


@pytest.mark.parametrize(
    ("matrix", "place", "value"), [("read", (2, 0), 0.9), ("used", (1, 1), 0.3), ("present", (3, 0), 0.2)]
)
def test_what_is_not_as_planted_fails_its_bar(matrix: str, place: tuple[int, int], value: float) -> None:
    data = glass()
    data[matrix]["cells"][place[0]][place[1]]["value"] = value
    failed = [row.quantity for row in scored(Pointed("glass", 1), data) if row.holds is False]
    assert len(failed) == 1
    assert failed[0].startswith(matrix.upper())


def test_controls_above_chance_and_a_half_elsewhere_fail() -> None:
    data = glass()
    data["present"]["newborn"] = [[0.5] * 3 for _ in range(5)]
    data["k50"][0]["k50"] = 2.5
    failed = [row.quantity for row in scored(Pointed("glass", 1), data) if row.holds is False]
    assert failed == ["PRESENT, newborn, mean beyond chance", "k50 less the truth's, steps"]


def test_free_and_decoy_are_held_against_use() -> None:
    free = scored(Pointed("free", 1), glass())
    assert [(row.value, row.holds) for row in free if row.quantity.startswith("USED")] == [(1.0, True), (0.99, True)]
    decoy = scored(Pointed("decoy", 1), glass())
    assert [row.holds for row in decoy if row.quantity.startswith("USED")] == [False]


def test_half_is_where_a_straight_line_crosses() -> None:
    assert half({"1": 1.0, "2": CHANCE}, CHANCE) == pytest.approx(1.5)
    assert half({"1": 1.0, "2": (1 + CHANCE) / 2 + 1e-9, "3": CHANCE}, CHANCE) == pytest.approx(2.0, abs=1e-6)
    with pytest.raises(ValueError, match="solves one step"):
        half({"1": 1.0, "2": 1.0}, CHANCE)


def test_a_planted_gap_is_held_against_its_truth_and_against_none() -> None:
    found = {"gap": 1.6, "low": 1.5}
    assert [row.holds for row in parted("recall", found, 0.2, 1.75)] == [True, True]
    assert [row.holds for row in parted("recall", found, 0.2, 2.0)] == [True, False]
    assert [row.holds for row in parted("recall", {"gap": 1.6, "low": 0.4}, 0.2, 1.8)] == [False, True]
    assert [row.holds for row in parted("known", {"gap": -0.002, "low": -0.01}, 0.0, 0.0)] == [True, True]
    assert [row.holds for row in parted("known", {"gap": -0.2, "low": -0.3}, 0.0, 0.0)] == [False, False]


def test_a_quick_look_takes_the_first_of_each_kind() -> None:
    quick, every = chasing("quick"), chasing("standard")
    assert [each.kind for each in quick] == list(KINDS)
    assert [(each.kind, each.seed) for each in every] == list(SHELVED)
    assert set(quick) <= set(every)
