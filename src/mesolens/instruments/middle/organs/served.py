"""Which organ serves which trait, from which angle: sums of shares by item, with intervals over clusters of items.

An organ serves a trait when its share of it is further from zero than the furthest of all organs and traits would be
by chance in one of a hundred readings. Signs of clusters are flipped for all organs at once
(:mod:`mesolens.evidence.worst`), which is what exchanging target and foil of whole templates does. Leaves are grouped
by lines, which no exchange moves: so the test is exact for the organs that were found, and may use the views that they
are tried on as well. Clusters are templates where every trait has six or more of them; with fewer, items, and the
protocol says that intervals then speak of such items alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from jaxtyping import Bool, Float

from mesolens.evidence.calling import FEWEST
from mesolens.evidence.clusters import chances, cluster_intervals, cluster_means
from mesolens.evidence.discoveries import discoveries
from mesolens.evidence.shards import Json
from mesolens.evidence.worst import worst_of
from mesolens.instruments.middle.organs.found import Found
from mesolens.instruments.middle.organs.partition import Partition, sums
from mesolens.instruments.middle.organs.spec import BROKEN, CLEAN, HELD

CHANCE = 0.01
"""That any service is called where no organ serves anything."""
FLIPS = 9999
"""Of signs, where there are too many to try all."""
SILENT = 0.5
"""Of its share, what an organ has left at most when it counts as silent."""


@dataclass(frozen=True, slots=True)
class Service:
    """Organs' shares by trait, in nats, over all views but the broken ones.

    Attributes:
        mean, low, high: with the remainder behind the organs; ends are NaN where there are too few clusters.
        p: of each service, adjusted for all of them; NaN where a trait has too few clusters.
    """

    mean: Float[np.ndarray, "T K1"]
    low: Float[np.ndarray, "T K1"]
    high: Float[np.ndarray, "T K1"]
    p: Float[np.ndarray, "T K"]

    @property
    def called(self) -> Bool[np.ndarray, "T K"]:
        """Whether an organ serves a trait."""
        return self.p <= CHANCE


def traits_of(found: Found) -> list[str]:
    """The traits of the views, in the order in which they come."""
    return list(dict.fromkeys(view.trait for view in found.views))


def by_templates(found: Found) -> bool:
    """Whether every trait has templates enough to be the clusters."""
    names: dict[str, set[str]] = {}
    for view in found.views:
        if view.use != BROKEN:
            names.setdefault(view.trait, set()).add(view.contrast.template)
    return all(len(each) >= FEWEST for each in names.values())


def clusters_of(found: Found, rows: Sequence[int]) -> list[str]:
    """The cluster of each of some rows."""
    whole = by_templates(found)
    return [found.views[row].contrast.template if whole else found.views[row].item for row in rows]


def service(found: Found, known: Partition) -> Service:
    """Who serves what, over all angles but the broken ones."""
    traits = traits_of(found)
    rows = found.unbroken.tolist()
    which, clusters = [traits.index(found.views[row].trait) for row in rows], clusters_of(found, rows)
    values_VTK = np.full((len(rows), len(traits), known.organs + 1), np.nan)
    values_VTK[np.arange(len(rows)), which] = sums(found.shares[rows], known.of, known.organs)
    mean_TK, low_TK, high_TK = (np.full(values_VTK.shape[1:], np.nan) for _ in range(3))
    tested_T = np.zeros(len(traits), bool)
    for trait, values_VK in enumerate(values_VTK.swapaxes(0, 1)):
        mine = [cluster for cluster, number in zip(clusters, which, strict=True) if number == trait]
        ends = cluster_intervals(values_VK[np.array(which) == trait], mine)
        mean_TK[trait] = values_VK[np.array(which) == trait].mean(0)
        if ends is not None:
            low_TK[trait], high_TK[trait] = ends
        tested_T[trait] = len(set(mine)) >= FEWEST
    return Service(mean_TK, low_TK, high_TK, _chance(values_VTK[:, tested_T, :-1], clusters, tested_T))


def _chance(
    values_VTK: Float[np.ndarray, "V T2 K"], clusters: Sequence[str], tested_T: Bool[np.ndarray, " T"]
) -> Float[np.ndarray, "T K"]:
    """Adjusted p-values of the tested traits; NaN for the others."""
    views, traits, organs = values_VTK.shape
    p_TK = np.full((len(tested_T), organs), np.nan)
    if traits and organs:
        p_TK[tested_T] = worst_of(values_VTK.reshape(views, -1), clusters, draws=FLIPS).p.reshape(traits, organs)
    return p_TK


def personality(found: Found, known: Partition) -> list[dict[str, Json]]:
    """The map: traits by organs, from every angle that organs were found by or only looked from."""
    traits, looked = traits_of(found), [view for view in found.views if view.use != HELD]
    cells: list[dict[str, Json]] = []
    for angle_number, angle in enumerate(dict.fromkeys(view.angle for view in looked)):
        for number, trait in enumerate(traits):
            rows = [
                row
                for row, view in enumerate(found.views)
                if view.use != HELD and view.angle == angle and view.trait == trait
            ]
            if rows:
                cells.append({"trait": number, "angle": angle_number, **_cell(found, known, rows)})
    return cells


def _cell(found: Found, known: Partition, rows: Sequence[int]) -> dict[str, Json]:
    values = sums(found.shares[list(rows)], known.of, known.organs)
    ends = cluster_intervals(values, clusters_of(found, rows))
    low, high = (None, None) if ends is None else (_numbers(ends[0]), _numbers(ends[1]))
    return {
        "shares": _numbers(values.mean(0)),
        "low": low,
        "high": high,
        "delta": float(found.deltas[list(rows)].mean()),
    }


def _numbers(values: Float[np.ndarray, " K1"]) -> list[Json]:
    return [float(value) if np.isfinite(value) else None for value in values]


def silenced(found: Found, known: Partition, serves: Service) -> list[list[dict[str, Json]]]:
    """For each organ, the angles from which its share of a trait that it serves falls to half or less.

    Pairs are of the same item, clean and turned; `called` is whether the change differs from zero, false discoveries
    held at 5 % over organs, traits and angles.
    """
    traits = traits_of(found)
    angles = [a for a in dict.fromkeys(view.angle for view in found.views if view.use != HELD) if a != CLEAN]
    rows: list[tuple[int, dict[str, Json], float]] = []
    for angle in angles:
        for number, trait in enumerate(traits):
            for organ in np.flatnonzero(serves.called[number]).tolist():
                row = _change(found, known, (angle, trait, organ))
                if row is not None:
                    rows.append((organ, row[0], row[1]))
    called = discoveries(np.array([p for _, _, p in rows])) if rows else []
    quieted: list[list[dict[str, Json]]] = [[] for _ in range(known.organs)]
    for (organ, row, _), each in zip(rows, called, strict=True):
        if row.pop("silent"):
            quieted[organ].append({**row, "called": bool(each)})
    return quieted


def _change(found: Found, known: Partition, which: tuple[str, str, int]) -> tuple[dict[str, Json], float] | None:
    angle, trait, organ = which
    seen = {(view.item, view.angle): row for row, view in enumerate(found.views) if view.use != HELD}
    pairs = [
        (seen[view.item, CLEAN], row)
        for row, view in enumerate(found.views)
        if view.use != HELD and view.angle == angle and view.trait == trait and (view.item, CLEAN) in seen
    ]
    if len(pairs) < 2:
        return None
    before, after = (sums(found.shares[[p[k] for p in pairs]], known.of, known.organs)[:, [organ]] for k in (0, 1))
    clusters = clusters_of(found, [row for _, row in pairs])
    means, ends = cluster_means(after - before, clusters), cluster_intervals(after - before, clusters)
    if means is None or ends is None:
        return None
    was, now = float(before.mean()), float(after.mean())
    row: dict[str, Json] = {
        "angle": angle,
        "trait": trait,
        "before": was,
        "after": now,
        "low": float(ends[0][0]),
        "high": float(ends[1][0]),
        "silent": now * np.sign(was) <= SILENT * abs(was),
    }
    return row, float(chances(means)[0])
