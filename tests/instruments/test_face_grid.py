"""The grid of replies, and replies as people read them: the same outcomes, nothing guessed, nothing counted twice."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mesolens.instruments.face import read
from mesolens.instruments.face.calibration import MISSING, NOBODY, OTHER, OUTCOMES, OWN, calibrated, clean_of
from mesolens.instruments.face.grid import grid_of, voices_of
from mesolens.instruments.face.shown import grown, shown
from tests.instruments.face_tables import (
    TRAITS,
    VOICES,
    clean_rows,
    clean_table,
    first_tables,
    items,
    reader,
    replies_table,
    reply_row,
    spec,
)

ANGLES = ("identity", "leet", "upper")
ITEMS = items(4, 4)
KNOWN = calibrated(clean_of(clean_table([r for v in range(3) for r in clean_rows(spec(), v, 40, 1)])), 0.05)
OUTCOME = st.sampled_from((OWN, OTHER, NOBODY, MISSING))


@settings(max_examples=25, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 2), st.integers(0, 1), OUTCOME), min_size=1, max_size=30))
def test_every_reply_is_in_its_place_and_the_first_of_several_counts(rows: list[tuple[int, int, int, int]]) -> None:
    table = replies_table([reply_row(ITEMS[i], ANGLES[n], outcome, draw=draw) for i, n, draw, outcome in rows])
    grid = grid_of(table, ANGLES, KNOWN, 0)
    first: dict[tuple[str, int, str], int] = {}
    for i, n, draw, outcome in rows:
        first.setdefault((ITEMS[i].id, draw, ANGLES[n]), outcome)
    places = list(zip(grid.items, grid.draws, strict=True))
    assert len(set(places)) == len(places)
    assert set(places) == {(item, draw) for item, draw, _ in first}
    for row, (item, draw) in enumerate(places):
        for column, angle in enumerate(ANGLES):
            assert grid.outcome[row, column] == first.get((item, draw, angle), MISSING)
    assert grid.clusters == tuple({item.id: item.cluster for item in ITEMS}[name] for name in grid.items)


def test_other_angles_of_the_table_are_left_out_and_absent_ones_are_missing() -> None:
    table = replies_table([reply_row(item, angle, OWN) for item in ITEMS for angle in (*ANGLES, "rot13")])
    grid = grid_of(table, (*ANGLES, "hex"), KNOWN, 0)
    assert grid.angles == (*ANGLES, "hex")
    assert (grid.outcome[:, :3] == OWN).all()
    assert (grid.outcome[:, 3] == MISSING).all()


def test_what_is_missing_stays_missing_in_every_part() -> None:
    plays = ((OWN, OTHER, NOBODY, MISSING), (MISSING,) * 4, (OWN,) * 4)
    rows = [
        reply_row(item, angle, outcome, traits=(1.5, -2.0))
        for angle, column in zip(ANGLES, plays, strict=True)
        for item, outcome in zip(ITEMS, column, strict=True)
    ]
    grid = grid_of(replies_table(rows), ANGLES, KNOWN, 2)
    lacks = grid.outcome == MISSING
    assert lacks.sum() == 5
    for part in (grid.rare, grid.mine, grid.understood, grid.is_(OWN)):
        assert (np.isnan(part) == lacks).all()
    assert ((grid.voice == -1) == lacks).all()
    assert (np.isnan(grid.traits) == (lacks | (grid.outcome == NOBODY))).all(), "nobody has no traits"
    assert grid.traits[0][~np.isnan(grid.traits[0])].tolist() == [1.5] * 6
    assert sum(np.nan_to_num(grid.is_(outcome)) for outcome in range(3)).tolist() == (~lacks).astype(float).tolist()
    assert grid.mine[0, 0] == pytest.approx(1.0, abs=1e-3)
    assert grid.mine[1, 0] == pytest.approx(0.0, abs=1e-3)
    assert grid.mine[2, 0] == 0.0
    lost = grid.lost
    assert np.isnan(lost[3]).all(), "without its un-turned reply nothing is known of a prompt"
    assert lost[:3, 2].tolist() == [0.0, -1.0, -1.0]


def test_an_empty_column_of_replies_gives_an_empty_grid() -> None:
    grid = grid_of(replies_table([reply_row(item, "identity", MISSING) for item in ITEMS]), ANGLES, KNOWN, 1)
    assert (grid.outcome == MISSING).all()
    assert grid.traits.shape == (1, 4, 3)


def test_who_the_other_is_comes_most_often_heard_first_and_shares_are_of_all_replies() -> None:
    rows = [reply_row(item, "leet", OTHER, voice=voice) for item, voice in zip(ITEMS, (2, 1, 2, 1), strict=True)]
    more = zip(items(8, 8)[4:], (OTHER, OWN, NOBODY, MISSING), strict=True)
    rows += [reply_row(item, "leet", outcome, voice=2) for item, outcome in more]
    grid = grid_of(replies_table(rows), ("leet",), KNOWN, 0)
    assert voices_of(grid, 0, [voice.name for voice in VOICES]) == {"moss": 3 / 7, "bryn": 2 / 7}


def planted() -> tuple[pa.Table, dict[tuple[str, str], int]]:
    """What is shown of a run whose outcomes were planted, and these."""
    asked = replace(spec(ANGLES[1:]), traits=TRAITS)
    rng = np.random.default_rng(0)
    plan = {(item.id, angle): int(rng.integers(0, 4)) for item in asked.items for angle in ANGLES}
    tables = first_tables(asked, lambda item, angle, _: plan[item.id, angle], lambda item, angle: (0.5, -0.5))
    reading = read(tables, asked, reader())
    found = shown(reading, tables)
    assert found is not None
    grid = grid_of(tables["face-replies"], ANGLES, calibrated(clean_of(tables["face-clean"]), asked.alpha), 2)
    for row in found.to_pylist():
        at = grid.items.index(row["item"]), grid.column(row["angle"])
        assert row["outcome"] == OUTCOMES[grid.outcome[at]]
        if row["outcome"] != "missing":
            assert row["own"] == pytest.approx(grid.mine[at], abs=1e-12)
    return found, plan


def test_replies_are_shown_with_the_outcomes_of_the_grid_and_shares_that_sum_to_one() -> None:
    found, plan = planted()
    assert found.num_rows == len(plan)
    for row in found.to_pylist():
        assert row["outcome"] == OUTCOMES[plan[row["item"], row["angle"]]]
        shares = [row[name] for name in ("own", "other", "nobody")]
        if row["outcome"] == "missing":
            assert shares == [None] * 3
            assert row["voices"] is None
            assert (row["reply"], row["missing"]) == (None, "planted")
            continue
        assert sum(shares) == pytest.approx(1.0)
        assert min(shares) >= 0.0
        assert row["voice"] == (VOICES[1].name if row["outcome"] == "other" else VOICES[0].name)
        assert len(row["voices"]) == len(row["tokens"])
        np.testing.assert_allclose(np.sum(row["voices"], axis=1), 1.0, atol=1e-12)
        if row["outcome"] != "nobody":
            np.testing.assert_allclose(row["voices"][-1][0], row["own"], atol=1e-6)


def test_without_replies_nothing_is_shown() -> None:
    asked = spec()
    tables = first_tables(asked, lambda item, angle, _: OWN)
    reading = read(tables, asked, reader())
    assert shown(reading, {"face-clean": tables["face-clean"]}) is None
    assert shown(reading, {"face-replies": tables["face-replies"]}) is None
    lacking = first_tables(asked, lambda item, angle, _: MISSING)["face-replies"]
    found = shown(reading, tables | {"face-replies": lacking})
    assert found is not None
    assert found["outcome"].to_pylist() == ["missing"] * 12


@given(st.lists(st.lists(st.floats(-20, 0), min_size=5, max_size=5), min_size=2, max_size=4), st.floats(0.1, 3))
def test_the_posterior_grows_token_by_token(log_p: list[list[float]], temperature: float) -> None:
    found = np.array(grown(np.array(log_p), temperature))
    for upto in range(1, 6):
        odds = np.exp(temperature * (np.array(log_p)[:, :upto].sum(1) - np.array(log_p)[:, :upto].sum(1).max()))
        np.testing.assert_allclose(found[upto - 1], odds / odds.sum(), atol=1e-9)
