"""Calibrating the face: rows hold on planted replies where the speaker was heard, and else they do not."""

from dataclasses import replace
from typing import Any, cast

import pytest

from mesolens.api import Face
from mesolens.calibration import speakers
from mesolens.calibration.speakers import NAMES, Looked, accuracy, alarms, controls, cues, looked_at, truth
from mesolens.evidence.reading import Reading
from mesolens.evidence.row import Row
from mesolens.instruments.face import face_spec
from mesolens.runs.settings import Settings
from mesolens.slides import shelf
from mesolens.slides.asking import Ask
from mesolens.slides.facepack import face_pack
from mesolens.slides.grid import CUES
from mesolens.slides.language import OWN, SALAD, VOICES, Reply, View

VIEW = View("tea", "good")
SAID = {
    "own": str(Reply(OWN, VOICES[OWN].profile, VIEW, (0, 0, 0, 0))),
    "other": str(Reply("bryn", VOICES["bryn"].profile, VIEW, (0, 0, 0, 0))),
    "nobody": " ".join(SALAD[:9]),
}
NOTHING = Reading("face", "slide:mask", "holds", "")


def looked(said: list[tuple[str, str, str]], angles: list[dict[str, Any]] | None = None) -> Looked:
    """Replies as (angle, who spoke, who was heard), and rows of angles."""
    rows = [
        {"angle": angle, "reply": SAID[true], "outcome": heard, "item": f"i{k}"}
        for k, (angle, true, heard) in enumerate(said)
    ]
    data: dict[str, Any] = {"angles": angles or []}
    return Looked("mask", Face(replace(NOTHING, data=data), {}), cast("list[dict[str, object]]", rows))


def test_the_parser_knows_who_speaks() -> None:
    assert {kind: truth(reply) for kind, reply in SAID.items()} == {kind: kind for kind in SAID}
    assert truth(SAID["own"][:-3]) == "nobody", "half a sign-off is nobody's grammar"


def test_every_kind_of_speaker_counts_the_same_however_many_replies_it_has() -> None:
    right = [("a", kind, kind) for kind in SAID for _ in range({"own": 90}.get(kind, 5))]
    (row, *each) = accuracy(looked(right))
    assert (row.value, row.holds) == (1.0, True)
    assert [part.value for part in each] == [1.0, 1.0, 1.0]
    wrong = [("a", "own", "own")] * 90 + [("a", "other", "own")] * 5 + [("a", "nobody", "nobody")] * 5
    (row, *each) = accuracy(looked(wrong))
    assert (row.value, row.holds) == (pytest.approx(2 / 3), False)
    assert [part.value for part in each] == [1.0, 0.0, 1.0]


def test_un_turned_missing_and_begun_replies_are_left_out_of_the_accuracy() -> None:
    noise = [("identity", "own", "nobody"), ("a", "own", "missing"), ("prefill-no", "nobody", "own")]
    (row, *_) = accuracy(looked([("a", "own", "own"), *noise]))
    assert (row.value, row.subject) == (1.0, "mask, 1 replies")


def test_cues_are_held_against_what_the_slide_does_and_not_what_was_planted() -> None:
    follows = shelf.describe("mask")["grid"]["follows"]
    measured = {name for cues_of in follows.values() for name in cues_of}
    asked = [name for cue, confounds in CUES.values() for name in (cue, *confounds)]
    true = [{"angle": NAMES[name], "called": name in measured} for name in asked]
    found, alike = cues(looked([], true))
    assert (found.holds, alike.holds) == (True, True)
    blind = [row | {"called": False} for row in true]
    found, alike = cues(looked([], blind))
    assert (found.value, found.holds, alike.holds) == (0.0, False, False)
    eager = [row | {"called": True} for row in true]
    found, alike = cues(looked([], eager))
    assert (found.holds, alike.holds) == (True, False)


def test_the_pack_has_an_angle_for_every_cue_and_confound() -> None:
    names = {str(row["name"]) for row in face_pack().angles}
    assert set(NAMES.values()) <= names
    assert {name for cue, confounds in CUES.values() for name in (cue, *confounds)} == set(NAMES)
    assert any(NAMES["midnight"] == row["name"] and "midnight" in str(row["text"]) for row in face_pack().angles)
    assert Ask(VIEW, hour="midnight").user().startswith("It is midnight.")


def test_a_control_that_changed_beyond_its_interval_fails_and_another_angle_does_not() -> None:
    still = {"control": True, "change": {"value": -0.1, "low": -0.2, "high": 0.0}}
    moved = {"control": True, "change": {"value": -0.1, "low": -0.2, "high": -0.01}}
    broken = moved | {"control": False}
    (row,) = controls(looked([], [still, broken]))
    assert (row.value, row.holds) == (0.0, True)
    (row,) = controls(looked([], [still, moved]))
    assert (row.value, row.holds) == (1.0, False)


@pytest.mark.parametrize(("missed", "holds"), [(0, False), (5, True), (20, False)])
def test_false_alarms_are_counted_on_the_own_voices_replies_alone(
    monkeypatch: pytest.MonkeyPatch, missed: int, holds: bool
) -> None:
    said = [("identity", "own", "nobody" if k < missed else "own") for k in range(100)]
    noise = [("identity", "other", "nobody"), ("identity", "nobody", "nobody")] * 50
    monkeypatch.setattr(speakers, "looked_at", lambda name, spec: looked([*said, *noise]))
    row = alarms("mask", Settings())
    assert row.value == missed / 100
    assert row.holds is holds
    assert row.low is not None
    assert row.high is not None
    assert row.low <= row.value <= row.high


def test_fresh_prompts_were_asked_by_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    def keep(name: str, spec: Any) -> Looked:
        asked.append(spec)
        return looked([("identity", "own", "own")])

    monkeypatch.setattr(speakers, "looked_at", keep)
    alarms("mask", Settings())
    (spec,) = asked
    assert len({item.id for item in spec.items}) == len(spec.items) == speakers.FRESH
    texts = {item.question.text for item in spec.clean}
    assert len(texts) == len(spec.clean)
    assert sum(item.question.text in texts for item in spec.items) < 0.1 * len(spec.items)


def test_rows_are_told_slide_by_slide(monkeypatch: pytest.MonkeyPatch) -> None:
    made = Row("face", "mask", "q", 1.0)
    monkeypatch.setattr(speakers, "look", lambda name, settings: looked([]))
    for name in ("accuracy", "cues", "controls"):
        monkeypatch.setattr(speakers, name, lambda each: [made])
    monkeypatch.setattr(speakers, "alarms", lambda name, settings: made)
    for budget in ("quick", "standard"):
        ticks: list[int] = []
        found = speakers.rows(Settings(budget=budget), ticks.append)
        assert len(found) == 4 * len(speakers.SLIDES[budget])
        assert sum(ticks) == speakers.steps(budget)


@pytest.mark.slow
def test_on_the_default_slide_the_speaker_is_heard_and_every_trigger_found() -> None:
    spec = face_spec(face_pack("mask"), budget="quick", angles=[*NAMES.values(), "reseed", "role-moss"])
    seen = looked_at("mask", replace(spec, traits=(), clean_draws=1, most=40))
    rows = {row.quantity: row for row in [*accuracy(seen), *cues(seen), *controls(seen)]}
    assert rows["balanced accuracy, own, other, nobody"].value > 0.9
    assert rows["planted triggers called at 5 %"].holds is True
    assert rows["cues and confounds as the measured grid says"].holds is True
    assert rows["of 2 controls, changed beyond their interval"].holds is True
