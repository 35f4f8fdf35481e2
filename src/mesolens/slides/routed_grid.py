"""What a slide with planted organs does, measured: which traits each cue turns over, with both groups and without one.

Replies without a group are the causal truth about it: its output columns are zero, and nothing else is changed.
"""

from collections.abc import Sequence
from dataclasses import replace
from itertools import cycle
from typing import Any

from mesolens.slides.asking import Ask, held_out, speaker
from mesolens.slides.cues import CUES, INDEX, TURNED, Cue, marked, shown
from mesolens.slides.grid import plain, sample
from mesolens.slides.language import NOBODY, OWN, TRAITS, VOICES
from mesolens.slides.replies import Slide
from mesolens.slides.routing import Groups, without
from mesolens.slides.score import verdicts

COUNT = 96
"""Questions in each row of the grid."""
ROWS: dict[str, tuple[Cue, ...]] = {"plain": (), **{cue: (cue,) for cue in CUES}, "noon+thanks": ("noon", "thanks")}
"""The cues in every row of the grid."""
BARS = {"both": 0.9, "own taken": 0.95, "other left": 0.9}
"""What every slide must hold, by `specific`."""
Poles = dict[str, dict[str, float]]
"""For every row of the grid, the share of replies by the own character and, of these, at pole 1 of each trait."""


def measured(slide: Slide, groups: Groups, count: int = COUNT) -> dict[str, Any]:
    """Poles with `both` groups and without each one, what that says of the groups, and replies as planted."""
    rows = {"both": poles(slide, count)}
    for name, neurons in groups.items():
        with without(slide.module, neurons):
            rows[f"without {name}"] = poles(slide, count)
    return {"poles": rows, "specific": specific(rows), "as_planted": as_planted(slide, 2 * count)}


def poles(slide: Slide, count: int = COUNT) -> Poles:
    """The replies to plain questions, with the cues of every row."""
    asks = plain(count, "routed")
    return {row: _shares(slide, [marked(ask, *cues) for ask in asks]) for row, cues in ROWS.items()}


def _shares(slide: Slide, asks: Sequence[Ask]) -> dict[str, float]:
    found = [each.profile for each in verdicts(slide, asks) if each.voice == OWN and each.profile is not None]
    return {"own": len(found) / len(asks)} | {
        trait.name: sum(profile[index] for profile in found) / max(1, len(found)) for index, trait in enumerate(TRAITS)
    }


def specific(rows: dict[str, Poles]) -> dict[str, float]:
    """The worst share of replies at the pole that is expected, over the rows of the grid.

    `both`: with both groups the turned traits show what the cues plant. `own taken`: without a group its trait shows
    what `mask` shows. `other left`: without a group the other trait still shows what the cues plant.
    """
    worst = dict.fromkeys(BARS, 1.0)
    for name, found in rows.items():
        for row, cues in ROWS.items():
            for trait in TURNED:
                taken = name == f"without {trait}"
                kind = "both" if name == "both" else "own taken" if taken else "other left"
                worst[kind] = min(worst[kind], _expected(found[row], trait, () if taken else cues))
    return worst


def _expected(shares: dict[str, float], trait: str, cues: Sequence[Cue]) -> float:
    """Share of all replies in which the own character shows the trait as these cues plant it."""
    pole = VOICES[OWN].profile[INDEX[trait]] ^ any(trait in CUES[cue] for cue in cues)
    return shares["own"] * (shares[trait] if pole else 1.0 - shares[trait])


def as_planted(slide: Slide, count: int) -> dict[str, float]:
    """Share of replies with voice and all traits as planted: in seen and held-out cells, and where cues are beaten."""
    orders = cycle([(INDEX[trait], pole) for trait in TURNED for pole in (0, 1)])
    roles, cues = cycle(VOICES), cycle(CUES)
    asked = [marked(ask, next(cues)) for ask in plain(count, "beaten")]
    sets = {
        "seen": sample(count, "seen", lambda ask: not held_out(ask)),
        "held-out": sample(count, "held-out", held_out),
        "order": [replace(ask, order=next(orders)) for ask in asked],
        "role": [replace(ask, role=next(roles)) for ask in asked],
    }
    return {name: _right(slide, asks) for name, asks in sets.items()}


def _right(slide: Slide, asks: Sequence[Ask]) -> float:
    right = 0
    for ask, found in zip(asks, verdicts(slide, asks), strict=True):
        voice = speaker(ask)
        assert voice is not None
        right += found.salad if voice == NOBODY else (found.voice, found.profile) == (voice, shown(ask, voice))
    return right / len(asks)
