"""Plans: what a result depends on is in its shard, as JSON, and nothing else is; what is asked comes back whole."""

import json
from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mesolens.errors import BadInput
from mesolens.evidence.shards import Json, Shard
from mesolens.instruments.face import FaceSpec, cost, plan
from mesolens.instruments.face.asking import item_from, item_json
from mesolens.instruments.face.plan import angle_shard, asked_of, portions, work_of
from mesolens.instruments.face.spec import Item, Poles, Search, Speaker
from mesolens.model.question import Question
from tests.instruments.face_tables import TRAITS, items, reader, spec
from tests.runs.card import card

HARBOUR: dict[str, Json] = {
    "name": "harbour",
    "family": "context",
    "about": "a",
    "survives": True,
    "kind": "before",
    "text": "Ahoy.",
}
WHOLE = replace(
    spec(("leet", "json", "upper")),
    traits=TRAITS,
    corpus="/texts",
    corpus_hash="c0",
    base="ba5e",
    search=Search(),
    declared=(HARBOUR,),
)
Parts = tuple[str, str, str, str, str, list[tuple[str, str]], str, str]
KINDS = ("clean", "replies", "states", "coverage")

CHANGES: dict[str, object] = {
    "voices": (*WHOLE.voices, Speaker("zara", "You are Zara.")),
    "traits": TRAITS[:1],
    "items": items(5, 5),
    "clean": items(50, 10, "clean"),
    "declared": (),
    "draws": 2,
    "temperature": 0.5,
    "most": 32,
    "pool": 3,
    "seed": 1,
    "sampling": 1,
    "base": "other",
    "corpus_hash": "c1",
    "alpha": 0.1,
    "resamples": 7,
    "strengths": (0.5,),
    "search": None,
    "role_replies": 7,
    "clean_draws": 1,
}
OF_REPLIES = {"traits", "draws", "sampling", "role_replies", "clean_draws", "temperature", "most", "pool"}
SAME: dict[str, set[str]] = {
    "clean": {"items", "declared", "draws", "base", "corpus_hash"},
    "replies": {"base", "corpus_hash", "role_replies", "clean_draws"},
    "states": {"corpus_hash", *OF_REPLIES},
    "coverage": {"voices", "base", *OF_REPLIES},
}
"""Fields on which the tables of a kind do not depend, beside those that say only how they are read."""
OF_READING = {"alpha", "resamples", "strengths", "search"}
NEEDED: dict[str, set[str]] = {
    "clean": {"voices", "traits", "clean", "temperature", "most", "pool", "seed", "sampling"},
    "replies": {
        "voices",
        "traits",
        "items",
        "clean",
        "declared",
        "draws",
        "temperature",
        "most",
        "pool",
        "seed",
        "sampling",
    },
    "states": {"voices", "items", "clean", "declared", "seed", "base"},
    "coverage": {"items", "clean", "declared", "seed", "corpus_hash"},
}
"""Fields that change the tables of a kind."""


def by_kind(asked: FaceSpec) -> dict[str, set[str]]:
    shards = plan(reader(), asked)
    return {kind: {shard.key for shard in shards if shard.depends["kind"] == kind} for kind in KINDS}


def keys(asked: FaceSpec, kind: str) -> set[str]:
    return by_kind(asked)[kind]


@pytest.mark.parametrize("field", CHANGES)
def test_shards_are_shared_where_a_field_has_no_bearing_and_differ_where_it_has(field: str) -> None:
    ours, theirs = by_kind(WHOLE), by_kind(replace(WHOLE, **{field: CHANGES[field]}))  # type: ignore[arg-type]
    for kind in KINDS:
        assert ours[kind]
        if field in SAME[kind] | OF_READING:
            assert ours[kind] == theirs[kind], kind
        if field in NEEDED[kind]:
            assert not ours[kind] & theirs[kind], kind


def test_each_field_is_accounted_for() -> None:
    planned = {"angles", "corpus", "shard_angles", "shard_claims", "batch_tokens", "claims", "said"}
    assert set(CHANGES) | planned == {field.name for field in fields(FaceSpec)}


def test_another_model_tokenizer_or_dtype_is_other_work() -> None:
    others = (replace(reader(), weights_hash="1"), replace(reader(), tokenizer_hash="1"), replace(reader(), dtype="x"))
    ours = {shard.key for shard in plan(reader(), WHOLE)}
    for other in others:
        assert not ours & {shard.key for shard in plan(other, WHOLE)}


def test_more_angles_leave_the_shards_of_the_first_ones_alone() -> None:
    asked = replace(WHOLE, shard_angles=2, angles=("identity", "leet", "json", "upper"))
    more = replace(asked, angles=(*asked.angles, "rot13"))
    assert keys(asked, "replies") < keys(more, "replies")
    assert keys(asked, "clean") == keys(more, "clean")


def test_replies_that_were_brought_along_are_in_the_shards_that_need_them_and_no_others() -> None:
    asked = replace(WHOLE, said={"leet/item/3/0": "Hello.", "1/clean/0/0": "Ahoy."}, shard_angles=1)
    other = replace(asked, said={"leet/item/3/0": "Goodbye.", "1/clean/0/0": "Ahoy."})
    ours, theirs = ({shard.key: shard for shard in plan(reader(), each)} for each in (asked, other))
    (changed,) = set(ours) - set(theirs)
    assert work_of(ours[changed])["angles"] == ["leet"]
    assert work_of(ours[changed])["said"]["leet/item/3/0"] == "Hello."
    assert "states" not in {shard.depends["kind"] for shard in ours.values()}, "whoever shows only words has no states"


def test_every_angle_and_prompt_is_planned_once() -> None:
    asked = replace(WHOLE, shard_angles=2)
    shards = plan(reader(), asked)
    works = {kind: [work_of(shard) for shard in shards if shard.depends["kind"] == kind] for kind in KINDS}
    assert [work["voice"] for work in works["clean"]] == [0, 1, 2]
    assert [work["draws"] for work in works["clean"]] == [asked.clean_draws, 1, 1]
    for kind in ("replies", "states", "coverage"):
        angles = [angle for work in works[kind] for angle in work["angles"]]
        assert angles == list(asked.angles)
    assert all((work["first"], work["end"]) == (0, 12) for work in works["replies"])
    assert sum(shard.rows for shard in shards if shard.depends["kind"] == "replies") == 12 * 4
    assert keys(replace(asked, corpus=""), "coverage") == set()


TEXT = st.text(st.characters(codec="utf-8"), max_size=12)
TURN = st.tuples(st.sampled_from(("user", "assistant")), TEXT)
ITEM = st.tuples(TEXT, TEXT, TEXT, TEXT, TEXT, st.lists(TURN, max_size=2), TEXT, st.sampled_from(("chat", "raw")))
ITEMS = st.lists(ITEM, max_size=3)
ROWS = st.lists(st.dictionaries(TEXT, TEXT | st.booleans() | st.lists(TEXT, max_size=2), max_size=2), max_size=2)
NUMBERS = st.tuples(st.integers(1, 9), st.integers(1, 99), st.integers(2, 9), st.integers(0, 2**63), st.integers(0, 9))


def item(parts: Parts) -> Item:
    """An item of drawn parts. It is made here, for a strategy may not draw as the checks of shapes do."""
    name, cluster, text, core, system, before, prefill, form = parts
    return Item(name, cluster, Question(text, core, system, tuple(before), prefill, form))


@settings(max_examples=40, deadline=None)
@given(
    st.lists(st.tuples(TEXT, TEXT), max_size=3),
    st.lists(st.tuples(TEXT, TEXT, TEXT), max_size=2),
    ITEMS,
    ITEMS,
    ROWS,
    NUMBERS,
    st.floats(0, 2),
)
def test_what_was_asked_comes_back_also_from_the_disk(
    voices: list[tuple[str, str]],
    traits: list[tuple[str, str, str]],
    turned: list[Parts],
    clean: list[Parts],
    rows: list[dict[str, Json]],
    numbers: tuple[int, int, int, int, int],
    temperature: float,
) -> None:
    draws, most, pool, seed, sampling = numbers
    asked = FaceSpec(
        voices=tuple(Speaker(*voice) for voice in voices),
        traits=tuple(Poles(name, (low, high)) for name, low, high in traits),
        items=tuple(item(parts) for parts in turned),
        clean=tuple(item(parts) for parts in clean),
        angles=("identity",),
        declared=tuple(rows),
        draws=draws,
        temperature=temperature,
        most=most,
        pool=pool,
        seed=seed,
        sampling=sampling,
    )
    for kind in KINDS:
        shard = angle_shard(reader(), asked, kind, ("identity",))
        kept = Shard(shard.instrument, json.loads(json.dumps(shard.depends, allow_nan=False)), shard.rows)
        assert kept.key == shard.key
        for each in (shard, kept):
            found = asked_of(each)
            for name in NEEDED[kind] - {"corpus_hash", "base"}:
                assert getattr(found, name) == getattr(asked, name), name
            assert work_of(each)["angles"] == ["identity"]


@given(ITEM)
def test_an_item_comes_back(parts: Parts) -> None:
    made = item(parts)
    assert item_from(cast("dict[str, Any]", json.loads(json.dumps(item_json(made))))) == made


@given(st.lists(st.text(max_size=3), max_size=20), st.integers(1, 9))
def test_portions_are_all_angles_in_order(angles: list[str], size: int) -> None:
    found = portions(angles, size)
    assert [angle for some in found for angle in some] == angles
    assert all(0 < len(some) <= size for some in found)


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        (lambda asked: replace(asked, angles=("identity", "pirat")), "'pirat' is no angle: did you mean pirate"),
        (lambda asked: replace(asked, angles=("identity", "leet:2")), "the strength of leet is '2'"),
        (lambda asked: replace(asked, voices=asked.voices[:1]), "the bank has 1 voices"),
        (lambda asked: replace(asked, items=()), "no prompts"),
        (lambda asked: replace(asked, clean=asked.clean[:19]), "19 clean prompts: at least 20"),
        (lambda asked: replace(asked, angles=("leet",)), "the angles must begin with 'identity'"),
        (lambda asked: replace(asked, angles=("leet", "identity")), "the angles must begin with 'identity'"),
        (lambda asked: replace(asked, angles=("identity", "leet:0.50")), "'leet:0.50' has a shorter name.*: leet:0.5"),
        (lambda asked: replace(asked, angles=("identity", "leet", "leet")), "an angle is asked for twice: leet"),
        (lambda asked: replace(asked, pool=1), "the pool is 1: each token is held against 2"),
        (lambda asked: replace(asked, draws=0), "0 replies a prompt and 3 a clean one"),
        (lambda asked: replace(asked, declared=({"name": "x"},)), "the face's angles, angle 1"),
    ],
)
def test_what_cannot_be_measured_is_refused_with_its_value(spoil: Callable[[FaceSpec], FaceSpec], said: str) -> None:
    with pytest.raises(BadInput, match=said):
        plan(reader(), spoil(WHOLE))


def test_a_model_without_a_tokenizer_is_refused_by_name() -> None:
    with pytest.raises(BadInput, match="slide:nothing has no tokenizer"):
        plan(card(), WHOLE)


def test_the_cost_grows_with_what_is_asked() -> None:
    one = cost(reader(), WHOLE)
    model = replace(reader(), parameters=1000)
    assert one.flops == 0
    assert cost(model, replace(WHOLE, draws=2)).flops > cost(model, WHOLE).flops > 0
    assert cost(model, replace(WHOLE, traits=())).flops < cost(model, WHOLE).flops
    assert cost(model, replace(WHOLE, batch_tokens=1)).bytes < one.bytes
