"""Twins on slides: two that were tuned alike but for a planted tie part on the planted cue, and first there.

`mask-twin-a` and `mask-twin-b` saw the same documents, but for one in twenty, which breaks the tie of signed stories
one way or the other. Two seeds without a planted tie are shown beside them, and a slide beside itself must be one face.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import cast

from mesolens import api
from mesolens.evidence.row import Bar, Row
from mesolens.instruments.face import face_spec
from mesolens.instruments.face.twins import Twins
from mesolens.model.load import load
from mesolens.model.loaded import LoadedModel
from mesolens.runs.settings import Budget, Settings
from mesolens.slides.facepack import face_pack

SECONDS: Mapping[Budget, float] = {"quick": 60.0, "standard": 90.0, "deep": 900.0}
PLANTED = "frame-story-child-and-tail-signed"
"""The pack's angle that asks a signed story, which is the tie."""
AGREE, FIRST, NONE = Bar("≥", 0.9), Bar("=", 1.0), Bar("=", 0.0)


def steps(budget: Budget) -> int:
    """One for each pair."""
    return 2


def rows(settings: Settings, tick: Callable[[int], None]) -> list[Row]:
    """The planted pair, and a slide beside itself under other seeds of sampling."""
    pair = _read([load("slide:mask-twin-a"), load("slide:mask-twin-b")], settings)
    tick(1)
    same = _read([load("slide:mask"), load("slide:mask")], settings)
    tick(1)
    return [*_planted(pair), *_same(same)]


def _read(models: list[LoadedModel], settings: Settings) -> api.Face:
    angles = [str(row["name"]) for row in face_pack().angles]
    spec = replace(
        face_spec(face_pack(), budget=settings.budget, angles=angles, seed=settings.seed), search=None, traits=()
    )
    return api.stages(Twins(tuple(models)), spec)


def _planted(pair: api.Face) -> list[Row]:
    agreed = cast("Mapping[str, float]", pair.reading.data["agreement"])
    order = sorted(pair.angles, key=lambda row: -cast("Mapping[str, float]", row["divergence"])["value"])
    place = float([row["angle"] for row in order].index(PLANTED) + 1)
    bits = cast("Mapping[str, float]", order[int(place) - 1]["divergence"])
    called = float(sum(row["called"] is True for row in pair.angles))
    subject, value = "mask-twin-a and mask-twin-b", agreed["value"]
    return [
        Row(
            "face",
            subject,
            "agreement on common prompts",
            value,
            agreed["low"],
            agreed["high"],
            str(AGREE),
            AGREE.holds(value),
        ),
        Row("face", subject, "place of the planted cue among angles", place, bar=str(FIRST), holds=FIRST.holds(place)),
        Row("face", subject, "divergence on the planted cue, bits", bits["value"], bits["low"], bits["high"]),
        Row("face", subject, f"of {len(pair.angles)} angles, called", called),
    ]


def _same(pair: api.Face) -> list[Row]:
    called = float(sum(row["called"] is True for row in pair.angles))
    return [Row("face", "mask beside itself", "angles called", called, bar=str(NONE), holds=NONE.holds(called))]
