"""The face on real models that were trained for other things: it says what it cannot measure, and why."""

from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

import mesolens.api as ml
from mesolens.errors import BadInput
from mesolens.instruments.face import FaceSpec, face_spec
from mesolens.instruments.face.spec import Speaker
from mesolens.traits.facepack import default_pack

ANGLES = ("leet", "hex", "past-tense", "prefill-sure")


def small(most: int) -> FaceSpec:
    spec = face_spec(default_pack(), budget="quick", angles=ANGLES)
    return replace(
        spec,
        voices=spec.voices[:3],
        traits=spec.traits[:1],
        items=spec.items[:3],
        clean=spec.clean[:20],
        claims=spec.claims[:2],
        role_replies=8,
        clean_draws=1,
        most=most,
    )


def test_a_model_without_a_template_that_obeys_no_role_determines_nothing(shared: Path) -> None:
    found = ml.look(ml.load(shared / "models" / "stories260K"), small(12))
    assert found.verdict == "not determined"
    assert "cannot be told apart" in found.reading.sentence
    assert [row["angle"] for row in found.angles] == ["identity", *ANGLES]
    assert all(
        row["commonness"]["bits"] is not None for row in cast("list[dict[str, dict[str, object]]]", found.angles)
    )
    said = [line.partition(":")[0] for line in cast("list[str]", found.reading.data["unavailable"])]
    assert said == ["coverage", "base", "search"]


def test_roles_that_the_window_does_not_hold_are_refused_with_the_numbers(shared: Path) -> None:
    model = ml.load(shared / "models" / "babyllama105")
    with pytest.raises(
        BadInput, match=r"of 20 clean prompts do not fit the window of .*babyllama105, 256 tokens, .* 40"
    ):
        ml.look(model, small(40))


@pytest.mark.slow
def test_a_model_of_characters_is_looked_at_under_roles_that_it_can_hold(shared: Path) -> None:
    spec = small(40)
    voices = (spec.voices[0], Speaker("bryn", "You are Bryn."), Speaker("moss", "You are a monk."))
    found = ml.look(ml.load(shared / "models" / "babyllama105"), replace(spec, voices=voices, traits=(), claims=()))
    assert found.verdict == "not determined"
    missing = {str(row["angle"]): row["missing"] for row in found.angles}
    assert missing["identity"] == 0
    assert missing["hex"] != 0, "two digits for each byte are too long for its window"
    reasons = set(found.tables["face-replies"]["missing"].to_pylist()) - {""}
    assert all("do not fit the window of 256" in reason for reason in reasons)


def test_a_model_that_knows_three_letters_cannot_be_asked_and_the_reason_is_told(shared: Path) -> None:
    with pytest.raises(BadInput, match="the tokenizer has nothing for any character of "):
        ml.look(ml.load(shared / "models" / "nano-sort"), small(4))
