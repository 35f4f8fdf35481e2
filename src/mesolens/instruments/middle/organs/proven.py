"""Predicted against measured: an organ's summed share, and what is lost when the organ is held.

On views that no organ was found by, share and effect of every organ are two numbers in nats. The headline is
R² = 1 − Σ (effect − share)² / Σ (effect − mean)²: the share is the prediction as it stands, no line is fitted to it.
Beside it stand the calibration line, and the R² about that line. The same is measured for other partitions of the same
leaves. Intervals are of a bootstrap over items, drawn alike for all partitions, so that differences are paired.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Float, Int

from mesolens.evidence.clusters import cluster_draws
from mesolens.evidence.shards import Json, Tables
from mesolens.instruments.middle.organs.found import Found
from mesolens.instruments.middle.organs.groupings import ORGANS, groupings
from mesolens.instruments.middle.organs.partition import Partition, sums
from mesolens.instruments.middle.organs.removal import MEAN, REFERENCE, TABLE
from mesolens.instruments.middle.organs.spec import HELD, OrgansSpec

LISTED = 600
"""Points that a reading lists."""


@dataclass(frozen=True, slots=True)
class Points:
    """Predicted and measured, for the groups of one partition."""

    share: Float[np.ndarray, "V K"]
    lost: Float[np.ndarray, "V K"]


@dataclass(frozen=True, slots=True)
class Fit:
    """How well one predicts the other, for some weights of views.

    Attributes:
        r2: of the share as it stands. about_line: of the line.
        slope, intercept: of the line, effect against share.
    """

    r2: float
    about_line: float
    slope: float
    intercept: float


def points_of(
    tables: Tables, spec: OrgansSpec, found: Found, known: Partition
) -> Mapping[tuple[str, str], list[Points]]:
    """Points by grouping and by where leaves were held: one for each partition of the kind."""
    table = tables.get(TABLE)
    if table is None:
        return {}
    rows = found.of(HELD)
    several = groupings(spec, found, known)
    points: dict[tuple[str, str], list[Points]] = {}
    for held_at in (REFERENCE, MEAN):
        for kind, partitions in several.items():
            some = table.filter((pc.field("grouping") == kind) & (pc.field("held_at") == held_at))
            if len(some):
                points[kind, held_at] = [
                    Points(sums(found.shares[rows], of, known.organs)[:, :-1], _lost(some, draw, rows, known.organs))
                    for draw, of in enumerate(partitions)
                ]
    return points


def _lost(table: pa.Table, draw: int, rows: Int[np.ndarray, " V"], groups: int) -> Float[np.ndarray, "V K"]:
    some = table.filter(pc.field("draw") == draw)
    place = {int(view): row for row, view in enumerate(rows)}
    lost_VK = np.full((len(rows), groups), np.nan)
    at = np.array([place[int(view)] for view in some["view"].to_numpy()], dtype=int)
    lost_VK[at, some["group"].to_numpy()] = some["lost"].to_numpy()
    return lost_VK


def fit(points: Points, weight_V: Float[np.ndarray, " V"]) -> Fit:
    """R² and the line, each view weighted.

    >>> share = np.array([[1.0, 2.0], [3.0, 4.0]])
    >>> found = fit(Points(share, 2 * share + 1), np.ones(2))
    >>> round(found.slope, 6), round(found.intercept, 6), round(found.about_line, 6), found.r2 < 0
    (2.0, 1.0, 1.0, True)
    """
    weight = np.broadcast_to(weight_V[:, None], points.share.shape).ravel()
    share, lost = points.share.ravel(), points.lost.ravel()
    mean_x, mean_y = (float(np.average(each, weights=weight)) for each in (share, lost))
    spread = float(weight @ (lost - mean_y) ** 2)
    slope = float(weight @ ((share - mean_x) * (lost - mean_y))) / max(float(weight @ (share - mean_x) ** 2), 1e-12)
    line = mean_y + slope * (share - mean_x)
    left = [1 - float(weight @ (lost - guess) ** 2) / max(spread, 1e-12) for guess in (share, line)]
    return Fit(left[0], left[1], slope, mean_y - slope * mean_x)


def proof_of(
    tables: Tables, spec: OrgansSpec, found: Found, known: Partition, traits: Sequence[str]
) -> dict[str, dict[str, Json]]:
    """What the reading holds of predictions, by where leaves were held; empty where nothing was removed."""
    points = points_of(tables, spec, found, known)
    rows = found.of(HELD)
    items = [found.views[row].item for row in rows]
    draws_RV = cluster_draws(items, spec.draws, spec.seed) if len(rows) else np.zeros((0, 0))
    place = {trait: number for number, trait in enumerate(traits)}
    which = [place[found.views[row].trait] for row in rows]
    return {
        held_at: _proof({kind: some for (kind, at), some in points.items() if at == held_at}, draws_RV, which)
        for held_at in (REFERENCE, MEAN)
        if (ORGANS, held_at) in points
    }


def _proof(
    points: Mapping[str, list[Points]], draws_RV: Float[np.ndarray, "R V"], traits: Sequence[int]
) -> dict[str, Json]:
    own = points[ORGANS][0]
    whole = fit(own, np.ones(len(own.share)))
    again = [fit(own, draw) for draw in draws_RV]
    r2_R = np.array([each.r2 for each in again])
    low, high = (float(np.quantile(r2_R, q)) for q in (0.025, 0.975))
    beside: list[Json] = [
        _compared(kind, several, r2_R, whole.r2, draws_RV) for kind, several in points.items() if kind != ORGANS
    ]
    return {
        "r2": whole.r2,
        "low": low,
        "high": high,
        "slope": whole.slope,
        "slope_low": float(np.quantile([each.slope for each in again], 0.025)),
        "slope_high": float(np.quantile([each.slope for each in again], 0.975)),
        "intercept": whole.intercept,
        "r2_line": whole.about_line,
        "points": _listed(own, traits),
        "beside": beside,
    }


def _compared(
    kind: str, several: Sequence[Points], own_R: Float[np.ndarray, " R"], own: float, draws_RV: Float[np.ndarray, "R V"]
) -> Json:
    """A kind of partition beside the organs: its R² on average over partitions, and by how much theirs is larger."""
    ones = np.ones(len(several[0].share))
    theirs = float(np.mean([fit(each, ones).r2 for each in several]))
    theirs_R = np.array([np.mean([fit(each, draw).r2 for each in several]) for draw in draws_RV])
    low, high = (float(np.quantile(own_R - theirs_R, q)) for q in (0.025, 0.975))
    return {"name": kind, "r2": theirs, "difference": own - theirs, "low": low, "high": high}


def _listed(points: Points, traits: Sequence[int]) -> list[Json]:
    """Points as predicted, measured, organ and trait; every so many of them where there are very many."""
    views, organs = points.share.shape
    every = max(1, -(-views * organs // LISTED))
    cells = [(view, organ) for view in range(views) for organ in range(organs)][::every]
    return [
        [float(points.share[view, organ]), float(points.lost[view, organ]), organ, traits[view]]
        for view, organ in cells
    ]


def specific(
    tables: Tables,
    spec: OrgansSpec,
    found: Found,
    known: Partition,
    traits: Sequence[str],
    serves: Sequence[Sequence[int]],
) -> dict[str, Json] | None:
    """The part of each trait's difference that goes with each organ, and its mean over traits that it serves or not."""
    own = points_of(tables, spec, found, known).get((ORGANS, REFERENCE))
    if own is None:
        return None
    rows = found.of(HELD)
    which = np.array([found.views[row].trait for row in rows])
    effects = np.full((known.organs, len(traits)), np.nan)
    for column, trait in enumerate(traits):
        here = which == trait
        delta = float(found.deltas[rows[here]].mean()) if here.any() else 0.0
        if abs(delta) > 1e-6:
            effects[:, column] = own[0].lost[here].mean(0) / delta
    serving = np.array([[trait in served for trait in range(len(traits))] for served in serves], bool)
    return {
        "own": _mean(effects, serving),
        "other": _mean(effects, ~serving),
        "effects": [[None if np.isnan(cell) else float(cell) for cell in row] for row in effects],
    }


def _mean(effects: Float[np.ndarray, "K T"], of: np.ndarray) -> float | None:
    some = effects[of & np.isfinite(effects)] if effects.size else effects.ravel()
    return float(some.mean()) if some.size else None
