"""What the reading says of each organ: leaves, traits served, what wakes and silences it, what it promotes."""

from collections import Counter
from collections.abc import Sequence
from typing import cast

import numpy as np
import pyarrow as pa

from mesolens.evidence.consensus import STABLE
from mesolens.evidence.shards import Json, Tables
from mesolens.instruments.middle.organs.closer import PROMOTED, WOKEN, largest, strongest
from mesolens.instruments.middle.organs.found import Found
from mesolens.instruments.middle.organs.partition import REST, Partition, sums
from mesolens.instruments.middle.organs.points import Points, fit_of
from mesolens.instruments.middle.organs.served import Service, silenced, traits_of
from mesolens.instruments.middle.organs.spec import FOUND, OrgansSpec
from mesolens.model.sites import parent_of

MEMBERS = 64
"""Leaves that an organ's portrait lists."""


def portraits(
    tables: Tables, spec: OrgansSpec, found: Found, known: Partition, serves: Service, points: Points | None
) -> list[dict[str, Json]]:
    """All organs, the one that carries most first."""
    quiet = silenced(found, known, serves)
    means_TN = _means(found)
    gross_N = found.weights
    return [
        {
            "name": name_of(organ),
            "leaves": int((known.of == organ).sum()),
            "part": float(known.part[organ]),
            "net": _net(found, known, organ),
            "stability": float(known.grouping.stability[organ]),
            "low": float(known.grouping.low[organ]),
            "stable": bool(known.grouping.chosen and known.grouping.stability[organ] >= STABLE),
            "tightness": float(known.tight[organ]),
            "places": _places(found, known, organ, gross_N),
            "members": _members(found, largest(found, known, organ)[:MEMBERS], means_TN, gross_N, known),
            "serves": _serves(found, serves, organ),
            "shared": int(serves.called[:, organ].sum()) > 1,
            "wakes": _wakes(tables, spec, found, known, organ),
            "silenced": cast(Json, quiet[organ]),
            **_promotes(tables, organ),
            "predicts": _predicts(points, organ),
        }
        for organ in range(known.organs)
    ]


def _predicts(points: Points | None, organ: int) -> Json:
    """How much more than its share an organ takes with it, and how well that foretells what goes on other views."""
    if points is None:
        return None
    return {"slope": float(points.slope[organ]), "r2": fit_of(points, organ).r2}


def name_of(organ: int) -> str:
    """What an organ is called.

    >>> name_of(0)
    'organ 1'
    """
    return f"organ {organ + 1}"


def remainder(found: Found, known: Partition) -> dict[str, Json]:
    """All leaves that are in no organ, as one."""
    inside = known.of == REST
    gross_N = found.weights
    return {
        "leaves": int(inside.sum()),
        "part": float(gross_N[inside].sum() / gross_N.sum()),
        "net": _net(found, known, REST),
        "shares": [float(row[inside].sum()) for row in _means(found)],
    }


def _means(found: Found) -> np.ndarray:
    """Mean shares by trait, over all views but the broken ones."""
    rows = found.unbroken
    which = np.array([found.views[row].trait for row in rows])
    return np.stack([found.shares[rows[which == trait]].sum(0) / max(1, (which == trait).sum())
                     for trait in traits_of(found)])  # fmt: skip


def _net(found: Found, known: Partition, organ: int) -> float:
    """|sum| as a part of the gross, over views: 1 where leaves never pull against each other."""
    shares = found.shares[found.of(FOUND)][:, known.of == organ]
    gross = float(np.abs(shares).sum())
    return float(np.abs(shares.sum(1)).sum()) / gross if gross else 0.0


def _places(found: Found, known: Partition, organ: int, gross_N: np.ndarray) -> list[Json]:
    inside = np.flatnonzero(known.of == organ)
    leaves: Counter[str] = Counter()
    parts: dict[str, float] = {}
    for leaf in inside:
        writer = parent_of(found.sites[leaf]) or found.sites[leaf]
        writer = found.sites[leaf] if writer == "model" else writer
        leaves[writer] += 1
        parts[writer] = parts.get(writer, 0.0) + float(gross_N[leaf])
    whole = sum(parts.values()) or 1.0
    order = sorted(parts, key=lambda writer: -parts[writer])
    return [{"site": writer, "leaves": leaves[writer], "part": parts[writer] / whole} for writer in order]


def _members(
    found: Found, leaves: Sequence[int], means_TN: np.ndarray, gross_N: np.ndarray, known: Partition
) -> list[Json]:
    if not leaves:
        return []
    whole = float(gross_N[known.of == known.of[leaves[0]]].sum()) or 1.0
    return [
        {
            "site": found.sites[leaf],
            "shares": [float(share) for share in means_TN[:, leaf]],
            "part": float(gross_N[leaf]) / whole,
        }
        for leaf in leaves
    ]


def _serves(found: Found, serves: Service, organ: int) -> list[Json]:
    rows: list[Json] = []
    for number, trait in enumerate(traits_of(found)):
        share, delta = float(serves.mean[number, organ]), float(serves.mean[number].sum())
        rows.append(
            {
                "trait": trait,
                "share": share,
                "low": _end(serves.low[number, organ]),
                "high": _end(serves.high[number, organ]),
                "p": _end(serves.p[number, organ]),
                "called": bool(serves.called[number, organ]),
                "of": share / delta if abs(delta) > 1e-6 else None,
            }
        )
    return rows


def _end(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _wakes(tables: Tables, spec: OrgansSpec, found: Found, known: Partition, organ: int) -> list[Json]:
    woken, rows = tables.get(WOKEN), list[Json]()
    by_view: dict[int, dict[int, float]] = {}
    if woken is not None:
        for row in cast("list[dict[str, int]]", woken.to_pylist()):
            if row["organ"] == organ and not row["from_reference"]:
                tokens = by_view.setdefault(row["view"], {})
                tokens[row["token"]] = tokens.get(row["token"], 0.0) + float(row["share"])
    place = {id(view): row for row, view in enumerate(found.views)}
    for number in strongest(spec, found, known, organ):
        view = spec.views[number]
        tokens = [*view.contrast.clean_tokens, *view.contrast.target_tokens[:-1]]
        known_tokens = by_view.get(number)
        rows.append(
            {
                "trait": view.trait,
                "item": view.item,
                "angle": view.angle,
                "share": float(sums(found.shares[[place[id(view)]]], known.of, known.organs)[0, organ]),
                "prompt": "".join(view.contrast.clean_tokens),
                "tokens": [*tokens],
                "by_token": None if known_tokens is None else [known_tokens.get(k, 0.0) for k in range(len(tokens))],
            }
        )
    return rows


def _promotes(tables: Tables, organ: int) -> dict[str, Json]:
    table: pa.Table | None = tables.get(PROMOTED)
    rows = [] if table is None else cast("list[dict[str, Json]]", table.to_pylist())
    mine = [row for row in rows if row["organ"] == str(organ)]
    most = [{"token": row["token"], "value": row["value"]} for row in mine if cast(int, row["rank"]) >= 0]
    least = [{"token": row["token"], "value": row["value"]} for row in mine if cast(int, row["rank"]) < 0]
    return {"promotes": cast(Json, most), "holds_back": cast(Json, least)}
