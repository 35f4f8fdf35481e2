"""Shares and effects of groups of leaves as points, and the line of each group that foretells one from the other.

Everything is in parts of the view's gross, as profiles are, so that every question counts alike. An effect is more than
a share where leaves feed one another: to hold either takes what both make. How much more is a property of the group,
and is measured where it was found: its slope is Σ share · effect / Σ share² over the plain views that organs were found
by. On views that nothing was found by, slope · share is the prediction.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Float, Int

from mesolens.evidence.shards import Tables
from mesolens.instruments.middle.organs.found import Found
from mesolens.instruments.middle.organs.groupings import groupings
from mesolens.instruments.middle.organs.partition import Partition, sums
from mesolens.instruments.middle.organs.removal import MEAN, REFERENCE, TABLE, learned_from
from mesolens.instruments.middle.organs.spec import HELD, OrgansSpec

_TINY = 1e-12


@dataclass(frozen=True, slots=True)
class Points:
    """Shares and effects of the groups of one partition, in parts of each view's gross, on views held back.

    Attributes:
        of: each leaf's group.
        slope: of each group, from other views.
    """

    of: Int[np.ndarray, " N"]
    share: Float[np.ndarray, "V K"]
    lost: Float[np.ndarray, "V K"]
    slope: Float[np.ndarray, " K"]

    @property
    def foretold(self) -> Float[np.ndarray, "V K"]:
        """What each group's share and slope predict."""
        return self.slope * self.share


@dataclass(frozen=True, slots=True)
class Fit:
    """How well predictions do, for some weights of views.

    Attributes:
        r2: 1 − Σ (effect − prediction)² / Σ (effect − mean)².
        of_share: the same with the share as the prediction.
        slope, intercept: of the line through effect against prediction.
    """

    r2: float
    of_share: float
    slope: float
    intercept: float


def points_of(
    tables: Tables, spec: OrgansSpec, found: Found, known: Partition
) -> Mapping[tuple[str, str], list[Points]]:
    """Points by grouping and by where leaves were held: one for each partition of the kind."""
    table = tables.get(TABLE)
    if table is None:
        return {}
    points: dict[tuple[str, str], list[Points]] = {}
    for held_at in (REFERENCE, MEAN):
        for kind, partitions in groupings(spec, found, known).items():
            some = table.filter((pc.field("grouping") == kind) & (pc.field("held_at") == held_at))
            if len(some):
                points[kind, held_at] = [
                    _points(found, of, some.filter(pc.field("draw") == draw), known.organs)
                    for draw, of in enumerate(partitions)
                ]
    return points


def _points(found: Found, of_N: Int[np.ndarray, " N"], table: pa.Table, groups: int) -> Points:
    (share_VK, lost_VK), learned = (
        (sums(found.shares[rows], of_N, groups)[:, :-1] / found.gross[rows, None], _lost(table, rows, groups, found))
        for rows in (found.of(HELD), learned_from(found))
    )
    return Points(of_N, share_VK, lost_VK, slopes(*learned))


def _lost(table: pa.Table, rows: Int[np.ndarray, " V"], groups: int, found: Found) -> Float[np.ndarray, "V K"]:
    place = {int(view): row for row, view in enumerate(rows)}
    at = np.array([place.get(int(view), -1) for view in table["view"].to_numpy()], dtype=int)
    lost_VK = np.full((len(rows), groups), np.nan)
    lost_VK[at[at >= 0], table["group"].to_numpy()[at >= 0]] = table["lost"].to_numpy()[at >= 0]
    return lost_VK / found.gross[rows, None]


def slopes(share_VK: Float[np.ndarray, "V K"], lost_VK: Float[np.ndarray, "V K"]) -> Float[np.ndarray, " K"]:
    """Of the line through zero of each group; 1 where nothing is known.

    >>> slopes(np.array([[1.0, 0.0], [2.0, 0.0]]), np.array([[3.0, 1.0], [6.0, 1.0]])).tolist()
    [3.0, 1.0]
    """
    square_K = (share_VK**2).sum(0)
    known = square_K > _TINY
    return np.divide((share_VK * lost_VK).sum(0), square_K, out=np.ones_like(square_K), where=known)


def fit(points: Points, weight_V: Float[np.ndarray, " V"]) -> Fit:
    """R² and the line of all groups together, each view weighted.

    >>> share = np.array([[1.0, 2.0], [3.0, 4.0]])
    >>> found = fit(Points(np.zeros(0, int), share, 2 * share, np.array([2.0, 2.0])), np.ones(2))
    >>> found.r2, round(found.slope, 6), found.of_share < 0
    (1.0, 1.0, True)
    """
    weight = np.broadcast_to(weight_V[:, None], points.share.shape).ravel()
    guess, lost = points.foretold.ravel(), points.lost.ravel()
    mean_x, mean_y = (float(np.average(each, weights=weight)) for each in (guess, lost))
    spread = max(float(weight @ (lost - mean_y) ** 2), _TINY)
    slope = float(weight @ ((guess - mean_x) * (lost - mean_y))) / max(float(weight @ (guess - mean_x) ** 2), _TINY)
    r2, of_share = (1 - float(weight @ (lost - each) ** 2) / spread for each in (guess, points.share.ravel()))
    return Fit(r2, of_share, slope, mean_y - slope * mean_x)


def fit_of(points: Points, group: int) -> Fit:
    """The same of one group alone, each view once."""
    one = slice(group, group + 1)
    alone = Points(points.of, points.share[:, one], points.lost[:, one], points.slope[one])
    return fit(alone, np.ones(len(points.share)))


def traits_of_rows(found: Found, rows: Int[np.ndarray, " V"], traits: Sequence[str]) -> Int[np.ndarray, " V"]:
    """The number of each row's trait."""
    return np.array([traits.index(found.views[row].trait) for row in rows], dtype=int)
