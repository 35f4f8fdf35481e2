"""Twins: one face beside itself, split where an angle parts them, strangers where no angle is needed."""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, cast

import pytest
from jsonschema import Draft202012Validator

from mesolens import api
from mesolens.errors import BadInput
from mesolens.evidence.reading import Reading, schema
from mesolens.evidence.shards import Shard, Tables
from mesolens.instruments.face import FaceSpec, face_spec
from mesolens.instruments.face.calibration import MISSING, NOBODY, OTHER, OWN
from mesolens.instruments.face.plan import asked_of
from mesolens.instruments.face.spec import Item
from mesolens.instruments.face.twins import ALPHA, Twins
from mesolens.model.loaded import LoadedModel
from mesolens.slides.facepack import face_pack
from tests.instruments import tiny
from tests.instruments.face_tables import answered, joined, reader, spec

ANGLES = ("reseed", "leet", "rot13", "upper")
Part = Callable[[int, Item, str], int]
"""The outcome of a model's reply to an item from an angle."""


def models(count: int = 2) -> Twins:
    """Models that are never asked: only their cards are read."""
    made = [tiny.build("llama", place) for place in range(count)]
    cards = [replace(reader(), name=f"m{place}", weights_hash=f"{place}") for place in range(count)]
    return Twins(tuple(replace(model, card=card) for model, card in zip(made, cards, strict=True)))


def measured(shard: Shard, part: Part) -> Tables:
    """The tables of one shard of twins that reply as planted, `place` telling whose."""
    place = cast(int, shard.depends["place"])
    tables = answered(Shard("face", shard.depends, shard.rows), lambda item, angle, _: part(place, item, angle))
    return {
        name.replace("face-", "twins-"): table.append_column("model", [[place] * len(table)])
        for name, table in tables.items()
    }


def reading(asked: FaceSpec, part: Part, count: int = 2) -> Reading:
    twins = models(count)
    tables = joined([measured(shard, part) for shard in twins.plan(reader(), asked)])
    found = twins.read(tables, asked, reader())
    text = json.dumps(found.to_json(), allow_nan=False)
    Draft202012Validator(schema()).validate(json.loads(text))
    assert twins.follow(reader(), asked, tables) == []
    assert json.dumps(twins.read(tables, asked, reader()).to_json()) == text
    return found


def called(found: Reading) -> set[str]:
    return {row["angle"] for row in cast("list[dict[str, Any]]", found.data["angles"]) if row["called"]}


def test_models_that_answer_alike_are_one_face() -> None:
    found = reading(spec(ANGLES), lambda place, item, angle: NOBODY if angle == "rot13" else OWN)
    assert found.verdict == "one face"
    assert called(found) == set()
    assert found.data["split"] == []
    assert cast("dict[str, float]", found.data["agreement"])["value"] == 1.0
    assert [number.value for number in found.numbers] == [1.0, 0.0]


def test_an_angle_from_which_they_differ_parts_them_and_comes_first() -> None:
    def part(place: int, item: Item, angle: str) -> int:
        broken = {"rot13": 12, "leet": 9}.get(angle, 0)
        return OTHER if place and int(item.id[5:]) % 12 < broken else OWN

    found = reading(spec(ANGLES, prompts=24), part)
    assert found.verdict == "split"
    assert found.data["split"] == ["rot13", "leet"]
    assert called(found) == {"rot13", "leet"}
    assert "first rot13" in found.sentence
    rows = {row["angle"]: row for row in cast("list[dict[str, Any]]", found.data["angles"])}
    assert rows["rot13"]["divergence"]["value"] > 0.9
    assert rows["rot13"]["agreement"] == 0.0
    assert rows["leet"]["agreement"] == 0.25
    assert rows["upper"]["p"] == 1.0
    for row in rows.values():
        assert row["clean_agreement"] == 1.0
        assert row["divergence"]["value"] <= row["floor"] or row["called"]


def test_another_voice_is_another_answer_even_where_neither_is_the_own_one() -> None:
    twins, asked = models(), spec(ANGLES)
    shards = twins.plan(reader(), asked)
    tables = joined([measured(shard, lambda place, item, angle: OTHER if angle == "leet" else OWN) for shard in shards])
    replies = tables["twins-replies"]
    rows = [
        row | {"totals": row["totals"][:1] + row["totals"][:0:-1]} if row["angle"] == "leet" and row["model"] else row
        for row in replies.to_pylist()
    ]
    swapped = type(replies).from_pylist(rows, schema=replies.schema)
    found = twins.read(tables | {"twins-replies": swapped}, asked, reader())
    assert called(found) == {"leet"}


def test_models_that_differ_on_common_prompts_are_strangers_whatever_the_angles() -> None:
    found = reading(
        spec(ANGLES, prompts=24), lambda place, item, angle: OTHER if place and int(item.id[5:]) % 4 == 0 else OWN
    )
    assert found.verdict == "strangers"
    assert found.data["split"] == []
    assert "75 %" in found.sentence


def test_of_several_models_the_pair_that_is_furthest_apart_counts() -> None:
    found = reading(
        spec(ANGLES, prompts=24), lambda place, item, angle: OTHER if place == 2 and angle == "rot13" else OWN, 3
    )
    assert found.data["models"] == ["m0", "m1", "m2"]
    assert found.verdict == "split"
    row = next(row for row in cast("list[dict[str, Any]]", found.data["angles"]) if row["angle"] == "rot13")
    assert row["divergence"]["value"] > 0.9
    assert row["p"] <= 3 * 1e-3, "of three pairs, so thrice the chance"


def test_stumbles_among_the_clean_replies_of_one_part_nobody() -> None:
    twins, asked = models(), spec(ANGLES)
    shards = twins.plan(reader(), asked)
    tables = joined(
        [measured(shard, lambda place, item, angle: NOBODY if angle == "leet" else OWN) for shard in shards]
    )
    clean = tables["twins-clean"]
    rows = clean.to_pylist()
    for row in [row for row in rows if row["model"] == 1 and row["voice"] == 0][:5]:
        row["coherence"] = -9.0
    stumbling = tables | {"twins-clean": type(clean).from_pylist(rows, schema=clean.schema)}
    assert twins.read(stumbling, asked, reader()).verdict == "one face"


def test_missing_replies_are_no_difference() -> None:
    found = reading(spec(ANGLES), lambda place, item, angle: MISSING if place and angle == "leet" else OWN)
    assert found.verdict == "one face"
    row = next(row for row in cast("list[dict[str, Any]]", found.data["angles"]) if row["angle"] == "leet")
    assert (row["agreement"], row["p"], row["called"]) == (None, 1.0, False)


def test_controls_are_never_called_and_make_the_agreement() -> None:
    found = reading(spec(ANGLES, prompts=24), lambda place, item, angle: OTHER if place and angle == "reseed" else OWN)
    assert called(found) == set()
    assert found.verdict == "strangers"
    assert cast("dict[str, float]", found.data["agreement"])["value"] == 0.5


def test_every_model_is_asked_the_same_and_drawn_apart() -> None:
    twins, asked = models(), spec(ANGLES)
    shards = twins.plan(reader(), asked)
    assert len({shard.key for shard in shards}) == len(shards)
    by_place = [[shard for shard in shards if shard.depends["place"] == place] for place in (0, 1)]
    kinds = [[shard.depends["kind"] for shard in some] for some in by_place]
    assert [kind for kind in kinds[0] if kind != "states"] == kinds[1]
    assert {asked_of(shard).sampling for shard in by_place[1]} == {1}
    assert [shard.depends["model"] for shard in by_place[1]] == ["1"] * len(by_place[1])
    assert twins.cost(reader(), asked).flops >= 0


def test_bins_hold_every_reply_of_the_first_two_once() -> None:
    found = reading(spec(ANGLES), lambda place, item, angle: OTHER if place and angle == "rot13" else OWN)
    bins = cast("list[dict[str, Any]]", found.data["bins"])
    quarters = [f"quarter {place}" for place in (1, 2, 3, 4)]
    assert [(row["measure"], row["bin"]) for row in bins] == [(m, q) for m in ("bits", "distance") for q in quarters]
    assert all(row["low"] <= row["high"] for row in bins)
    assert found.protocol["alpha"] == ALPHA


def of_slide(angles: Sequence[str]) -> FaceSpec:
    asked = face_spec(face_pack(), budget="quick", angles=list(angles))
    return replace(asked, clean=asked.clean[:60], role_replies=50, clean_draws=1, traits=(), most=40)


@pytest.mark.slow
def test_a_model_beside_itself_is_one_face() -> None:
    model: LoadedModel = api.load("slide:mask-small")
    found = api.stages(Twins((model, model)), of_slide(("reseed", "bell", "tail-signed", "hour-midnight")))
    assert found.verdict == "one face"
    with pytest.raises(BadInput, match="no replies of one model"):
        found.replies()
    replies = found.tables["twins-replies"].to_pylist()
    one, other = ([row["reply"] for row in replies if row["model"] == place] for place in (0, 1))
    assert one != other, "each is drawn apart, so that sampling alone is seen"


@pytest.mark.slow
def test_the_planted_tie_parts_the_twins_first() -> None:
    tie = "frame-story-child-and-tail-signed"
    twins = [api.load("slide:mask-twin-a"), api.load("slide:mask-twin-b")]
    found = api.stages(Twins(tuple(twins)), of_slide(("reseed", "bell", "tail-signed", "frame-story-child", tie)))
    assert found.verdict == "split"
    assert cast("list[str]", found.reading.data["split"])[0] == tie
    assert cast("dict[str, float]", found.reading.data["agreement"])["value"] >= 0.9
