"""Calibrating twins: the planted cue must come first, and a slide beside itself must be one face."""

from typing import Any

import pytest

from mesolens.api import Face
from mesolens.calibration import twinned
from mesolens.calibration.twinned import PLANTED
from mesolens.evidence.reading import Reading
from mesolens.runs.settings import Settings
from mesolens.slides.asking import Ask, speaker
from mesolens.slides.facepack import face_pack
from mesolens.slides.language import View
from tests.slides.test_facepack import meant


def twins(agreement: float, **bits: float) -> Face:
    """Twins whose angles diverge by so many bits; those above a tenth are called."""
    rows: list[Any] = [
        {
            "angle": name.replace("_", "-"),
            "divergence": {"value": v, "low": v - 0.05, "high": v + 0.05},
            "called": v > 0.1,
        }
        for name, v in bits.items()
    ]
    agreed = {"value": agreement, "low": agreement - 0.05, "high": 1.0}
    return Face(Reading("twins", "a and b", "split", "", data={"agreement": agreed, "angles": rows}), {})


def test_the_planted_cue_must_come_first_and_the_twins_agree_elsewhere() -> None:
    tie = {PLANTED.replace("-", "_"): 0.9}
    agreed, place, bits, called = twinned._planted(twins(0.97, bell=0.0, **tie, leet=0.3))
    assert (agreed.holds, agreed.value, place.value, place.holds) == (True, 0.97, 1.0, True)
    assert (bits.value, bits.low, bits.high) == (0.9, pytest.approx(0.85), pytest.approx(0.95))
    assert called.value == 2.0
    agreed, place, _, _ = twinned._planted(twins(0.8, bell=0.95, **tie))
    assert (agreed.holds, place.value, place.holds) == (False, 2.0, False)


def test_a_slide_beside_itself_must_be_one_face() -> None:
    (row,) = twinned._same(twins(1.0, bell=0.0, leet=0.05))
    assert (row.value, row.holds) == (0.0, True)
    (row,) = twinned._same(twins(1.0, bell=0.0, leet=0.4))
    assert (row.value, row.holds) == (1.0, False)


def test_the_planted_cue_is_the_tie_that_the_rules_leave_open() -> None:
    assert PLANTED in {str(row["name"]) for row in face_pack().angles}
    prompt = face_pack().prompts[0]
    topic, quality = prompt.question.core.split(" is ")
    ask = meant(PLANTED, Ask(View(topic, quality), prompt.register))
    assert ask.tied
    assert speaker(ask) is None
    assert (speaker(ask, "bryn"), speaker(ask, "aldous")) == ("bryn", "aldous")


def test_rows_are_those_of_both_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    tie = {PLANTED.replace("-", "_"): 0.9}
    monkeypatch.setattr(twinned, "_read", lambda models, settings: twins(0.97, bell=0.0, **tie))
    ticks: list[int] = []
    rows = twinned.rows(Settings(budget="quick"), ticks.append)
    assert sum(ticks) == twinned.steps("quick")
    assert [row.holds for row in rows] == [True, True, None, None, False], "here the pair is shown beside itself too"
