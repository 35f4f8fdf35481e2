"""Predicted against measured: what a reading says of the removal of organs, beside that of other groupings.

R² is of predictions on views that no organ was found by and no slope was fitted on (:mod:`.points`); R² of the share as
it stands is beside it. The same is measured for other partitions of the same leaves, each with slopes of its own, and
how selective each is (:mod:`.selective`). Intervals are of a bootstrap over items, drawn alike for all partitions, so
that differences are paired.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from mesolens.evidence.clusters import cluster_draws
from mesolens.evidence.shards import Json
from mesolens.instruments.middle.organs.found import Found
from mesolens.instruments.middle.organs.groupings import ORGANS
from mesolens.instruments.middle.organs.points import Fit, Points, fit, traits_of_rows
from mesolens.instruments.middle.organs.removal import MEAN, REFERENCE
from mesolens.instruments.middle.organs.selective import effects, own_traits, selectivity
from mesolens.instruments.middle.organs.spec import HELD, OrgansSpec

LISTED = 600
"""Points that a reading lists."""


@dataclass(frozen=True, slots=True)
class _Tried:
    """One kind of partition: fits and selectivity, averaged over its partitions; of all, and of each resample."""

    whole: Fit
    selective: float
    r2_again: Float[np.ndarray, " R"]
    slope_again: Float[np.ndarray, " R"]
    selective_again: Float[np.ndarray, " R"]


def proof_of(
    points: Mapping[tuple[str, str], list[Points]], spec: OrgansSpec, found: Found, traits: Sequence[str]
) -> dict[str, dict[str, Json]]:
    """What the reading holds of predictions, by where leaves were held; empty where nothing was removed."""
    rows = found.of(HELD)
    items = [found.views[row].item for row in rows]
    draws_RV = cluster_draws(items, spec.draws, spec.seed) if len(rows) else np.zeros((0, 0))
    which = traits_of_rows(found, rows, traits).tolist()
    proofs: dict[str, dict[str, Json]] = {}
    for held_at in (REFERENCE, MEAN):
        if (ORGANS, held_at) in points:
            tried = {
                kind: _tried(several, found, traits, draws_RV)
                for (kind, at), several in points.items()
                if at == held_at
            }
            proofs[held_at] = {**_proof(tried), "points": _listed(points[ORGANS, held_at][0], which)}
    return proofs


def _tried(
    several: Sequence[Points], found: Found, traits: Sequence[str], draws_RV: Float[np.ndarray, "R V"]
) -> _Tried:
    once = np.ones((1, len(several[0].share)))
    wholes = [fit(each, once[0]) for each in several]
    fits = [[fit(each, draw) for each in several] for draw in draws_RV]
    owns = [own_traits(found, each, traits) for each in several]
    both = list(zip(owns, several, strict=True))
    (selective,), again = (
        np.mean([selectivity(own, effects(found, each, traits, some)) for own, each in both], axis=0)
        for some in (once, draws_RV)
    )
    return _Tried(
        Fit(*(float(np.mean([getattr(each, name) for each in wholes])) for name in Fit.__slots__)),
        float(selective),
        np.array([np.mean([each.r2 for each in drawn]) for drawn in fits]),
        np.array([np.mean([each.slope for each in drawn]) for drawn in fits]),
        again,
    )


def _proof(tried: Mapping[str, _Tried]) -> dict[str, Json]:
    own = tried[ORGANS]
    low, high = _ends(own.r2_again)
    slope_low, slope_high = _ends(own.slope_again)
    return {
        "r2": own.whole.r2,
        "low": low,
        "high": high,
        "r2_share": own.whole.of_share,
        "slope": own.whole.slope,
        "slope_low": slope_low,
        "slope_high": slope_high,
        "intercept": own.whole.intercept,
        "selective": _number(own.selective),
        "beside": [_compared(kind, own, each) for kind, each in tried.items() if kind != ORGANS],
    }


def _compared(kind: str, own: _Tried, other: _Tried) -> Json:
    """A kind of partition beside the organs: its figures, and by how much those of the organs are larger."""
    low, high = _ends(own.r2_again - other.r2_again)
    more_low, more_high = _ends(own.selective_again - other.selective_again)
    return {
        "name": kind,
        "r2": other.whole.r2,
        "r2_share": other.whole.of_share,
        "difference": own.whole.r2 - other.whole.r2,
        "low": low,
        "high": high,
        "selective": _number(other.selective),
        "more": _number(own.selective - other.selective),
        "more_low": more_low,
        "more_high": more_high,
    }


def _ends(values_R: Float[np.ndarray, " R"]) -> tuple[float | None, float | None]:
    told = values_R[np.isfinite(values_R)]
    if not len(told):
        return None, None
    return float(np.quantile(told, 0.025)), float(np.quantile(told, 0.975))


def _number(value: float) -> float | None:
    return value if np.isfinite(value) else None


def _listed(points: Points, traits: Sequence[int]) -> list[Json]:
    """Points as predicted, measured, organ and trait; every so many of them where there are very many."""
    views, organs = points.share.shape
    every = max(1, -(-views * organs // LISTED))
    cells = [(view, organ) for view in range(views) for organ in range(organs)][::every]
    return [
        [float(points.foretold[view, organ]), float(points.lost[view, organ]), organ, traits[view]]
        for view, organ in cells
    ]
