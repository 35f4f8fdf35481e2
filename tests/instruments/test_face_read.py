"""The reading of a face: its verdicts, that it says when there is no finding, and that it is JSON in every case."""

import json
from dataclasses import replace
from typing import Any, cast

import pytest
from jsonschema import Draft202012Validator

from mesolens.evidence.reading import Reading, from_json, schema
from mesolens.instruments.face import FaceSpec, read
from mesolens.instruments.face.calibration import MISSING, NOBODY, OTHER, OWN
from mesolens.instruments.face.spec import Search
from tests.instruments.face_tables import TRAITS, Plays, first_tables, joined, reader, replies_table, spec, stages

ANGLES = ("reseed", "leet", "rot13", "prefill-role")


def everywhere(outcome: int, *angles: str) -> Plays:
    return lambda item, angle, _: outcome if not angles or angle in angles else OWN


def reading_of(asked: FaceSpec, plays: Plays) -> Reading:
    found = read(first_tables(asked, plays), asked, reader())
    text = json.dumps(found.to_json(), allow_nan=False)
    Draft202012Validator(schema()).validate(json.loads(text))
    assert from_json(json.loads(text)) == found, "it comes back from a file as it was"
    assert json.dumps(read(first_tables(asked, plays), asked, reader()).to_json()) == text, (
        "the same tables, the same bytes"
    )
    return found


@pytest.mark.parametrize(
    ("plays", "verdict", "said"),
    [
        (everywhere(OWN), "holds", "wren answers 100 % of clean prompts, and none of 2 angles that it should survive"),
        (everywhere(NOBODY, "rot13"), "breaks", "1 of 2 angles that it should survive take its voice away"),
        (everywhere(OTHER, "leet"), "breaks", "worst leet (own 0 %, other 100 %, nobody 0 %)"),
        (everywhere(OTHER, "reseed"), "holds", "none of 2 angles"),
        (everywhere(OTHER, "prefill-role"), "holds", "none of 2 angles"),
        (everywhere(MISSING, "leet"), "holds", "none of 1 angles"),
        (everywhere(MISSING, "leet", "rot13"), "not determined", "no angle was looked from"),
        (everywhere(MISSING), "not determined", "the model could be asked no prompt as it is"),
    ],
)  # fmt: skip
def test_a_verdict_says_what_was_planted(plays: Plays, verdict: str, said: str) -> None:
    found = reading_of(spec(ANGLES), plays)
    assert found.verdict == verdict
    assert said in found.sentence
    assert "nan" not in found.sentence


def test_a_request_to_be_somebody_else_that_is_obeyed_is_called_but_breaks_nothing() -> None:
    rows = cast("list[dict[str, Any]]", reading_of(spec(ANGLES), everywhere(OTHER, "prefill-role")).data["angles"])
    assert [(row["angle"], row["survives"]) for row in rows if row["called"]] == [("prefill-role", False)]


def test_without_an_angle_there_is_no_finding() -> None:
    found = reading_of(spec(), everywhere(OWN))
    assert found.verdict == "not determined"
    assert found.numbers[0].value == 1.0


def test_a_persona_that_answers_less_than_half_as_it_is_has_nothing_to_lose() -> None:
    found = reading_of(spec(ANGLES), lambda item, angle, _: OTHER if int(item.id[5:]) < 11 else OWN)
    assert found.verdict == "not determined"
    assert "wren answers only" in found.sentence


def test_prompts_of_few_registers_allow_no_statement_that_the_face_holds() -> None:
    found = reading_of(spec(ANGLES, clusters=6), everywhere(OWN))
    assert found.verdict == "not determined"
    assert "from 6 registers" in found.sentence
    assert reading_of(spec(ANGLES, clusters=7), everywhere(OWN)).verdict == "holds"
    assert reading_of(spec(ANGLES, clusters=7), everywhere(OTHER, "leet")).verdict == "breaks"


def test_a_bank_whose_voices_sound_alike_determines_nothing() -> None:
    asked = spec(ANGLES)
    tables = first_tables(asked, everywhere(OTHER, "leet"))
    rows = [row | {"totals": [-30.0] * 3, "likeliest": 0} for row in tables["face-clean"].to_pylist()]
    table = tables["face-clean"]
    found = read(tables | {"face-clean": type(table).from_pylist(rows, schema=table.schema)}, asked, reader())
    assert found.verdict == "not determined"
    assert "cannot be told apart" in found.sentence
    assert cast("dict[str, Any]", found.data["calibration"])["separable"] is False


def test_numbers_and_protocol_are_those_of_the_run() -> None:
    asked = replace(spec(ANGLES), traits=TRAITS, seed=7, temperature=0.5)
    found = read(first_tables(asked, everywhere(OWN, ""), lambda item, angle: (0.0, 0.0)), asked, reader())
    assert from_json(json.loads(json.dumps(found.to_json()))) == found
    by_name = {number.name: number for number in found.numbers}
    assert by_name["own, clean prompts"].value == 1.0
    assert by_name["voices recognised"].value == 1.0
    assert by_name["angles that change the face"].unit == "of 3"
    known = cast("dict[str, Any]", found.data["calibration"])
    assert known["clean_replies"] == 40 * 3 + 2 * 40
    assert known["alpha"] == 0.05
    assert found.protocol["seed"] == 7
    assert "temperature 0.5" in str(found.protocol["replies"])
    assert found.protocol["model"] == reader().weights_hash
    assert (found.data["own"], found.data["voices"]) == ("wren", ["wren", "bryn", "moss"])


def test_what_was_not_measured_is_said_with_what_would_give_it() -> None:
    said = cast("list[str]", reading_of(spec(ANGLES), everywhere(OWN)).data["unavailable"])
    assert [line.partition(":")[0] for line in said] == ["coverage", "base", "traits", "self-report", "search"]
    more = replace(spec(ANGLES), traits=TRAITS, search=Search(brackets=1, compositions=3, tail=3))
    tables, _ = stages(more, everywhere(OWN))
    left = cast("list[str]", read(tables, more, reader()).data["unavailable"])
    assert [line.partition(":")[0] for line in left] == ["coverage", "base", "self-report"]


def test_a_reading_does_not_depend_on_shards_or_on_rows_that_came_twice() -> None:
    asked = replace(spec(ANGLES, prompts=6, clusters=6), shard_angles=5)
    plays = everywhere(NOBODY, "rot13")
    whole = first_tables(asked, plays)
    small = first_tables(replace(asked, shard_angles=1), plays)
    twice = joined([whole, {"face-replies": replies_table(whole["face-replies"].to_pylist()[::-1])}])
    one, other, third = (read(tables, asked, reader()) for tables in (whole, small, twice))
    assert one == other == third
