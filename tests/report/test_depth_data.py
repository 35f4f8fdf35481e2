"""The depth's part of the page says what the reading says, refuses what contradicts itself, and guesses at nothing."""

from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mesolens.errors import BadInput
from mesolens.report.depth_chapter import chapter
from mesolens.report.depth_data import LAYERS, STEPS, depth
from mesolens.report.html import write_report
from mesolens.report.notebook import cell
from mesolens.report.payload import script_json
from mesolens.report.text import summary
from tests.report.average_reading import AverageShape, write_average
from tests.report.damage import JUNK, damaged, data_of, places
from tests.report.depth_reading import DepthShape, reading, write_depth
from tests.report.organs_reading import OrganShape, with_middle
from tests.report.quine_reading import QuineShape, write_quine
from tests.report.synthetic import Shape
from tests.report.synthetic_face import FaceShape, make_face

SMALL = DepthShape(layers=4, steps=2)
READ = reading(SMALL)


def test_every_cell_curve_and_condition_arrives_as_the_reading_has_it() -> None:
    asked = data_of(READ)
    found = cast(dict[str, Any], chapter(READ).blocks["depth"])
    assert (found["layers"], found["steps"]) == (asked["task"]["layers"], asked["task"]["steps"])
    for name, kinds in {
        "read": ("cells", "tuned"),
        "present": ("cells",),
        "used": ("cells", "patched", "mean"),
    }.items():
        for kind in (*kinds, "chance"):
            assert found[name][kind] == asked[name][kind], (name, kind)
    for name in ("shuffled", "newborn"):
        assert found["present"][name] == asked["present"][name]
    assert (found["k50"], found["bound"]) == (asked["k50"], asked["bound"])
    assert [family["name"] for family in found["nocot"]] == ["sums", "hops"]
    for shown, family in zip(found["nocot"], asked["nocot"]["families"], strict=True):
        assert (shown["slope"], shown["counts"], shown["says"]) == (family["slope"], family["counts"], family["says"])
        for name in ("conditions", "paired", "by_difficulty"):
            for row, wanted in zip(shown[name], family[name], strict=True):
                assert row.items() >= wanted.items()
    assert found["planning"]["commitment"] == asked["planning"]["commitment"]
    assert found["planning"]["announce"] == [["information.value", "0.4"], ["information.low", "0.2"], ["said", "bits"]]


def test_one_family_without_a_list_of_families_is_a_family() -> None:
    found = cast(dict[str, Any], depth(reading(replace(SMALL, families=False)).data))
    assert [family["name"] for family in found["nocot"]] == ["sums"]


def test_what_was_not_measured_is_null_and_why_is_carried() -> None:
    found = cast(dict[str, Any], depth(reading(replace(SMALL, used=False, silent=False, planned=False)).data))
    assert found["used"] is found["nocot"] is found["planning"] is None
    assert found["unavailable"] == ["used: the level is not solved"]
    bare = cast(dict[str, Any], depth({}))
    assert bare["read"] is None
    assert bare["layers"] == bare["k50"] == bare["between"] == []


def test_a_matrix_beyond_what_a_page_lists_is_cut_and_counted() -> None:
    found = chapter(reading(DepthShape(layers=LAYERS + 3, steps=STEPS + 2)))
    assert found.main["left_out"] == {"layers": 3, "steps": 2}
    block = cast(dict[str, Any], found.blocks["depth"])
    assert len(block["layers"]) == len(block["read"]["cells"]) == len(block["present"]["newborn"]) == LAYERS
    assert {len(row) for row in block["used"]["patched"]} == {STEPS} == {len(block["used"]["chance"])}
    assert chapter(READ).main["left_out"] == {}


def test_a_verdict_of_a_later_version_is_not_known() -> None:
    assert chapter(READ).main["known"] is True
    assert chapter(reading(replace(SMALL, verdict="of a later version"))).main["known"] is False


CONTRADICTIONS: list[tuple[str, Any]] = [
    ("read.cells has 3 layers, but the task has 4", lambda d: d["read"]["cells"].pop()),
    ("a layer of used.patched has not one cell for each of 2", lambda d: d["used"]["patched"][1].pop()),
    ("a layer of present.shuffled has not one cell", lambda d: d["present"]["shuffled"][0].append(0.5)),
    ("read.cells has 4 layers, but the task has 5", lambda d: d["task"]["layers"].append("L9")),
    ("read.chance has 1 steps, but the task has 2", lambda d: d["read"]["chance"].pop()),
    ("says of 3 whether they lie between", lambda d: d["task"]["between"].append(True)),
    ("layers is no list", lambda d: d["task"].update(layers={})),
    ("curve is no object", lambda d: d["k50"][0].update(curve=[3])),
    ("used is no object", lambda d: d.update(used=[1])),
    ("planning is no object", lambda d: d["planning"].update(announce=[1])),
]


@pytest.mark.parametrize(("said", "damage"), CONTRADICTIONS)
def test_what_contradicts_itself_is_refused_with_its_place(said: str, damage: Any) -> None:
    data = data_of(READ)
    damage(data)
    with pytest.raises(BadInput, match=said.replace(".", r"\.")):
        chapter(replace(READ, data=data))


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(places(data_of(READ))[1:]), JUNK)
def test_whatever_stands_in_any_place_is_refused_or_brought_into_form(place: tuple[Any, ...], junk: Any) -> None:
    with suppress(BadInput):
        found = chapter(replace(READ, data=damaged(READ, place, junk)))
        script_json(found.blocks).encode("ascii")
        script_json(found.main).encode("ascii")
        block = cast(dict[str, Any], found.blocks["depth"])
        shape = (len(block["layers"]), len(block["steps"]))
        for name in ("read", "present", "used"):
            for matrix in (block[name] or {}).values():
                if isinstance(matrix, list) and matrix and isinstance(matrix[0], list):
                    assert (len(matrix), *{len(row) for row in matrix}) == shape


def test_fields_that_nobody_knows_are_passed_over() -> None:
    data = data_of(READ)
    asked = depth(data)
    data["later"] = data["read"]["later"] = data["k50"][0]["later"] = {"x": 1}
    assert depth(data) == asked


def test_a_run_of_a_depth_prints_five_lines(tmp_path: Path) -> None:
    lines = summary(write_depth(tmp_path / "run", SMALL)).split("\n")
    assert [line.split()[0] for line in lines] == ["depth", "verdict", "k50", "checks", "report"]
    assert lines[2] == "k50       rules in context 3.4, facts in weights none"
    assert lines[3] == "checks    accuracy with no token between 94 %, serial steps at most 12"


def test_six_chapters_are_told_in_five_lines(tmp_path: Path) -> None:
    run = with_middle(tmp_path / "run", OrganShape(), Shape(layers=2, heads=2, neurons=8))
    write_quine(write_depth(write_average(run, AverageShape(texts=2, tokens=12)), SMALL), QuineShape())
    lines = summary(make_face(run, FaceShape(angles=6, items=3, voices=4, traits=2))).split("\n")
    assert [line.split()[0] for line in lines] == ["face", "middle", "organs", "also", "report"]
    assert lines[3] == "also      average measured; depth thinks in steps; quine writes quines"


def test_hostile_text_is_printed_and_written_without_leaving_its_place(tmp_path: Path) -> None:
    run = write_depth(tmp_path / "run", DepthShape(hostile=True))
    assert all(line.isprintable() for line in summary(run).split("\n"))
    assert "</script><script>window" not in write_report(run).read_text("utf-8")
    assert "<script>window.hacked" not in cell(reading(DepthShape(hostile=True)), {})
