"""Which angles are called: planted broken ones are, harmless ones hardly ever, controls never."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, cast

import numpy as np
import pytest
from scipy.stats import false_discovery_control

from mesolens.evidence.shards import Json
from mesolens.instruments.face import FaceSpec, read, turned
from mesolens.instruments.face.asking import compositions
from mesolens.instruments.face.calibration import MISSING, NOBODY, OTHER, OWN
from mesolens.instruments.face.cells import cells_of
from mesolens.instruments.face.follow import First, first_stage
from mesolens.instruments.face.grid import Grid
from mesolens.instruments.face.spec import Item
from mesolens.instruments.face.turned import control, entries
from tests.instruments.face_tables import TRAITS, VOICES, first_tables, reader, spec

ANGLES = ("reseed", "paraphrase", "leet", "upper", "json", "rot13", "hex", "yoda")
BROKEN = {"rot13": NOBODY, "yoda": OTHER, "paraphrase": OTHER}
"""Angles whose every reply is lost, a control among them."""
HARMLESS = [name for name in ANGLES if name not in BROKEN]


def plays(item: Item, angle: str, draw: int) -> int:
    return BROKEN.get(angle, OWN)


def looked(asked: FaceSpec) -> tuple[First, list[dict[str, Json]]]:
    first = first_stage(asked, first_tables(asked, plays))
    tests = turned.tested(first.grid, controls(asked), asked.seed)
    names = [voice.name for voice in VOICES]
    return first, entries(first.grid, first.compositions, tests, first.known, names, draws=200, seed=0)


def controls(asked: FaceSpec) -> np.ndarray:
    return np.array([control(each) for each in compositions(asked.angles, asked.declared)])


def by_angle(rows: Sequence[dict[str, Json]]) -> dict[str, dict[str, Any]]:
    return {str(row["angle"]): row for row in rows}


def test_planted_broken_angles_are_called_and_harmless_ones_and_controls_are_not() -> None:
    rows = by_angle(looked(spec(ANGLES))[1])
    assert {name for name, row in rows.items() if row["called"]} == {"rot13", "yoda"}
    assert {name for name, row in rows.items() if row["control"]} == {"identity", "reseed", "paraphrase"}
    for name in HARMLESS:
        assert rows[name]["change"]["value"] == 0.0
        assert rows[name]["p"] == 1.0
    for name in BROKEN:
        assert rows[name]["change"] == {"value": -1.0, "low": -1.0, "high": -1.0}
        assert rows[name]["p"] == pytest.approx(2.0**-11), "twelve clusters allow no smaller one"
    assert rows["rot13"]["worst"] < 0.01


def test_shares_are_where_they_were_planted_and_sum_to_one() -> None:
    first, found = looked(spec(ANGLES))
    alarm = first.known.confusion[0] / first.known.confusion[0].sum()
    for row in cast("list[dict[str, Any]]", found):
        kind = BROKEN.get(row["angle"], OWN)
        raw = [float(kind == each) for each in range(3)]
        assert row["raw"] == raw
        shares = [row[name]["value"] for name in ("own", "other", "nobody")]
        assert sum(shares) == pytest.approx(1.0)
        assert shares[kind] > 0.9
        assert all(row[name]["low"] <= row[name]["value"] <= row[name]["high"] for name in ("own", "other", "nobody"))
        assert row["voices"] == ({"bryn": 1.0} if kind == OTHER else {})
        assert row["understood"]["value"] == float(kind != NOBODY)
        assert (row["missing"], row["bounds"]) == (0, None)
    assert alarm[OWN] > 0.8


def test_missing_replies_are_counted_and_bounded_and_none_is_guessed() -> None:
    asked = spec(("leet", "rot13", "hex"))
    gone = {"leet": 3, "rot13": 12}
    tables = first_tables(asked, lambda item, angle, _: MISSING if int(item.id[5:]) < gone.get(angle, 0) else OWN)
    rows = by_angle(cast("list[dict[str, Json]]", read(tables, asked, reader()).data["angles"]))
    assert (rows["leet"]["missing"], rows["rot13"]["missing"], rows["hex"]["missing"]) == (3, 12, 0)
    assert rows["leet"]["raw"][OWN] == 1.0
    low, high = rows["leet"]["bounds"]
    assert low <= 0.75
    assert high == 1.0
    assert rows["rot13"]["own"] is None
    assert rows["rot13"]["change"] is None
    assert (rows["rot13"]["called"], rows["rot13"]["p"], rows["rot13"]["voices"]) == (False, None, {})
    assert rows["rot13"]["bounds"] == [0.0, 1.0]


def null_grid(rng: np.random.Generator, angles: int, broken: int, rate: float = 0.1) -> Grid:
    """Replies of which a part is lost by chance whatever the angle, but for the last angles, from which most are."""
    items, clusters = 32, 16
    lost = rng.random((items, angles)) < rate
    if broken:
        lost[:, -broken:] = rng.random((items, broken)) < 0.95
    blank = np.full((items, angles), np.nan)
    names = ("identity", *(f"a{k}" for k in range(1, angles)))
    where = tuple(f"c{k % clusters}" for k in range(items))
    return Grid(
        names,
        tuple(f"i{k}" for k in range(items)),
        (0,) * items,
        where,
        np.where(lost, OTHER, OWN),
        np.where(lost, 1, 0),
        blank,
        blank,
        blank,
        np.empty((0, items, angles)),
    )


@pytest.mark.parametrize("broken", [0, 3])
def test_of_called_angles_a_twentieth_is_called_by_chance(broken: int) -> None:
    angles, false, power = 31, list[float](), list[float]()
    first = np.arange(angles) == 0
    for seed in range(40):
        called = turned.tested(null_grid(np.random.default_rng(seed), angles, broken), first, seed).called
        false.append(called[: angles - broken].sum() / max(1, called.sum()))
        power.append(called[angles - broken :].mean() if broken else 1.0)
    assert np.mean(false) <= 0.05 + 2 * (0.05 * 0.95 / 40) ** 0.5
    assert np.mean(power) > 0.95


@pytest.mark.parametrize(("clusters", "called"), [(12, True), (8, True), (6, False)])
def test_one_broken_angle_among_many_is_called_where_there_are_registers_enough(clusters: int, called: bool) -> None:
    grid = null_grid(np.random.default_rng(1), 157, 0, rate=0.02)
    outcome = grid.outcome.copy()
    outcome[:, 5] = np.where(np.arange(len(outcome)) % 2, NOBODY, OTHER)
    where = tuple(f"c{k % clusters}" for k in range(len(outcome)))
    grid = replace(grid, outcome=outcome, clusters=where)
    found = turned.tested(grid, np.arange(157) == 0, 0)
    assert found.called[5] == called
    assert found.called.sum() == called
    assert (false_discovery_control(found.p[1:]) > 0.05).all() or clusters > 12, "by their number alone none would be"


def test_a_control_is_never_called_and_takes_no_part_in_the_others_adjustment() -> None:
    grid = null_grid(np.random.default_rng(0), 12, 4)
    plain = np.arange(12) == 0
    more = plain | (np.arange(12) >= 10)
    one, other = turned.tested(grid, plain, 0), turned.tested(grid, more, 0)
    assert one.called[10:].all()
    assert not other.called[more].any()
    np.testing.assert_array_equal(other.adjusted[more], other.p[more])
    q = np.minimum(false_discovery_control(other.p[~more]), other.worst[~more])
    np.testing.assert_allclose(other.adjusted[~more], np.minimum(1, 2 * q))
    np.testing.assert_array_equal(one.p, other.p)
    alone = turned.tested(grid, np.ones(12, bool), 0)
    assert not alone.called.any()
    assert (alone.worst == 1.0).all()


def test_a_composition_is_described_by_all_its_steps() -> None:
    asked = spec(("leet:0.3|json", "leet|upper", "prefill-role|json"))
    rows = by_angle(looked(asked)[1])
    assert rows["leet:0.3|json"]["strength"] == 0.3
    assert rows["leet:0.3|json"]["family"] == "composed"
    assert rows["prefill-role|json"]["survives"] is False
    assert rows["leet|upper"]["about"].count("; ") == 1


def scored(shift: float, controls_too: bool = False) -> tuple[FaceSpec, First]:
    """Replies whose first trait moves by `shift` under one angle, their second by nothing."""
    asked = replace(spec(ANGLES, prompts=24), traits=TRAITS)

    def scores(item: Item, angle: str) -> Sequence[float]:
        rng = np.random.default_rng([int(item.id[5:]), len(angle), ord(angle[0])])
        moved = shift * (angle == "json" or (controls_too and angle == "reseed"))
        return moved + float(rng.normal(0, 0.3)), float(rng.normal(0, 0.3))

    return asked, first_stage(asked, first_tables(asked, plays, scores))


def cells(asked: FaceSpec, first: First) -> dict[tuple[str, str], dict[str, Any]]:
    made = cells_of(first.grid, [trait.name for trait in asked.traits], controls(asked), 0)
    return {(str(cell["trait"]), str(cell["angle"])): cell for cell in made.cells}


def test_a_planted_shift_of_a_trait_is_called_where_it_is_and_nowhere_else() -> None:
    asked, first = scored(5.0)
    found = cells(asked, first)
    assert set(found) == {(trait.name, angle) for trait in asked.traits for angle in ANGLES}
    assert found["warmth", "json"]["shift"] == pytest.approx(5.0, abs=0.4)
    assert found["warmth", "json"]["low"] < 5.0 < found["warmth", "json"]["high"]
    assert {key for key, cell in found.items() if cell["called"]} == {("warmth", "json")}
    assert found["warmth", "rot13"]["shift"] is None, "replies that are nobody's show no trait"


def test_an_unreliable_trait_is_shown_and_not_called_and_so_is_a_control() -> None:
    asked, first = scored(5.0)
    made = cells_of(first.grid, [trait.name for trait in asked.traits], controls(asked), 0)
    refused = {str(row["trait"]): row["refused"] for row in made.reliability}
    assert refused == {"warmth": False, "caution": True}, "nothing moves caution, so there is nothing to rank"
    assert not any(cell["called"] or cell["reliable"] for cell in made.cells if cell["trait"] == "caution")
    assert any(cell["shift"] is not None for cell in made.cells if cell["trait"] == "caution")
    asked, first = scored(5.0, controls_too=True)
    found = cells(asked, first)
    assert found["warmth", "reseed"]["shift"] > 4.0
    assert found["warmth", "reseed"]["called"] is False
    assert cells_of(first.grid, [], controls(asked), 0).called == 0


def test_cells_of_nothing_heard_are_empty() -> None:
    asked = replace(spec(("leet", "upper")), traits=TRAITS)
    first = first_stage(asked, first_tables(asked, lambda item, angle, _: NOBODY, lambda item, angle: (1.0, 1.0)))
    made = cells_of(first.grid, [trait.name for trait in asked.traits], controls(asked), 0)
    assert all(cell["shift"] is None and cell["called"] is False for cell in made.cells)
    assert all(row["refused"] is True and row["value"] is None for row in made.reliability)
