"""The slides' face pack: in their language, with no hint of what is planted, and its angles ask what the grid asks."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from mesolens.angles.composition import parse, turned
from mesolens.angles.declared import declared
from mesolens.errors import BadInput
from mesolens.slides.asking import COMMON, FRAMES, STORIES, Ask, held_out
from mesolens.slides.facepack import face_pack, pack_for
from mesolens.slides.grid import rows
from mesolens.slides.language import NOBODY, QUALITIES, TOPICS, TRAITS, VOICES, View
from mesolens.slides.recipe import RECIPES
from mesolens.traits.facepack import read_pack, write_pack

PACK = face_pack()
ANGLES = {str(angle["name"]): angle for angle in PACK.angles}
KNOWN = declared(PACK.angles, "the slides' pack")


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


@pytest.mark.parametrize("name", [name for name in ANGLES if name != "reworded"])
def test_an_angle_asks_what_its_name_says(name: str) -> None:
    for prompt in PACK.prompts[:40]:
        topic, quality = prompt.question.core.split(" is ")
        ask = meant(name, Ask(View(topic, quality), prompt.register))
        asked = turned(prompt.question, parse(name, KNOWN), 0, prompt.id)
        assert (asked.system, asked.text) == (ask.system(), ask.user())


def signature(ask: Ask) -> tuple[object, ...]:
    """What a question adds to a plain one; a story is any story."""
    frame = "story" if ask.story else ask.frame if ask.frame in ("letter-friend", "friend") else ""
    return ask.role, frame, ask.quotes, ask.hour, ask.bell, ask.tail


def test_every_cue_of_the_grid_and_every_crossing_can_be_asked() -> None:
    plain = Ask(View("tea", "good"))
    asked = {signature(meant(name, plain)) for name in ANGLES if name != "reworded"} | {signature(plain)}
    wanted = {name: signature(asks[0]) for name, asks in rows().items() if not name.startswith("order:")}
    varied = {"plain", "quotes", "noon", "bell", "midnight", "midnight+bell", "thanks", "signed"}
    for name in varied | {name for name in wanted if name.startswith(("midnight+signed", "role:"))}:
        wanted[name] = (*wanted[name][:1], "story" if "story" in name else "", *wanted[name][2:])
    assert {name for name, row in wanted.items() if row not in asked} == set()


def test_the_reworded_control_asks_the_same_in_another_common_frame() -> None:
    texts = {
        turned(prompt.question, parse("reworded", KNOWN), 0, prompt.id).text: prompt.question for prompt in PACK.prompts
    }
    assert len(texts) > 100
    assert all(question.core in text for text, question in texts.items())


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
    assert pack_for("slide:mask-organs-2") == PACK
    assert pack_for("slide:mask-base") == face_pack("mask-base")
    assert pack_for("mask-implant-L9-mlp-drift-3") is pack_for("org/mask") is pack_for("") is None
    with pytest.raises(BadInput, match="no slide is called 'glass'"):
        face_pack("glass")


def test_it_is_written_and_read_back(tmp_path: Path) -> None:
    assert read_pack(write_pack(PACK, tmp_path)) == PACK
    assert len(json.loads(json.dumps([dict(angle) for angle in PACK.angles]))) == len(ANGLES)
    assert len([name for name in ANGLES if name.startswith("frame-story") and "-and-" not in name]) == len(STORIES)
    assert all(
        str(angle.get("text", FRAMES["plain"])) in FRAMES.values() for angle in PACK.angles if angle["kind"] == "frame"
    )
