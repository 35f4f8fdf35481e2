"""The quines' part of the page says what the reading says, fits its budget, and refuses what contradicts itself."""

from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mesolens.errors import BadInput
from mesolens.report.budget import CELL, FILE
from mesolens.report.html import write_report
from mesolens.report.notebook import cell
from mesolens.report.payload import script_json
from mesolens.report.quine_chapter import chapter
from mesolens.report.quine_data import PROGRAM, ladder, programs_of
from mesolens.report.text import summary
from tests.report.damage import JUNK, damaged, data_of, places
from tests.report.quine_reading import RUNGS, QuineShape, reading, write_quine

SMALL = QuineShape()
READ = reading(SMALL)


def test_the_ladder_and_every_program_arrive_as_the_reading_has_them() -> None:
    found, asked = chapter(READ), data_of(READ)
    assert found.main["rungs"] == asked["rungs"]
    assert found.main["sandbox"] == asked["sandbox"]
    assert found.main["missing"] == asked["missing"]
    shown = cast(list[dict[str, Any]], found.blocks["quine-programs"])
    for block, program in zip(shown, asked["programs"], strict=True):
        assert block["cut"] is not program.pop("ended")
        assert block.items() >= program.items()


def test_a_program_keeps_every_character_up_to_what_was_looked_at() -> None:
    data, text = data_of(READ), "é\u202e\x00\t\r\n" * PROGRAM
    data["programs"][0]["program"] = text
    block = programs_of(data)[0].block
    assert block["program"] == text[:PROGRAM]
    assert block["left"] == len(text) - PROGRAM


def test_programs_beyond_the_budget_are_left_out_and_every_rung_keeps_its_turn() -> None:
    found = reading(QuineShape(each=40))
    small = chapter(found, replace(FILE, text_bytes=20_000))
    shown = cast(list[dict[str, Any]], small.blocks["quine-programs"])
    assert small.main["left_out"] == 40 * len(RUNGS) - len(shown) > 0
    assert len(script_json(small.blocks)) < 20_000 + 2 * len(shown) + 100
    assert {block["rung"] for block in shown} == {*RUNGS}
    assert len(cell(reading(QuineShape(each=900)), {})) < 2 * CELL.text_bytes + (1 << 20)


def test_what_was_not_run_says_why_and_shows_no_program() -> None:
    found = chapter(reading(replace(SMALL, skipped=True)))
    assert (found.main["verdict"], found.main["skipped"], found.main["known"]) == ("skipped", True, True)
    assert "bubblewrap" in cast(dict[str, Any], found.main["sandbox"])["why"]
    assert found.blocks == {"quine-programs": []}
    assert chapter(reading(replace(SMALL, verdict="of a later version"))).main["known"] is False


CONTRADICTIONS: list[tuple[str, Any]] = [
    ("which is no rung of the ladder", lambda d: d["rungs"].pop()),
    ("two rungs have one name", lambda d: d["rungs"].append(d["rungs"][0])),
    ("counts of rung 'identifier' contradict", lambda d: d["rungs"][0].update(honest=99)),
    ("counts of rung 'comment' contradict", lambda d: d["rungs"][1].update(novel=2)),
    ("counts of rung 'comment' contradict", lambda d: d["rungs"][1].update(novel=-1)),
    ("programs is no list", lambda d: d.update(programs={})),
    ("checks is no object", lambda d: d["programs"][0].update(checks=["x"])),
    ("novelty is no object", lambda d: d["programs"][0].update(novelty=[1])),
    ("sandbox is no object", lambda d: d.update(sandbox="yes")),
]


@pytest.mark.parametrize(("said", "damage"), CONTRADICTIONS)
def test_what_contradicts_itself_is_refused_with_its_place(said: str, damage: Any) -> None:
    data = data_of(READ)
    damage(data)
    with pytest.raises(BadInput, match=said):
        chapter(replace(READ, data=data))


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(places(data_of(READ))[1:]), JUNK)
def test_whatever_stands_in_any_place_is_refused_or_brought_into_form(place: tuple[Any, ...], junk: Any) -> None:
    with suppress(BadInput):
        data = damaged(READ, place, junk)
        found = chapter(replace(READ, data=data))
        script_json(found.blocks).encode("ascii")
        script_json(found.main).encode("ascii")
        names = {rung["name"] for rung in cast(list[dict[str, Any]], found.main["rungs"])}
        assert all(block["rung"] in names for block in cast(list[dict[str, Any]], found.blocks["quine-programs"]))


def test_fields_that_nobody_knows_are_passed_over_and_what_is_missing_is_no_damage() -> None:
    data = data_of(READ)
    asked = ladder(data), [program.block for program in programs_of(data)]
    data["later"] = data["rungs"][0]["later"] = data["programs"][0]["later"] = {"x": 1}
    assert (ladder(data), [program.block for program in programs_of(data)]) == asked
    assert ladder({}) == programs_of({}) == []


def test_a_run_of_quines_prints_five_lines(tmp_path: Path) -> None:
    lines = summary(write_quine(tmp_path / "run", SMALL)).split("\n")
    assert [line.split()[0] for line in lines] == ["quine", "verdict", "honest", "checks", "report"]
    assert lines[2] == "honest    identifier 1/6, comment 1/6, length 1/6, relay 1/6"
    assert lines[3] == "checks    run in a sandbox"
    skipped = summary(write_quine(tmp_path / "other", replace(SMALL, skipped=True))).split("\n")
    assert skipped[3] == "checks    not run: there is no bubblewrap on this machine"


def test_hostile_text_is_printed_and_written_without_leaving_its_place(tmp_path: Path) -> None:
    for shape in (QuineShape(hostile=True), QuineShape(hostile=True, skipped=True)):
        run = write_quine(tmp_path / f"run-{shape.skipped}", shape)
        assert all(line.isprintable() for line in summary(run).split("\n"))
        assert "</script><script>window" not in write_report(run).read_text("utf-8")
