"""The face's part of the page says what the reading says, carries as many replies as fit, and guesses at nothing."""

import base64
import json
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
from mesolens.report.budget import FILE
from mesolens.report.face_chapter import chapter, twins
from mesolens.report.face_data import CALLED, PRESENT, RELIABLE, face
from mesolens.report.html import write_report
from mesolens.report.payload import script_json
from mesolens.report.replies import FULL, SEEN, Replies, replies
from mesolens.report.tables import readings
from mesolens.report.text import summary
from mesolens.runs.store import Store
from tests.report.synthetic import HOSTILE, Shape, make_run
from tests.report.synthetic_face import FaceShape, make_face, make_twins

SMALL = FaceShape(angles=12, items=4, voices=5, traits=3)
Run = tuple[Reading, Tables]


def opened(run: Path) -> Run:
    store = Store(run)
    return readings(store)["face"], store.tables("face")


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Run:
    return opened(make_face(tmp_path_factory.mktemp("face"), SMALL))


def angles_of(reading: Reading) -> list[dict[str, Any]]:
    return cast(list[dict[str, Any]], reading.data["angles"])


def blocks_of(found: Replies) -> dict[int, list[dict[str, Any]]]:
    return cast(dict[int, list[dict[str, Any]]], dict(found.blocks))


def test_the_figures_arrive_as_the_reading_has_them(small: Run) -> None:
    reading, tables = small
    made = chapter(reading, tables)
    data = cast(dict[str, Any], made.blocks["face"])
    for found, asked in zip(data["angles"], angles_of(reading), strict=True):
        assert {name: dict(found[name]) if name == "voices" else found[name] for name in asked} == asked
    for name in ("breakage", "reliability", "selfreport", "doses", "voices", "traits"):
        assert data[name] == reading.data[name]
    counts = cast(dict[str, int], made.main["counts"])
    tested = [angle for angle in angles_of(reading) if not angle["control"]]
    assert counts["angles"] == len(tested)
    assert counts["called"] == sum(angle["called"] for angle in tested)
    assert made.main["calibration"] == reading.data["calibration"]


def test_every_cell_stands_at_its_trait_and_angle(small: Run) -> None:
    reading, tables = small
    data = cast(dict[str, Any], chapter(reading, tables).blocks["face"])
    traits, names = data["traits"], [angle["angle"] for angle in data["angles"]]
    read = {key: np.frombuffer(base64.b64decode(data["cells"][key]), "<f8") for key in ("shift", "low", "high", "p")}
    state = np.frombuffer(base64.b64decode(data["cells"]["state"]), "<i4")
    for cell in cast(list[dict[str, Any]], reading.data["cells"]):
        at = traits.index(cell["trait"]) * len(names) + names.index(cell["angle"])
        assert all(values[at] == cell[key] for key, values in read.items())
        assert state[at] == PRESENT | CALLED * cell["called"] | RELIABLE * cell["reliable"]


@pytest.mark.parametrize("place", range(4))
def test_a_posterior_comes_back_as_it_was_but_for_voices_that_never_show(small: Run, place: int) -> None:
    reading, tables = small
    found = replies(tables["face-replies"], angles_of(reading), SMALL.voices, FILE.reply_bytes)
    rows = [r for r in tables["face-replies"].to_pylist() if r["angle"] == angles_of(reading)[place]["angle"]]
    for block, row in zip(blocks_of(found)[place], rows, strict=True):
        whole = np.array(row["voices"]).reshape(len(row["tokens"]), SMALL.voices)
        who = block["who"]
        read = np.frombuffer(base64.b64decode(block["posterior"]), "<u2").reshape(len(whole), -1) / FULL
        assert whole[:, who] == pytest.approx(read, abs=1 / FULL)
        assert all(whole[:, k].max(initial=0) < SEEN for k in range(SMALL.voices) if k not in who)
        assert ("".join(block["tokens"]) if block["reply"] is None else block["reply"]) == row["reply"]
        assert {name: block[name] for name in ("item", "seed", "prompt", "rotated", "outcome", "coherence")} == {
            name: row[name] for name in ("item", "seed", "prompt", "rotated", "outcome", "coherence")
        }


@settings(max_examples=25)
@given(st.integers(0, 60_000))
def test_replies_keep_to_their_budget_and_what_is_left_is_counted(small: Run, most: int) -> None:
    reading, tables = small
    angles = angles_of(reading)
    found = replies(tables["face-replies"], angles, SMALL.voices, most)
    carried = blocks_of(found)
    assert sum(len(script_json(block)) for block in carried.values()) <= most
    assert found.left[0] + len(carried) == len(angles)
    assert found.left[1] + sum(map(len, carried.values())) == tables["face-replies"].num_rows
    sizes = {k: len(script_json(b)) for k, b in blocks_of(replies(tables["face-replies"], angles, 5, 1 << 30)).items()}
    called = {k for k, angle in enumerate(angles) if angle["called"]}
    if carried and most >= sum(sizes[k] for k in called):
        assert called <= set(carried)


def test_the_page_knows_which_angles_have_their_replies(small: Run) -> None:
    reading, tables = small
    made = chapter(reading, tables, replace(FILE, reply_bytes=9000))
    angles = cast(dict[str, Any], made.blocks["face"])["angles"]
    there = {f"face-replies-{k}" for k, angle in enumerate(angles) if angle["replies"]}
    assert there == set(made.blocks) - {"face"}
    assert 0 < len(there) < len(angles)
    assert cast(dict[str, int], made.main["left_out"])["angles"] == len(angles) - len(there)


def test_replies_to_angles_that_were_not_read_are_left_to_the_run_folder(small: Run) -> None:
    reading, tables = small
    found = replies(tables["face-replies"], angles_of(reading)[:5], SMALL.voices, FILE.reply_bytes)
    assert len(found.blocks) == 5
    assert found.left[1] == 7 * SMALL.items


def table(small: Run, column: str, values: list[Any]) -> pa.Table:
    rows = small[1]["face-replies"]
    return rows.set_column(rows.column_names.index(column), column, pa.array(values))


def test_a_posterior_of_the_wrong_width_is_refused(small: Run) -> None:
    rows = small[1]["face-replies"].to_pylist()
    wrong = table(small, "voices", [[[0.5, 0.5]] * len(row["tokens"]) for row in rows])
    with pytest.raises(BadInput, match="2 voices, but there are 5"):
        replies(wrong, angles_of(small[0]), SMALL.voices, FILE.reply_bytes)


def test_a_posterior_that_does_not_belong_to_the_tokens_is_not_drawn(small: Run) -> None:
    rows = small[1]["face-replies"].to_pylist()
    uniform = [0.2] * SMALL.voices
    broken = ([], None, [uniform] * (len(rows[2]["tokens"]) + 1), [[np.nan] * 5] * len(rows[3]["tokens"]))
    values = [*broken, *([uniform] * len(row["tokens"]) for row in rows[4:])]
    found = replies(table(small, "voices", values), angles_of(small[0]), SMALL.voices, FILE.reply_bytes)
    drawn = [bool(reply["posterior"]) for block in blocks_of(found).values() for reply in block]
    spoken = sum(bool(row["tokens"]) for row in rows[4:])
    assert sum(drawn) == spoken
    assert not any(reply["posterior"] for reply in blocks_of(found)[0])


def test_an_empty_table_and_none_are_no_fault(small: Run) -> None:
    reading, tables = small
    for rows in (None, tables["face-replies"].slice(0, 0)):
        assert replies(rows, angles_of(reading), SMALL.voices, FILE.reply_bytes) == Replies({}, (0, 0))


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text(st.characters(), max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["value", "low", "z", "trait", "angle", "own"]), inner, max_size=3)
    ),
    max_leaves=6,
)
PARTS = ("voices", "traits", "calibration", "angles", "cells", "reliability", "doses", "breakage", "selfreport",
         "search", "tail", "twins", "quadrant")  # fmt: skip


@given(st.dictionaries(st.sampled_from(PARTS), JSON))
def test_any_data_is_drawn_or_refused_in_one_line(data: dict[str, Json]) -> None:
    with suppress(BadInput):
        found = face(data)
        assert json.dumps(found, ensure_ascii=False, allow_nan=False).encode("utf-8")
        return
    with pytest.raises(BadInput) as caught:
        face(data)
    assert str(caught.value).isprintable()


@given(st.sampled_from(PARTS), JSON)
def test_one_damaged_part_never_makes_the_page_say_more(small: Run, name: str, value: Json) -> None:
    whole = face(small[0].data)
    try:
        found = face({**small[0].data, name: value})
    except BadInput:
        return
    kept = set(whole) - {name, *({"cells"} if name in ("traits", "angles") else ())}
    assert {key: found[key] for key in kept} == {key: whole[key] for key in kept}


BROKEN: list[tuple[dict[str, Any], str]] = [
    ({"angles": {}}, "angles is no list"),
    ({"angles": [3]}, "angles is no object"),
    ({"angles": [{"angle": "a"}, {"angle": "a"}]}, "two angles have one name"),
    ({"cells": [{"trait": "pride", "angle": "a"}], "traits": ["order"], "angles": [{"angle": "a"}]}, "trait 'pride'"),
    ({"cells": [{"trait": "pride", "angle": "\u202eb"}], "traits": ["pride"]}, "angle .*u202eb"),
    ({"doses": [{"angle": "a", "strengths": [0, 1], "own": [1]}]}, "doses differ in length"),
    ({"search": {"trace": [[1, 2, 3]]}}, "trace is no list of pairs"),
    ({"twins": []}, "twins is no object"),
]


@pytest.mark.parametrize(("data", "said"), BROKEN)
def test_what_contradicts_itself_is_refused_by_its_place(data: dict[str, Any], said: str) -> None:
    with pytest.raises(BadInput, match=said) as caught:
        chapter(Reading("face", "x", "holds", "s", data=data), {})
    assert str(caught.value).isprintable()


def test_figures_that_are_missing_are_null_and_not_zero(tmp_path: Path) -> None:
    reading, tables = opened(make_face(tmp_path / "run", replace(SMALL, nulls=True)))
    data = cast(dict[str, Any], chapter(reading, tables).blocks["face"])
    missing = [
        (asked, found)
        for angle, row in zip(angles_of(reading), data["angles"], strict=True)
        for asked, found in ((angle[name], row[name]) for name in angle if name != "voices")
        if asked is None
    ]
    assert missing
    assert all(found is None or all(v is None for v in found.values()) for _, found in missing)


def test_twins_alone_have_a_page_of_their_own(tmp_path: Path) -> None:
    run = make_twins(tmp_path / "run", SMALL)
    reading = readings(Store(run))["twins"]
    data = cast(dict[str, Any], twins(reading).blocks["twins"])
    assert data["angles"] == reading.data["angles"]
    assert [b["divergence"]["value"] for b in data["bins"]] == [
        b["divergence"] for b in cast(list[dict[str, Any]], reading.data["bins"])
    ]
    text = write_report(run).read_text("utf-8")
    assert '{"name":"twins","question":"Do models' in text


def test_chapters_stand_in_their_order_and_the_same_run_gives_the_same_page(tmp_path: Path) -> None:
    run = make_face(make_run(tmp_path / "run", Shape(layers=1, heads=2, neurons=4, items=3)), SMALL)
    first = write_report(run).read_bytes()
    assert write_report(run).read_bytes() == first
    assert first.index(b'"face":{"verdict"') < first.index(b'"middle":{"verdict"')
    assert first.index(b'id="data-face"') < first.index(b'id="data-middle-0"')


def test_the_summary_names_the_worst_angles_and_leaves_controls_out(tmp_path: Path) -> None:
    run = make_face(tmp_path / "run", SMALL)
    angles = angles_of(opened(run)[0])
    tested = sorted((a["own"]["value"], a["angle"]) for a in angles if not a["control"])
    lines = summary(run).split("\n")
    assert len(lines) == 5
    assert lines[2] == "worst     share of the own voice: " + ", ".join(f"{a} {own:.2f}" for own, a in tested[:3])
    assert lines[3] == "checks    false alarm 0.047, bank accuracy 0.97, temperature 1.2"


def test_a_summary_of_face_and_middle_has_a_line_for_each(tmp_path: Path) -> None:
    run = make_face(make_run(tmp_path / "run", Shape(layers=1, heads=2, neurons=4, items=3)), SMALL)
    lines = summary(run).split("\n")
    assert [line.split()[0] for line in lines] == ["face", "middle", "largest", "checks", "report"]
    assert "breaks" in lines[0]


def test_hostile_text_stays_in_its_block_and_on_its_line(tmp_path: Path) -> None:
    run = make_face(tmp_path / "run", replace(SMALL, hostile=True))
    text = write_report(run).read_text("utf-8")
    assert text.count("<script") == text.count('<script type="application/json" id="data-') + 1
    assert HOSTILE[0] not in text
    assert all(line.isprintable() for line in summary(run).split("\n"))
