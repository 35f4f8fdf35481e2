"""The organs' part of the page says what the reading says, keeps sums whatever is folded, and guesses at nothing."""

import base64
import copy
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mesolens.errors import BadInput
from mesolens.evidence.reading import Reading
from mesolens.evidence.shards import Json, Tables
from mesolens.report.budget import CELL, FILE
from mesolens.report.html import write_report
from mesolens.report.notebook import cell
from mesolens.report.organs_chapter import chapter, folded, leaves_of
from mesolens.report.organs_data import organs
from mesolens.report.payload import script_json
from mesolens.report.text import summary
from tests.report.organs_reading import OrganShape, made, reading, tables, with_middle, write_organs
from tests.report.synthetic import Shape
from tests.report.synthetic_face import FaceShape, make_face

SMALL = OrganShape()
READ, TABLES = reading(SMALL), tables(SMALL)
VERDICTS = ("organs", "unstable", "diffuse", "not determined", "refused")


def data_of(found: Reading) -> dict[str, Any]:
    """A copy of a reading's data that may be damaged."""
    return cast(dict[str, Any], copy.deepcopy(dict(found.data)))


def figures(block: Json) -> list[np.ndarray]:
    """The leaves' shares as the page has them, a trait after the other."""
    packed = cast(dict[str, Any], block)
    return [np.frombuffer(base64.b64decode(row), "<f4") for row in packed["shares"]]


def test_the_figures_arrive_as_the_reading_has_them() -> None:
    made_of = cast(dict[str, Any], chapter(READ, TABLES).blocks["organs"])
    asked = data_of(READ)
    for name in ("traits", "angles", "contrasts", "delta", "remainder", "choice", "proof", "specific", "twins"):
        assert made_of[name] == asked[name], name
    traits, angles = asked["traits"], [angle["name"] for angle in asked["angles"]]
    for found, organ in zip(made_of["organs"], asked["organs"], strict=True):
        for part in ("serves", "silenced", "wakes"):
            for row, wanted in zip(found[part], organ[part], strict=True):
                named = row | {"trait": traits[row["trait"]]}
                assert named | ({"angle": angles[row["angle"]]} if "angle" in row else {}) == wanted
        plain = set(organ) - {"serves", "silenced", "wakes"}
        assert {name: found[name] for name in plain} == {name: organ[name] for name in plain}
    assert made_of["map"] == asked["map"]


def test_every_leaf_stands_once_at_its_organ_with_its_share() -> None:
    block = cast(dict[str, Any], chapter(READ, TABLES).blocks["organs-leaves"])
    sites = [f"{stem}{first + k if first >= 0 else ''}" for stem, first, size in block["sites"] for k in range(size)]
    numbers = made(SMALL)
    assert sorted(sites) == sorted(SMALL.sites)
    place = [SMALL.sites.index(site) for site in sites]
    assert (np.frombuffer(base64.b64decode(block["organ"]), "<i4") == numbers.organ_L[place]).all()
    for row, shares in zip(figures(block), numbers.shares_TL, strict=True):
        assert (row == shares[place]).all()


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 4000), st.integers(0, 5))
def test_folding_keeps_every_organs_sums_in_every_writer(room: int, seed: int) -> None:
    shape = OrganShape(seed=seed, layers=2)
    whole = leaves_of(tables(shape), list(made(shape).traits), shape.organs)
    assert whole is not None
    kept, left = folded(whole, room)

    def sums(leaves: Any) -> dict[tuple[str, int], np.ndarray]:
        found: dict[tuple[str, int], np.ndarray] = {}
        for a, site in enumerate(leaves.sites):
            key = site.rpartition(".")[0] or site, int(leaves.organ[a])
            found[key] = found.get(key, np.zeros(shape.traits)) + leaves.shares_TL[:, a].astype(float)
        return found

    before, after = sums(whole), sums(kept)
    assert before.keys() == after.keys()
    assert all(np.allclose(before[key], after[key], rtol=1e-6, atol=1e-7) for key in before)
    assert sum(not site.endswith(".rest") for site in kept.sites) + left >= len(whole.sites)
    assert (left == 0) == (len(whole.sites) <= max(1, room // (4 * shape.traits + 20)))


def test_fifty_thousand_leaves_have_room_in_a_file_and_are_folded_in_a_cell() -> None:
    shape = OrganShape(layers=12, neurons=4200, heads=8, traits=6)
    found, rows = reading(shape), tables(shape)
    assert len(shape.sites) > 50_000
    whole = chapter(found, rows, FILE)
    assert whole.main["left_out"] == 0
    assert sum(len(script_json(block)) for block in whole.blocks.values()) < 3 << 20
    small = chapter(found, rows, CELL)
    assert cast(int, small.main["left_out"]) > 0
    assert len(script_json(small.blocks["organs-leaves"])) < 1 << 20
    assert len(cell(found, rows)) < 4 << 20


@pytest.mark.parametrize("verdict", VERDICTS)
def test_only_organs_are_sure_and_a_refusal_carries_no_share(verdict: str) -> None:
    found = chapter(reading(OrganShape(verdict=verdict)), TABLES)
    assert found.main["sure"] is (verdict == "organs")
    assert bool(found.blocks) is (verdict != "refused")
    if verdict == "refused":
        text = script_json(found.main)
        shares = [cast(Any, row)["share"] for organ in data_of(READ)["organs"] for row in organ["serves"]]
        assert not any(str(share) in text for share in shares)
        asked = data_of(READ)
        assert found.main["measured"] == [[*pair] for pair in zip(asked["traits"], asked["delta"], strict=True)]


def test_fields_that_nobody_knows_are_passed_over_and_what_is_missing_is_no_damage() -> None:
    data = data_of(READ)
    asked = organs(data)
    data["later"] = {"x": 1}
    data["organs"][0]["later"] = data["proof"]["reference"]["later"] = [1]
    assert organs(data) == asked
    for name in ("proof", "specific", "twins", "choice", "map", "contrasts", "remainder", "delta"):
        data[name] = None
    for name in ("wakes", "silenced", "promotes", "holds_back", "members", "places", "predicts", "serves"):
        for organ in data["organs"]:
            organ.pop(name)
    bare = cast(dict[str, Any], organs(data))
    assert bare["organs"][0]["wakes"] == bare["map"] == []
    assert bare["organs"][0]["predicts"] is bare["proof"] is bare["twins"] is None
    assert bare["remainder"]["shares"] == [None] * SMALL.traits


CONTRADICTIONS: list[tuple[str, Any]] = [
    ("two traits have one name", lambda d: d.update(traits=["warmth"] * 3)),
    ("two angles have one name", lambda d: d["angles"].append(d["angles"][0])),
    ("the map has a trait and angle twice", lambda d: d["map"].append(d["map"][0])),
    ("shares is no list of 4", lambda d: d["map"][0].update(shares=[0.0])),
    ("by_token is no list of", lambda d: d["organs"][0]["wakes"][0].update(by_token=[0.0])),
    ("names the trait 'pride'", lambda d: d["organs"][0]["serves"][0].update(trait="pride")),
    ("names the trait 9", lambda d: d["map"][0].update(trait=9)),
    ("names the trait True", lambda d: d["map"][0].update(trait=True)),
    ("names the angle -1", lambda d: d["map"][0].update(angle=-1)),
    ("no list of four", lambda d: d["proof"]["mean"]["points"].append([1.0])),
    ("names the organ 7", lambda d: d["proof"]["mean"]["points"].append([1.0, 1.0, 7, 0])),
    ("not one row an organ", lambda d: d["specific"]["effects"].pop()),
    ("organs is no list", lambda d: d.update(organs={})),
    ("wakes is no object", lambda d: d["organs"][0].update(wakes=[3])),
    ("delta is no list of 3", lambda d: d.update(delta=[0.0])),
]


@pytest.mark.parametrize(("said", "damage"), CONTRADICTIONS, ids=[said for said, _ in CONTRADICTIONS])
def test_what_contradicts_itself_is_refused_with_its_place(said: str, damage: Any) -> None:
    data = data_of(READ)
    damage(data)
    with pytest.raises(BadInput, match=said):
        organs(data)


BAD_TABLES: list[tuple[str, str, Any]] = [
    ("names a leaf twice", "organs-sites", {"site": ["embed"] * len(SMALL.sites), "organ": [0] * len(SMALL.sites)}),
    ("holds no site", "organs-sites", {"site": ["<img>"] * len(SMALL.sites), "organ": [0] * len(SMALL.sites)}),
    ("names organ 3", "organs-sites", {"site": SMALL.sites, "organ": [3] * len(SMALL.sites)}),
    ("no whole column organ", "organs-sites", {"site": SMALL.sites}),
    ("no whole column organ", "organs-sites", {"site": SMALL.sites, "organ": ["1"] * len(SMALL.sites)}),
    ("no whole column site", "organs-sites", {"site": [None, *SMALL.sites[1:]], "organ": [0] * len(SMALL.sites)}),
    ("not one finite share a leaf", "organs-sites", {"site": SMALL.sites[:5], "organ": [0] * 5}),
    ("no column of shares", "organs-shares", {"trait": ["warmth"], "shares": [0.5]}),
    ("is there twice or not at all", "organs-shares", {"trait": ["pride"], "shares": [[0.0] * len(SMALL.sites)]}),
    ("has 1 of 3 traits", "organs-shares", {"trait": ["warmth"], "shares": [[0.0] * len(SMALL.sites)]}),
    ("not one finite share", "organs-shares", {"trait": ["warmth"], "shares": [[np.nan] * len(SMALL.sites)]}),
    ("lacks a share", "organs-shares", {"trait": ["warmth"], "shares": [[None, *[0.0] * (len(SMALL.sites) - 1)]]}),
    ("lacks a share", "organs-shares", {"trait": ["warmth", "honesty"], "shares": [None, [0.0] * len(SMALL.sites)]}),
]


@pytest.mark.parametrize(("said", "name", "rows"), BAD_TABLES)
def test_a_damaged_table_is_refused_with_its_name(said: str, name: str, rows: Any) -> None:
    broken: Tables = {**TABLES, name: pa.table(rows)}
    with pytest.raises(BadInput, match=said):
        chapter(READ, broken)


JUNK = st.sampled_from(
    [None, True, -1, 10**30, float("nan"), float("inf"), "", "\ud800", [], [[]], {}, {"a": 1}, [None]]
)


def _places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, part in inner for place in _places(part, (*path, key)))]


PLACES = _places(data_of(READ))[1:]


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(PLACES), JUNK)
def test_whatever_stands_in_any_place_is_refused_or_brought_into_form(place: tuple[Any, ...], junk: Any) -> None:
    data = data_of(READ)
    at: Any = data
    for key in place[:-1]:
        at = at[key]
    at[place[-1]] = junk
    with suppress(BadInput):
        found = organs(data)
        script_json(found).encode("ascii")
        assert len(cast(list[Json], found["traits"])) == len(data["traits"] or [])


def test_the_tables_may_be_absent() -> None:
    found = chapter(READ, {})
    assert set(found.blocks) == {"organs"}
    assert cast(dict[str, Any], found.main["counts"])["leaves"] == len(SMALL.sites)


def test_a_run_of_organs_prints_five_lines_that_name_them(tmp_path: Path) -> None:
    lines = summary(write_organs(tmp_path / "run", SMALL)).split("\n")
    assert [line.split()[0] for line in lines] == ["organs", "verdict", "organs", "checks", "report"]
    assert "organ 1 (warmth -0.34" in lines[2]
    assert "removal R² 0.91" in lines[3]


@pytest.mark.parametrize("verdict", VERDICTS[1:])
def test_the_terminal_names_no_organ_where_none_is_sure(tmp_path: Path, verdict: str) -> None:
    lines = summary(write_organs(tmp_path / "run", replace(SMALL, verdict=verdict))).split("\n")
    assert lines[2] == f"organs    none is named: {verdict}"


def test_beside_other_readings_the_organs_have_one_line(tmp_path: Path) -> None:
    run = with_middle(tmp_path / "run", SMALL, Shape(layers=2, heads=2, neurons=8))
    lines = summary(run).split("\n")
    assert [line.split()[0] for line in lines] == ["middle", "organs", "largest", "checks", "report"]
    face = write_organs(make_face(tmp_path / "face", FaceShape(angles=6, items=3, voices=4, traits=2)), SMALL)
    assert [line.split()[0] for line in summary(face).split("\n")] == ["face", "organs", "worst", "checks", "report"]


def test_hostile_text_is_printed_and_written_without_leaving_its_place(tmp_path: Path) -> None:
    run = write_organs(tmp_path / "run", OrganShape(hostile=True))
    assert all(line.isprintable() for line in summary(run).split("\n"))
    assert "</script><script>window" not in write_report(run).read_text("utf-8")
