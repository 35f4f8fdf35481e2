"""What each angle does to the face: three shares with their intervals, and whether that is more than chance.

A reply's outcome is paired with that of the same prompt un-turned. The test of one angle is of its mean change in *own*
over clusters of prompts; false discoveries are held at 5 % over all angles that are no controls, half of it for angles
that are many and half for one that is larger than the largest. Shares are corrected for the rate at which clean replies
are taken for something else.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
from jaxtyping import Bool, Float

from mesolens.angles.composition import Composition
from mesolens.evidence.discoveries import either
from mesolens.evidence.missing import bounded
from mesolens.evidence.paired import paired_tests
from mesolens.evidence.proportions import proportions
from mesolens.evidence.rates import corrected, one_hot
from mesolens.evidence.shards import Json
from mesolens.evidence.worst import worst_of
from mesolens.instruments.face.calibration import MISSING, OWN, Calibration
from mesolens.instruments.face.grid import Grid, voices_of

RATE = 0.05
CONTROL = "control"


@dataclass(frozen=True, slots=True)
class Tests:
    """For each angle: p-value of its change in *own*, adjusted for false discoveries, and for having been the worst.

    Controls are tested and not adjusted: their `adjusted` is their own p-value, and they are never called. Any other
    is called where `adjusted` (by :func:`mesolens.evidence.discoveries.either`) is at most :data:`RATE`.
    """

    change: Float[np.ndarray, " N"]
    low: Float[np.ndarray, " N"]
    high: Float[np.ndarray, " N"]
    p: Float[np.ndarray, " N"]
    adjusted: Float[np.ndarray, " N"]
    worst: Float[np.ndarray, " N"]
    called: Bool[np.ndarray, " N"]


def tested(grid: Grid, controls: Bool[np.ndarray, " N"], seed: int) -> Tests:
    """The tests of all angles at once."""
    lost = grid.lost
    found = paired_tests(-lost, grid.clusters, seed=seed)
    p = np.where(np.isnan(found.mean), np.nan, found.flip)
    worst = np.ones(len(p))
    if (~controls).any():
        worst[~controls] = worst_of(lost[:, ~controls], grid.clusters, seed=seed).p
    among = either(np.where(controls, np.nan, p), worst)
    return Tests(found.mean, found.low, found.high, p, np.where(controls, p, among), worst, among <= RATE)


def control(composition: Composition) -> bool:
    """Whether every step is a control, after which the persona must be as it was."""
    return all(step.angle.family == CONTROL for step in composition.steps)


def entries(
    grid: Grid,
    compositions: Sequence[Composition],
    tests: Tests,
    known: Calibration,
    voices: Sequence[str],
    *,
    draws: int,
    seed: int,
) -> list[dict[str, Json]]:
    """A row for each angle: what it is, its shares, its test."""
    labels = np.where(grid.outcome == MISSING, -1, grid.outcome)
    confusion = np.vstack([known.confusion + 1e-9, [0.0, 0.0, 1e12]])
    rates = corrected(one_hot(labels, 3), grid.clusters, confusion, draws=draws, seed=seed)
    understood = proportions(grid.understood, grid.clusters)
    bounds = bounded(grid.is_(OWN), grid.clusters)
    found: list[dict[str, Json]] = []
    for place, composition in enumerate(compositions):
        missing = int((grid.outcome[:, place] == MISSING).sum())
        shares: dict[str, Json] = {
            name: _interval(rates.share[place, k], rates.low[place, k], rates.high[place, k])
            for k, name in enumerate(("own", "other", "nobody"))
        }
        found.append(
            {
                **_about(composition),
                "items": len(grid.items),
                "missing": missing,
                **shares,
                "raw": [float(share) for share in np.nan_to_num(rates.observed[place])],
                "voices": cast(Json, voices_of(grid, place, voices) if missing < len(grid.items) else {}),
                "understood": _interval(understood.share[place], understood.low[place], understood.high[place]),
                **_test(tests, place),
                "bounds": [float(bounds.low[place]), float(bounds.high[place])] if missing else None,
            }
        )
    return found


def _about(composition: Composition) -> dict[str, Json]:
    steps = composition.steps
    return {
        "angle": str(composition),
        "family": steps[0].angle.family if len({step.angle.family for step in steps}) == 1 else "composed",
        "about": "; ".join(step.angle.about for step in steps),
        "survives": composition.survives,
        "undoing": composition.undoing,
        "strength": min(step.strength for step in steps),
        "control": control(composition),
    }


def _test(tests: Tests, place: int) -> Mapping[str, Json]:
    return {
        "change": _interval(tests.change[place], tests.low[place], tests.high[place]),
        "p": number(tests.p[place]),
        "adjusted": number(tests.adjusted[place]),
        "worst": number(tests.worst[place]),
        "called": bool(tests.called[place]),
    }


def _interval(value: float, low: float, high: float) -> Json:
    if not np.isfinite(value):
        return None
    return {"value": float(value), "low": number(low), "high": number(high)}


def number(value: float) -> float | None:
    """A figure as JSON has it; None for what is none."""
    return float(value) if np.isfinite(value) else None
