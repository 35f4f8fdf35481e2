"""Doses, commonness and what foretells breakage: planted doses and predictors come back."""

import math
from dataclasses import replace
from typing import Any, cast

import numpy as np
import pyarrow as pa
import pytest

from mesolens.evidence.shards import Tables
from mesolens.instruments.face import FaceSpec, read
from mesolens.instruments.face.breakage import predictors
from mesolens.instruments.face.calibration import MISSING, NOBODY, OTHER, OWN
from mesolens.instruments.face.commons import UNCANNY, Commons, commons_of, described
from mesolens.instruments.face.doses import curve
from mesolens.instruments.face.follow import First, first_stage
from mesolens.instruments.face.read import coverage
from mesolens.instruments.face.spec import Item
from mesolens.instruments.face.states import CLEAN
from tests.instruments.face_tables import first_tables, reader, spec, stages, state_row, states_table

ANGLES = ("leet", "upper", "json", "rot13", "hex")
BROKEN = ("rot13", "hex")


def dial(angle: str) -> float:
    """The strength of an angle of one step."""
    return float(angle.partition(":")[2] or 1.0)


def test_a_dose_is_where_the_own_share_is_down_to_half() -> None:
    asked = spec(("leet", "json", "upper"), prompts=24)
    # half of the prompts break from 0.25 on, the others from 0.75 on: half is left from 0.25 to 0.5
    doses = {item.id: 0.25 if place % 24 < 12 else 0.75 for place, item in enumerate(asked.items)}
    tables, _ = stages(
        asked, lambda item, angle, _: OTHER if angle.startswith("leet") and dial(angle) >= doses[item.id] else OWN
    )
    (found,) = cast("list[dict[str, Any]]", read(tables, asked, reader()).data["doses"])
    assert found["angle"] == "leet"
    assert found["strengths"] == [0.0, 0.25, 0.5, 0.75, 1.0]
    assert found["own"] == [1.0, 0.5, 0.5, 0.0, 0.0]
    assert all(low <= own <= high for low, own, high in zip(found["low"], found["own"], found["high"], strict=True))
    assert found["dose"]["value"] == pytest.approx(0.25)
    assert found["dose"]["low"] <= 0.25 <= found["dose"]["high"]


def test_no_dose_is_told_where_the_own_voice_never_spoke_or_a_strength_has_no_reply() -> None:
    asked = spec(("leet:0.5", "leet"))
    at = {0.5: "leet:0.5", 1.0: "leet"}
    for outcome, silent in ((OTHER, ""), (OWN, "leet:0.5")):
        plays = (lambda o, s: lambda item, angle, _: MISSING if angle == s else o)(outcome, silent)
        first = first_stage(asked, first_tables(asked, plays))
        found = curve(first.grid, "leet", at)
        assert found["dose"] is None
        assert "at_least" not in found
    first = first_stage(asked, first_tables(asked, lambda item, angle, _: OWN))
    whole = curve(first.grid, "leet", at)
    assert (whole["dose"], whole["own"]) == (None, [1.0, 1.0, 1.0])
    assert cast(float, whole["at_least"]) > 0.5, "a voice that never breaks takes more than half of the dial at least"


def looked(bits: float = 0.0, distance: float = 0.0, tokens: int = 20) -> tuple[FaceSpec, First, Tables]:
    """Two of five angles break on two prompts in three; where a reply breaks, the measures are larger by so much."""
    asked = spec(ANGLES, prompts=24)

    def plays(item: Item, angle: str, draw: int) -> int:
        return NOBODY if angle in BROKEN and int(item.id[5:]) % 3 else OWN

    tables = first_tables(asked, plays)
    rng = np.random.default_rng(0)
    rows = [row for row in tables["face-states"].to_pylist() if row["angle"] == CLEAN]
    for angle in asked.angles:
        for item in asked.items:
            broke = plays(item, angle, 0) != OWN
            cost = 100 + 10 * float(rng.normal()) + bits * broke
            far = 1 + 0.1 * float(rng.normal()) + distance * broke
            rows.append(state_row(item, angle, cost, far, tokens))
    tables = tables | {"face-states": states_table(rows)}
    return asked, first_stage(asked, tables), tables


def areas(
    asked: FaceSpec, first: First, tables: Tables, covered: dict[tuple[str, str], float] | None = None
) -> dict[str, dict[str, Any]]:
    commons = commons_of(tables["face-states"], covered or {}, first.grid)
    asked_N = np.array([angle != "identity" for angle in first.grid.angles])
    return {str(row["measure"]): row for row in predictors(first.grid, commons, asked_N)}


def test_a_planted_predictor_foretells_breakage_and_another_does_not() -> None:
    found = areas(*looked(distance=0.2))
    assert set(found) == {"bits", "distance"}, "no training text and no model before tuning were given"
    expected = 0.5 * (1 + math.erf(0.2 / 0.1 / 2))  # of two normals two deviations apart
    assert found["distance"]["auc"] == pytest.approx(expected, abs=0.05)
    assert found["distance"]["low"] > 0.5
    assert found["bits"]["low"] < 0.5 < found["bits"]["high"]
    assert (found["bits"]["broken"], found["bits"]["held"]) == (32, 88)


def test_a_measure_that_is_lower_where_the_face_breaks_counts_as_such() -> None:
    asked, first, tables = looked()
    covered = {
        (angle, item.id): 0.2 if angle in BROKEN and int(item.id[5:]) % 3 else 0.9
        for angle in asked.angles
        for item in asked.items
    }
    found = areas(asked, first, tables, covered)
    assert found["coverage"]["auc"] == 1.0
    table = pa.table({"angle": ["a", "b"], "item": ["x", "y"], "coverage": [0.5, None]})
    read_back = coverage({"face-coverage": table})
    assert read_back["a", "x"] == 0.5
    assert math.isnan(read_back["b", "y"])
    assert coverage({}) == {}


def test_nothing_foretells_what_does_not_vary() -> None:
    asked = spec(ANGLES)
    for outcome in (OWN, OTHER):
        tables = first_tables(asked, lambda item, angle, _: OWN if angle == "identity" else outcome)  # noqa: B023
        assert areas(asked, first_stage(asked, tables), tables) == {}


def test_replies_to_prompts_whose_own_reply_was_lost_un_turned_do_not_count() -> None:
    asked, _, tables = looked(distance=0.2)
    replies = tables["face-replies"].to_pylist()
    gone = [row for row in replies if not (row["angle"] == "identity" and int(row["item"][5:]) < 12)]
    fewer = tables | {"face-replies": pa.Table.from_pylist(gone, schema=tables["face-replies"].schema)}
    found = areas(asked, first_stage(asked, fewer), fewer)
    assert found["bits"]["broken"] + found["bits"]["held"] == 12 * 5


def commons(bits: float, distance: float) -> tuple[Commons, int]:
    """Commonness of an angle whose prompts are so many clean deviations off."""
    asked, first, tables = looked()
    rows = [row for row in tables["face-states"].to_pylist() if row["angle"] != "leet"]
    clean = [row for row in rows if row["angle"] == CLEAN]
    costs, fars = np.array([row["bits"] for row in clean]), np.array([row["distance"][0] for row in clean])
    cost, far = costs.mean() + bits * costs.std(ddof=1), fars.mean() + distance * fars.std(ddof=1)
    rows += [state_row(item, "leet", cost, far) for item in asked.items]
    return commons_of(states_table(rows), {}, first.grid), first.grid.angles.index("leet")


@pytest.mark.parametrize(
    ("bits", "distance", "uncanny"), [(0.0, 3.0, True), (0.0, 1.0, False), (3.0, 3.0, False), (1.9, 2.1, True)]
)
def test_common_text_with_a_distant_state_is_uncanny(bits: float, distance: float, uncanny: bool) -> None:
    found, column = commons(bits, distance)
    said = cast("dict[str, Any]", described(found, column))
    assert said["commonness"]["bits"]["z"] == pytest.approx(bits, abs=1e-3)
    assert said["commonness"]["distance"]["z"] == pytest.approx(distance, abs=1e-3)
    assert said["uncanny"] is uncanny
    assert (bits < UNCANNY <= distance) is uncanny
    assert said["commonness"]["coverage"] is None
    assert said["displacement"] == pytest.approx({"inside": 0.5, "outside": 0.25, "axis": -0.1})


def test_every_measure_stands_at_its_prompt_and_angle_whatever_the_order_of_rows() -> None:
    _, first, tables = looked(distance=0.2)
    rows = tables["face-states"].to_pylist()
    mixed = states_table([rows[k] for k in np.random.default_rng(0).permutation(len(rows))])
    one, other = (commons_of(states, {}, first.grid) for states in (tables["face-states"], mixed))
    at = {(row["item"], row["angle"]): row for row in rows}
    for measure in ("bits", "distance"):
        np.testing.assert_array_equal(one.value[measure], other.value[measure])
        np.testing.assert_allclose(one.z[measure], other.z[measure], atol=1e-9)
    for row, item in enumerate(first.grid.items):
        for column, angle in enumerate(first.grid.angles):
            assert one.value["bits"][row, column] == pytest.approx(at[item, angle]["bits"] / 50), (
                "per byte of the message"
            )
            assert one.value["distance"][row, column] == pytest.approx(at[item, angle]["distance"][0], rel=1e-6)


def test_what_was_not_seen_stays_unknown() -> None:
    asked, first, tables = looked()
    few = states_table([row for row in tables["face-states"].to_pylist() if row["angle"] != "hex"])
    found = commons_of(few, {}, first.grid)
    said = described(found, first.grid.angles.index("hex"))
    assert said["displacement"] is None
    assert said["uncanny"] is False
    assert cast("dict[str, Any]", said["commonness"])["bits"] is None
    reading = read(tables | {"face-states": few}, replace(asked, search=None), reader())
    assert reading.verdict == "breaks"
