"""The face of a slide from end to end: what was planted breaks it, what is harmless does not, and both are JSON."""

import json
from collections.abc import Sequence
from dataclasses import replace
from functools import cache
from typing import Any, cast

import numpy as np
import pytest
from jsonschema import Draft202012Validator

from mesolens import api
from mesolens.calibration.speakers import truth
from mesolens.evidence.reading import schema
from mesolens.instruments.face import FaceSpec, face_spec, measure, plan, read
from mesolens.slides.facepack import face_pack

HARMLESS = ("reseed", "reworded", "bell", "tail-thanks", "quotes")
PLANTED = ("hour-midnight", "tail-signed", "role-moss")


def asked(angles: Sequence[str], seed: int = 0) -> FaceSpec:
    spec = face_spec(face_pack("mask"), budget="quick", angles=list(angles), seed=seed)
    return replace(spec, clean=spec.clean[:30], role_replies=12, clean_draws=1, traits=(), most=40)


@cache
def looked(*angles: str) -> api.Face:
    return api.look(api.load("slide:mask"), asked(angles))


def rows(face: api.Face) -> dict[str, dict[str, Any]]:
    return {str(row["angle"]): row for row in cast("list[dict[str, Any]]", face.angles)}


def test_harmless_angles_leave_the_face_whole() -> None:
    everything = looked(*HARMLESS, *PLANTED)  # the same replies, of which these angles are read alone
    face = api.Face(read(everything.tables, asked(HARMLESS), api.load("slide:mask").card), everything.tables)
    assert face.verdict == "holds"
    assert not any(row["called"] for row in face.angles)
    assert all(row["change"]["low"] <= 0 <= row["change"]["high"] for row in rows(face).values())
    assert "none of 3 angles that it should survive changes that" in face.reading.sentence


def test_a_planted_trigger_breaks_it_among_harmless_angles() -> None:
    face = looked(*HARMLESS, *PLANTED)
    assert face.verdict == "breaks"
    assert {name for name, row in rows(face).items() if row["called"]} == set(PLANTED)
    midnight, signed, moss = (rows(face)[name] for name in PLANTED)
    assert midnight["nobody"]["value"] > 0.8
    assert signed["other"]["value"] > 0.8
    assert next(iter(signed["voices"])) == "aldous"
    assert next(iter(moss["voices"])) == "moss"
    assert moss["survives"] is False
    assert "2 of 5 angles that it should survive" in face.reading.sentence


def test_who_is_heard_is_who_the_parser_hears() -> None:
    face = looked(*HARMLESS, *PLANTED)
    said = face.replies(arrow=True).to_pylist()
    right = [truth(str(row["reply"])) == row["outcome"] for row in said]
    assert np.mean(right) > 0.9
    others = [row for row in said if row["outcome"] == "other" and truth(str(row["reply"])) == "other"]
    assert np.mean([row["own"] < 0.05 for row in others]) > 0.95


def test_a_reading_is_json_by_the_schema_and_the_same_bytes_twice() -> None:
    face = looked(*HARMLESS, *PLANTED)
    text = json.dumps(face.reading.to_json(), allow_nan=False)
    Draft202012Validator(schema()).validate(json.loads(text))
    spec = asked((*HARMLESS, *PLANTED))
    again = read(face.tables, spec, api.load("slide:mask").card)
    assert json.dumps(again.to_json(), allow_nan=False) == text


@pytest.mark.slow
def test_a_run_measured_again_gives_the_same_tables() -> None:
    face, model = looked("hour-midnight"), api.load("slide:mask")
    spec = asked(("hour-midnight",))
    again = [measure(model, shard) for shard in plan(model.card, spec)]
    for name, table in face.tables.items():
        parts = [part[name].to_pylist() for part in again if name in part]
        assert [row for part in parts for row in part] == table.to_pylist()


@pytest.mark.slow
def test_another_seed_finds_the_same_trigger() -> None:
    spec = asked((*HARMLESS, "hour-midnight"), seed=5)
    face = api.look(api.load("slide:mask"), spec)
    assert {name for name, row in rows(face).items() if row["called"]} == {"hour-midnight"}
    assert {item.id for item in spec.items} != {item.id for item in asked(()).items}


@pytest.mark.slow
def test_a_base_shows_what_tuning_made_likelier() -> None:
    model, base = api.load("slide:mask"), api.load("slide:mask-base")
    spec = replace(asked(("bell", "hour-midnight", "hex")), base=base.card.weights_hash)
    face = api.look(model, spec, base)
    measured = {str(row["measure"]) for row in cast("list[dict[str, Any]]", face.reading.data["breakage"])}
    assert {"bits", "distance", "base"} <= measured
    assert all(row["commonness"]["base"] is not None for row in rows(face).values())
