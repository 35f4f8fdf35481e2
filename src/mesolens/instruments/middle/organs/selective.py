"""Whose difference goes with a group: that of its own trait, or that of others as well.

A group's own trait is the one of which it has the largest part, by its shares on the views that organs were found by.
With e the part of a trait's differences that is lost on other views, Σ lost · sign Δ / Σ |Δ|, a partition is as
selective as

    mean over groups of   e(own trait) − mean of e over the other traits.

That says what shares alone cannot: whether groups are different things, or each a slice of the same.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float, Int

from mesolens.evidence.shards import Json
from mesolens.instruments.middle.organs.found import Found
from mesolens.instruments.middle.organs.partition import sums
from mesolens.instruments.middle.organs.points import Points, traits_of_rows
from mesolens.instruments.middle.organs.spec import FOUND, HELD

_LEAST = 1e-6
"""Of a trait's difference, in nats, beyond which parts of it are told."""


def own_traits(found: Found, points: Points, traits: Sequence[str]) -> Int[np.ndarray, " K"]:
    """Of which trait's difference each group has the largest part."""
    rows = found.of(FOUND)
    share_VK = sums(found.shares[rows], points.of, len(points.slope))[:, :-1]
    which = traits_of_rows(found, rows, traits)
    (parts_TK,) = _parts(share_VK, found.deltas[rows], which, np.ones((1, len(rows))), traits)
    return np.where(np.isfinite(parts_TK), parts_TK, -np.inf).argmax(0)


def effects(
    found: Found, points: Points, traits: Sequence[str], weight_RV: Float[np.ndarray, "R V"]
) -> Float[np.ndarray, "R T K"]:
    """The part of each trait's difference that goes with each group, on views held back; NaN where there is none.

    One answer for each row of weights of views.
    """
    rows = found.of(HELD)
    lost_VK = points.lost * found.gross[rows, None]
    return _parts(lost_VK, found.deltas[rows], traits_of_rows(found, rows, traits), weight_RV, traits)


def _parts(
    values_VK: Float[np.ndarray, "V K"],
    delta_V: Float[np.ndarray, " V"],
    trait_V: Int[np.ndarray, " V"],
    weight_RV: Float[np.ndarray, "R V"],
    traits: Sequence[str],
) -> Float[np.ndarray, "R T K"]:
    """Sums of values by trait as parts of the summed differences, in their direction; NaN where a trait has none."""
    member_RTV = weight_RV[:, None, :] * (trait_V == np.arange(len(traits))[:, None])
    whole_RT = member_RTV @ np.abs(delta_V)
    told_RT = whole_RT > _LEAST * member_RTV.sum(-1)
    return (member_RTV @ (values_VK * np.sign(delta_V)[:, None])) / np.where(told_RT, whole_RT, np.nan)[..., None]


def selectivity(own_K: Int[np.ndarray, " K"], effect_RTK: Float[np.ndarray, "R T K"]) -> Float[np.ndarray, " R"]:
    """How much more of its own trait than of others goes with a group, on average over groups; NaN if none tells.

    >>> selectivity(np.array([0, 1]), np.array([[[0.9, 0.1], [0.3, 0.5]]])).round(6).tolist()
    [0.5]
    """
    own_TK = own_K == np.arange(effect_RTK.shape[1])[:, None]
    own_RK, others_RK = (_mean_over(effect_RTK, which, 1) for which in (own_TK, ~own_TK))
    return _mean_over(own_RK - others_RK, np.ones(len(own_K), bool), 1)


def _mean_over(values: Float[np.ndarray, "..."], which: Bool[np.ndarray, "..."], axis: int) -> Float[np.ndarray, "..."]:
    """The mean along an axis over what is chosen and not NaN; NaN where that is nothing."""
    some = which & np.isfinite(values)
    count = some.sum(axis)
    total = np.where(some, values, 0.0).sum(axis)
    return np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)


def specific(
    found: Found, points: Points | None, traits: Sequence[str], serves: Sequence[Sequence[int]]
) -> dict[str, Json] | None:
    """The part of each trait's difference that goes with each organ, and its mean over traits that it serves or not."""
    if points is None:
        return None
    effect_KT = effects(found, points, traits, np.ones((1, len(points.share))))[0].T
    serving = np.array([[trait in served for trait in range(len(traits))] for served in serves], bool)
    return {
        "own": _mean(effect_KT, serving),
        "other": _mean(effect_KT, ~serving),
        "effects": [[None if np.isnan(cell) else float(cell) for cell in row] for row in effect_KT],
    }


def _mean(effect_KT: Float[np.ndarray, "K T"], of: np.ndarray) -> float | None:
    some = effect_KT[of & np.isfinite(effect_KT)] if effect_KT.size else effect_KT.ravel()
    return float(some.mean()) if some.size else None
