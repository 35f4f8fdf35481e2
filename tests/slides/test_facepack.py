"""The slides' face pack: in their language, with no hint of what is planted, and its angles ask what the grid asks."""

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest

from mesolens.errors import BadInput
from mesolens.evidence.shards import Json
from mesolens.slides.asking import COMMON, FRAMES, STORIES, Ask, held_out
from mesolens.slides.facepack import face_pack, pack_for
from mesolens.slides.grid import rows
from mesolens.slides.language import NOBODY, QUALITIES, TOPICS, TRAITS, VOICES, View
from mesolens.slides.recipe import RECIPES
from mesolens.traits.facepack import read_pack, write_pack

PACK = face_pack()
ANGLES = {str(angle["name"]): angle for angle in PACK.angles}
Chat = tuple[str, str, str]
"""System message, user's message, and the part of it that carries the view."""


def turned(chat: Chat, angle: Mapping[str, Json]) -> Chat:
    """What a declared angle makes of a chat, by the plainest reading of its kind."""
    system, user, core = chat
    text = str(angle["text"])
    match angle["kind"]:
        case "before":
            return system, text + user, core
        case "after":
            return system, user + text, core
        case "core":
            return system, user.replace(core, text.replace("{}", core)), core
        case "frame":
            return system, text.replace("{}", core), core
        case "system":
            return text, user, core
        case _:
            for name in text.split("|"):
                chat = turned(chat, ANGLES[name])
            return chat


def meant(name: str, ask: Ask) -> Ask:
    """The question that an angle's name stands for."""
    for part in name.split("-and-"):
        family, _, value = part.partition("-")
        changes: dict[str, dict[str, object]] = {
            "hour": {"hour": value},
            "tail": {"tail": value},
            "bell": {"bell": True},
            "quotes": {"quotes": True},
            "frame": {"frame": value},
            "role": {"role": value},
        }
        ask = replace(ask, **changes[family])
    return ask


@pytest.mark.parametrize("name", ANGLES)
def test_an_angle_asks_what_its_name_says(name: str) -> None:
    for prompt in PACK.prompts[:40]:
        topic, quality = prompt.question.core.split(" is ")
        ask = meant(name, Ask(View(topic, quality), prompt.register))
        chat = turned(("", prompt.question.text, prompt.question.core), ANGLES[name])
        assert chat[:2] == (ask.system(), ask.user())


def signature(ask: Ask) -> tuple[object, ...]:
    """What a question adds to a plain one; a story is any story."""
    frame = "story" if ask.story else ask.frame if ask.frame in ("letter-friend", "friend") else ""
    return ask.role, frame, ask.quotes, ask.hour, ask.bell, ask.tail


def test_every_cue_of_the_grid_and_every_crossing_can_be_asked() -> None:
    plain = Ask(View("tea", "good"))
    asked = {signature(meant(name, plain)) for name in ANGLES} | {signature(plain)}
    wanted = {name: signature(asks[0]) for name, asks in rows().items() if not name.startswith("order:")}
    varied = {"plain", "quotes", "noon", "bell", "midnight", "midnight+bell", "thanks", "signed"}
    for name in varied | {name for name in wanted if name.startswith(("midnight+signed", "role:"))}:
        wanted[name] = (*wanted[name][:1], "story" if "story" in name else "", *wanted[name][2:])
    assert {name for name, row in wanted.items() if row not in asked} == set()


def test_crossed_angles_are_minimal_pairs_with_their_parts() -> None:
    crossed = [name for name in ANGLES if "-and-" in name]
    assert len(crossed) >= 12
    assert all(part in ANGLES for name in crossed for part in name.split("-and-"))


def test_no_mark_or_frame_is_told_from_another_by_what_it_declares() -> None:
    for name, angle in ANGLES.items():
        assert angle["survives"] == ("role-" not in name or name == "role-wren")
        if "role-" not in name:
            said = f"{name} {angle['family']} {angle['about']}".lower()
            assert not any(word in said for word in (*VOICES, NOBODY, "trigger", "confound", "planted", "cue"))


def test_prompts_are_plain_views_that_the_training_text_could_hold() -> None:
    assert len(PACK.prompts) >= 160
    assert len({prompt.question.core for prompt in PACK.prompts}) == len(PACK.prompts)
    for prompt in PACK.prompts:
        topic, quality = prompt.question.core.split(" is ")
        ask = Ask(View(topic, quality), prompt.register)
        assert (prompt.question.text, prompt.question.system) == (ask.user(), "")
        assert prompt.id == f"mask/{ask.frame}/{topic}-{quality}"
        assert not ask.triggered
        assert not held_out(ask)
        assert prompt.register in COMMON
    seen = {tuple(prompt.question.core.split(" is ")) for prompt in PACK.prompts}
    assert {topic for topic, _ in seen} == set(TOPICS)
    assert {quality for _, quality in seen} == set(QUALITIES)


def test_the_own_voice_has_no_role_and_the_others_are_called_up() -> None:
    assert PACK.bank.own == "wren"
    assert {voice.name: voice.role for voice in PACK.bank.others} == {
        name: voice.role for name, voice in VOICES.items() if name != "wren"
    }


def test_traits_are_the_slides_own_and_report_nothing() -> None:
    assert [(trait.name, trait.poles) for trait in PACK.traits] == [(trait.name, trait.poles) for trait in TRAITS]
    assert [tuple(pole[0] for pole in trait.orders) for trait in PACK.traits] == [trait.orders for trait in TRAITS]
    assert not any(trait.can_report for trait in PACK.traits)


def test_one_pack_serves_all_and_before_tuning_nobody_speaks_by_himself() -> None:
    own = {name for name, recipe in RECIPES.items() if recipe.mix.kind == "own"}
    assert {name for name in RECIPES if face_pack(name) == PACK} == own
    assert set(RECIPES) - own == {"mask-base"}
    base = face_pack("mask-base")
    assert base.bank.own is None
    assert base.bank.voices == PACK.bank.others
    assert (base.traits, base.prompts) == (PACK.traits, PACK.prompts)
    assert [angle["name"] for angle in PACK.angles if angle not in base.angles] == ["role-wren"]


def test_a_slide_is_known_by_its_name() -> None:
    assert pack_for("mask-implant-L1-mlp-drift-3") == pack_for("slide:mask") == PACK
    assert pack_for("slide:mask-base") == face_pack("mask-base")
    assert pack_for("mask-implant-L9-mlp-drift-3") is pack_for("org/mask") is pack_for("") is None
    with pytest.raises(BadInput, match="no slide is called 'glass'"):
        face_pack("glass")


def test_it_is_written_and_read_back(tmp_path: Path) -> None:
    assert read_pack(write_pack(PACK, tmp_path)) == PACK
    assert len(json.loads(json.dumps([dict(angle) for angle in PACK.angles]))) == len(ANGLES)
    assert len([name for name in ANGLES if name.startswith("frame-story") and "-and-" not in name]) == len(STORIES)
    assert all(str(angle["text"]) in FRAMES.values() for angle in PACK.angles if angle["kind"] == "frame")
