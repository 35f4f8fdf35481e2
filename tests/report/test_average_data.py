"""The average's part of the page says what the reading says, fits its budget, and guesses at nothing."""

import base64
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mesolens.errors import BadInput
from mesolens.evidence.shards import Json
from mesolens.report.average_chapter import chapter
from mesolens.report.average_data import TOKENS, average, texts_of
from mesolens.report.budget import CELL, FILE, within
from mesolens.report.html import write_report
from mesolens.report.notebook import cell
from mesolens.report.payload import script_json
from mesolens.report.text import summary
from tests.report.average_reading import RUNGS, AverageShape, reading, write_average
from tests.report.damage import JUNK, damaged, data_of, places
from tests.report.organs_reading import OrganShape, with_middle, write_organs
from tests.report.synthetic import Shape
from tests.report.synthetic_face import FaceShape, make_face

SMALL = AverageShape(texts=3, tokens=24)
READ = reading(SMALL)


def unpacked(text: str, kind: str = "<f8") -> np.ndarray:
    return np.frombuffer(base64.b64decode(text), kind)


def test_the_figures_arrive_as_the_reading_has_them() -> None:
    found, asked = chapter(READ), data_of(READ)
    figures = cast(dict[str, Any], found.blocks["average"])
    for name in ("headline", "parts", "ledger", "support", "coverage", "distance", "by_support"):
        assert figures[name] == asked[name], name
    assert found.main["headline"] == asked["headline"]
    assert found.main["corpus"] == asked["corpus"]
    counts = cast(dict[str, Any], found.main["counts"])
    assert counts["tokens"] == sum(part["tokens"] for part in asked["parts"])


def test_every_token_keeps_its_ledger_to_the_last_bit() -> None:
    blocks = cast(list[dict[str, Any]], chapter(READ).blocks["average-texts"])
    for block, text in zip(blocks, data_of(READ)["texts"], strict=True):
        assert block["tokens"] == [token["token"] for token in text["tokens"]]
        for name in ("share", "p", "a"):
            assert unpacked(block[name]).tolist() == [token[name] for token in text["tokens"]]
        assert unpacked(block["support"], "<i4").tolist() == [token["support"] for token in text["tokens"]]
        ledger_TR = unpacked(block["ledger"]).reshape(-1, len(RUNGS))
        assert ledger_TR.tolist() == [token["ledger"] for token in text["tokens"]]
        assert np.abs(ledger_TR.sum(1) - unpacked(block["p"])).max() < 1e-9
        assert sorted(block["spans"], key=lambda span: span["start"]) == text["spans"]


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 60_000), st.integers(1, 9))
def test_texts_beyond_the_budget_are_left_out_and_every_stratum_keeps_its_turn(room: int, texts: int) -> None:
    found = texts_of(reading(replace(SMALL, texts=texts)).data)
    kept = within(found, room)
    assert sum(len(script_json(said.block)) for said in kept) <= room
    assert [said for said in found if said in kept] == kept
    strata = {said.stratum for said in found}
    by_stratum = [sum(said.stratum == name for said in kept) for name in strata]
    largest = max(len(script_json(said.block)) for said in found)
    if len(kept) < len(found) and room >= largest * len(found):
        raise AssertionError("there was room for all")
    if room >= largest * len(strata):
        assert all(by_stratum)


def test_what_is_left_out_is_counted() -> None:
    small = chapter(reading(AverageShape(texts=9)), replace(FILE, text_bytes=20_000))
    texts = cast(list[Json], small.blocks["average-texts"])
    assert small.main["left_out"] == 9 - len(texts) > 0
    assert len(cell(reading(AverageShape(texts=24, tokens=600)), {})) < 2 << 20
    assert (
        len(script_json(chapter(reading(AverageShape(texts=24, tokens=600)), CELL).blocks)) < CELL.text_bytes + 20_000
    )


def test_a_long_text_is_cut_with_its_spans_and_says_so() -> None:
    data = data_of(reading(AverageShape(texts=1, tokens=TOKENS + 9)))
    data["texts"][0]["spans"].append({"start": TOKENS - 2, "end": TOKENS + 5, "count": 2, "documents": []})
    said = texts_of(data)[0]
    assert (said.tokens_left, said.block["tokens_left"]) == (9, 9)
    assert len(cast(list[Json], said.block["tokens"])) == TOKENS
    assert all(cast(Any, span)["end"] <= TOKENS for span in cast(list[Json], said.block["spans"]))


def test_only_what_was_measured_and_determined_is_sure_and_a_refusal_carries_nothing() -> None:
    assert chapter(READ).main["sure"] is True
    assert chapter(reading(replace(SMALL, verdict="not determined"))).main["sure"] is False
    assert chapter(reading(replace(SMALL, verdict="of a later version"))).main["sure"] is False
    contradicting = replace(READ, data=data_of(READ) | {"headline": {"determined": False}})
    assert chapter(contradicting).main["sure"] is False
    refused = chapter(reading(replace(SMALL, verdict="refused")))
    assert refused.blocks == {}
    assert "headline" not in refused.main
    assert "another tokenizer" in cast(str, refused.main["reason"])


def test_fields_that_nobody_knows_are_passed_over_and_what_is_missing_is_no_damage() -> None:
    data = data_of(READ)
    asked = average(data)
    data["later"] = data["headline"]["later"] = data["parts"][0]["later"] = {"x": 1}
    assert average(data) == asked
    bare = cast(dict[str, Any], average({}))
    assert bare["ledger"] == bare["support"] == bare["distance"]["texts"] == []
    assert bare["headline"]["bracket"] is None
    assert texts_of({}) == []


CONTRADICTIONS: list[tuple[str, Any]] = [
    ("has 7 rungs, but the ledger has 8", lambda d: d["texts"][1]["tokens"][2]["ledger"].pop()),
    ("has 8 rungs, but the ledger has 7", lambda d: d["ledger"].pop()),
    ("two rungs have one name", lambda d: d["ledger"].append(d["ledger"][0])),
    ("two texts have one name", lambda d: d["texts"].append(d["texts"][0])),
    ("lies outside its 24 tokens", lambda d: d["texts"][0]["spans"][0].update(end=25)),
    ("lies outside its 24 tokens", lambda d: d["texts"][0]["spans"][0].update(start=-1)),
    ("lies outside its 24 tokens", lambda d: d["texts"][0]["spans"][0].update(end=3)),
    ("lies outside its 24 tokens", lambda d: d["texts"][0]["spans"][0].update(start=True)),
    ("a bracket is no list of two", lambda d: d["headline"].update(bracket=[0.5])),
    ("texts is no list", lambda d: d.update(texts={})),
    ("tokens is no object", lambda d: d["texts"][0].update(tokens=[3])),
    ("corpus is no object", lambda d: d.update(corpus=[1])),
]


@pytest.mark.parametrize(("said", "damage"), CONTRADICTIONS)
def test_what_contradicts_itself_is_refused_with_its_place(said: str, damage: Any) -> None:
    data = data_of(READ)
    damage(data)
    with pytest.raises(BadInput, match=said):
        chapter(replace(READ, data=data))


PLACES = places(data_of(reading(AverageShape(texts=1, tokens=12))))[1:]


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(PLACES), JUNK)
def test_whatever_stands_in_any_place_is_refused_or_brought_into_form(place: tuple[Any, ...], junk: Any) -> None:
    with suppress(BadInput):
        data = damaged(reading(AverageShape(texts=1, tokens=12)), place, junk)
        found = chapter(replace(READ, data=data))
        script_json(found.blocks).encode("ascii")
        script_json(found.main).encode("ascii")
        for block in cast(list[dict[str, Any]], found.blocks["average-texts"]):
            rungs = len(cast(dict[str, Any], found.blocks["average"])["ledger"])
            assert len(unpacked(block["ledger"])) == rungs * len(block["tokens"])


def test_a_run_of_an_average_prints_five_lines(tmp_path: Path) -> None:
    lines = summary(write_average(tmp_path / "run", SMALL)).split("\n")
    assert [line.split()[0] for line in lines] == ["average", "verdict", "shared", "checks", "report"]
    assert lines[2].startswith("shared    clean replies 58 %, broken replies 43 %")
    assert "index of 3.1 % of the training text" in lines[3]
    unknown = summary(write_average(tmp_path / "other", replace(SMALL, fraction=None))).split("\n")
    assert "index of an unknown part of the training text" in unknown[3]
    refused = summary(write_average(tmp_path / "third", replace(SMALL, verdict="refused"))).split("\n")
    assert refused[2] == "shared    no share: refused"


def test_beside_other_readings_the_average_has_one_line(tmp_path: Path) -> None:
    middle = write_average(with_middle(tmp_path / "run", OrganShape(), Shape(layers=2, heads=2, neurons=8)), SMALL)
    names = [line.split()[0] for line in summary(middle).split("\n")]
    assert names == ["middle", "organs", "average", "checks", "report"]
    all_four = make_face(middle, FaceShape(angles=6, items=3, voices=4, traits=2))
    names = [line.split()[0] for line in summary(all_four).split("\n")]
    assert names == ["face", "middle", "organs", "average", "report"]
    two = write_average(write_organs(tmp_path / "two", OrganShape()), SMALL)
    assert [line.split()[0] for line in summary(two).split("\n")] == ["organs", "average", "organs", "checks", "report"]


def test_hostile_text_is_printed_and_written_without_leaving_its_place(tmp_path: Path) -> None:
    run = write_average(tmp_path / "run", AverageShape(hostile=True))
    assert all(line.isprintable() for line in summary(run).split("\n"))
    assert "</script><script>window" not in write_report(run).read_text("utf-8")


def test_what_moves_a_text_arrives_as_the_reading_has_it() -> None:
    asked = data_of(READ)["influence"]
    found = cast(dict[str, Any], chapter(READ).blocks["average-influence"])
    assert found["quality"] == asked["quality"]
    assert found["left_out"] == 0
    rows = [(text, text["documents"]) for text in found["texts"]]
    rows += [(row, text["documents"]) for text in found["texts"] for row in text["tokens"]]
    for (row, documents), told in zip(rows, [*asked["texts"], *asked["tokens"]], strict=True):
        assert [row[name] for name in ("effective", "for", "against")] == [
            told[name] for name in ("effective", "for", "against")
        ]
        shown = [{**documents[place], "weight": weight} for place, weight in row["largest"]]
        assert shown == [{**each} for each in told["largest"]]
    assert [row["token"] for text in found["texts"] for row in text["tokens"]] == [t["token"] for t in asked["tokens"]]


def test_a_page_without_an_attribution_has_no_block_of_it_and_a_small_one_says_what_it_leaves_out() -> None:
    assert "average-influence" not in chapter(reading(replace(SMALL, attributed=False))).blocks
    small = cast(dict[str, Any], chapter(READ, replace(FILE, text_bytes=800)).blocks["average-influence"])
    assert small["left_out"] == 2
    assert small["texts"] == []


def test_a_token_of_a_text_that_is_not_attributed_is_refused() -> None:
    data = cast(dict[str, Any], data_of(READ))
    data["influence"]["tokens"][0]["text"] = "another"
    with pytest.raises(BadInput, match="'another', which is not attributed"):
        chapter(replace(READ, data=data))


def test_parts_that_were_not_looked_at_and_near_states_arrive() -> None:
    near = {"layer": "behind block 3", "places": 4000, "documents": 125, "weight": 0.5,
            "counts": {"overlap": 0.5, "low": 0.4, "high": 0.6}}  # fmt: skip
    missing = [{"fraction": 0.5, "tokens": 9_000_000, "most": 2_000_000}]
    data: dict[str, Any] = {**data_of(READ), "neighbours": {**near, "tokens": 5}, "coverage_missing": missing}
    found = average(data)
    assert found["neighbours"] == near
    assert found["missing"] == missing
    assert average(data_of(READ))["neighbours"] is None
