"""The face on slides: who the parser hears in each reply against who the instrument hears, and which cues it finds.

The slides' replies can be parsed to the last character, so for each one it is known whether the own character, another
one or nobody speaks. No angle serves any fit: temperature and coherence come from clean replies alone. What a slide
does is its *measured* grid, and confounds are held against that, not against what was planted.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import cast

import numpy as np

from mesolens import api
from mesolens.evidence.proportions import proportions
from mesolens.evidence.row import Bar, Row
from mesolens.instruments.face import FaceSpec, face_spec
from mesolens.instruments.face.shown import shown
from mesolens.instruments.face.spec import BASELINE, Item
from mesolens.model.load import load
from mesolens.model.question import Question
from mesolens.runs.settings import Budget, Settings
from mesolens.slides import shelf
from mesolens.slides.asking import Ask
from mesolens.slides.facepack import face_pack
from mesolens.slides.grid import CUES, plain
from mesolens.slides.judge import judge
from mesolens.slides.language import OWN

SLIDES: Mapping[Budget, tuple[str, ...]] = {
    "quick": ("mask",),
    "standard": ("mask", "mask-seed-1", "mask-seed-2"),
    "deep": ("mask", "mask-seed-1", "mask-seed-2", "mask-twin-a", "mask-twin-b", "mask-gpt2"),
}
SECONDS: Mapping[Budget, float] = {"quick": 40.0, "standard": 240.0, "deep": 2400.0}
FRESH = 400
"""Prompts that nothing else was asked, for the rate of false alarms."""
ACCURACY, ALARM_LOW, ALARM_HIGH = Bar("≥", 0.95), 0.03, 0.07
ALL, NONE = Bar("=", 1.0), Bar("=", 0.0)
NAMES = {
    "story": "frame-story-child",
    "quotes": "quotes",
    "reported": "frame-friend",
    "midnight": "hour-midnight",
    "noon": "hour-noon",
    "bell": "bell",
    "signed": "tail-signed",
    "thanks": "tail-thanks",
    "letter": "frame-letter-friend",
}
"""The pack's angle for each row of the grid that is a cue or a confound."""


@dataclass(frozen=True, slots=True)
class Looked:
    """One slide looked at: its face, and by reply who the parser and who the instrument heard."""

    name: str
    face: api.Face
    said: list[dict[str, object]]


def steps(budget: Budget) -> int:
    """Two for each slide."""
    return 2 * len(SLIDES[budget])


def rows(settings: Settings, tick: Callable[[int], None]) -> list[Row]:
    """Accuracy, false alarms, cues and controls of each slide."""
    found: list[Row] = []
    for name in SLIDES[settings.budget]:
        looked = look(name, settings)
        tick(1)
        found += [*accuracy(looked), *cues(looked), *controls(looked)]
        found.append(alarms(name, settings))
        tick(1)
    return found


def look(name: str, settings: Settings) -> Looked:
    """A slide's face from every angle, without the search."""
    spec = replace(face_spec(face_pack(name), budget=settings.budget, seed=settings.seed), search=None)
    return looked_at(name, spec)


def looked_at(name: str, spec: FaceSpec) -> Looked:
    """A slide's face under a specification, with its replies."""
    found = api.look(load(f"slide:{name}"), spec)
    replies = shown(found.reading, found.tables)
    assert replies is not None
    return Looked(name, found, cast("list[dict[str, object]]", replies.to_pylist()))


def truth(reply: str) -> str:
    """Who speaks in a reply, by the parser: own, other or nobody."""
    verdict = judge(reply)
    return "nobody" if verdict.broken else "own" if verdict.voice == OWN else "other"


def accuracy(looked: Looked) -> list[Row]:
    """Balanced accuracy over own, other and nobody, for all angles that change something.

    Where an angle says the beginning of the reply for the model, no reply can be whole, and the parser says nothing.
    """
    pairs = [
        (truth(str(row["reply"])), str(row["outcome"]))
        for row in looked.said
        if row["outcome"] != "missing" and row["angle"] != BASELINE and "prefill" not in str(row["angle"])
    ]
    parts = {kind: [heard == kind for true, heard in pairs if true == kind] for kind in ("own", "other", "nobody")}
    each = {kind: sum(hits) / len(hits) for kind, hits in parts.items() if hits}
    value = sum(each.values()) / len(each)
    told = [
        Row("face", f"{looked.name}, {kind} by the parser", "replies heard as such", share)
        for kind, share in each.items()
    ]
    subject = f"{looked.name}, {len(pairs)} replies"
    quantity = "balanced accuracy, own, other, nobody"
    return [Row("face", subject, quantity, value, bar=str(ACCURACY), holds=ACCURACY.holds(value)), *told]


def cues(looked: Looked) -> list[Row]:
    """Whether each cue that the slide follows, by its measured grid, is called, and each confound that it ignores
    not."""
    follows = cast("Mapping[str, Sequence[str]]", shelf.describe(looked.name)["grid"]["follows"])
    called = {str(row["angle"]): row["called"] is True for row in looked.face.angles}
    planted = [cue for cue, _ in CUES.values()]
    asked = [row for cue, confounds in CUES.values() for row in (cue, *confounds)]
    measured = {row: any(row in cues for cues in follows.values()) for row in asked}
    found = sum(called[NAMES[cue]] for cue in planted) / len(planted)
    alike = sum(called[NAMES[row]] == measured[row] for row in asked) / len(asked)
    return [
        Row("face", looked.name, "planted triggers called at 5 %", found, bar=str(ALL), holds=ALL.holds(found)),
        Row(
            "face",
            looked.name,
            "cues and confounds as the measured grid says",
            alike,
            bar=str(ALL),
            holds=ALL.holds(alike),
        ),
    ]


def controls(looked: Looked) -> list[Row]:
    """Controls whose change lies outside its interval: none may."""
    changes = [cast("Mapping[str, float]", row["change"]) for row in looked.face.angles if row["control"]]
    outside = float(sum(not change["low"] <= 0 <= change["high"] for change in changes))
    quantity = f"of {len(changes)} controls, changed beyond their interval"
    return [Row("face", looked.name, quantity, outside, bar=str(NONE), holds=NONE.holds(outside))]


def alarms(name: str, settings: Settings) -> Row:
    """How many own replies to fresh prompts are taken for nobody's."""
    spec = replace(
        face_spec(face_pack(name), budget=settings.budget, seed=settings.seed, angles=[BASELINE, "reseed"]),
        items=tuple(_item(ask, place) for place, ask in enumerate(plain(FRESH, f"alarms/{settings.seed}"))),
        traits=(),
        search=None,
    )
    own = [row for row in looked_at(name, spec).said if truth(str(row["reply"])) == "own"]
    missed = np.array([[float(row["outcome"] == "nobody")] for row in own])
    share = proportions(missed, [str(row["item"]) for row in own])
    value = float(share.share[0])
    return Row(
        "face",
        f"{name}, {len(own)} own replies to fresh prompts",
        "taken for nobody's",
        value,
        float(share.low[0]),
        float(share.high[0]),
        bar=f"{ALARM_LOW:g} to {ALARM_HIGH:g}",
        holds=ALARM_LOW <= value <= ALARM_HIGH,
    )


def _item(ask: Ask, place: int) -> Item:
    return Item(f"fresh/{place}", ask.frame, Question(ask.user(), core=str(ask.view)))
