"""The chapter *organs*: groups of heads and neurons that act together, down to every leaf.

The main block carries the conclusion and the counts. What the figures show stands in one block that is read when the
document is whole, and the leaves' shares by trait in another, as float32, from which the page forms every sum above
them in double precision. Where there are more leaves than a page holds, the smallest of a writer and organ are added up
in `L3.mlp.rest`, so sums stay true.

Only a reading that says *organs* is shown as it stands; of one that is *diffuse*, *unstable* or *not determined* the
page covers what was found. Of a refused reading no share leaves the run folder; the measured differences do.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mesolens.errors import BadInput
from mesolens.evidence.reading import Reading
from mesolens.evidence.shards import Json, Tables
from mesolens.hostile import printable
from mesolens.report.budget import FILE, Budget
from mesolens.report.forms import text
from mesolens.report.middle_chapter import runs
from mesolens.report.organs_data import angles_of, measured, organs, traits_of
from mesolens.report.payload import Chapter, conclusion, finite, packed
from mesolens.report.tables import Ints, checked, rank

SITES, SHARES = "organs-sites", "organs-shares"
"""Tables: which organ each leaf is in, and the leaves' shares, a row a trait."""

_NAMED = 20
"""Bytes that a leaf's organ and its name take, beside its shares."""


@dataclass(frozen=True, slots=True)
class OrganLeaves:
    """Every leaf once: its name, its organ (−1 for the remainder), and its share in each trait, in nats."""

    sites: tuple[str, ...]
    organ: Ints
    shares_TL: NDArray[np.float32]  # noqa: N815 - the letters are its axes


def chapter(reading: Reading, tables: Tables, budget: Budget = FILE) -> Chapter:
    """The organs' part of the page, within a budget.

    Raises:
        BadInput: the reading or its tables are damaged.
    """
    main: dict[str, Json] = conclusion(reading)
    main |= {"refused": reading.verdict == "refused", "sure": reading.verdict == "organs", "reason": _reason(reading)}
    if reading.verdict == "refused":
        main["measured"] = measured(reading.data)
        return Chapter(main, {})
    data = organs(reading.data)
    found = cast(list[dict[str, Json]], data["organs"])
    leaves = leaves_of(tables, traits_of(reading.data), len(found))
    main |= {"counts": _counts(data, found, leaves), "left_out": 0}
    main["angles"] = [angle["name"] for angle in angles_of(reading.data)]
    if leaves is None:
        return Chapter(main, {"organs": data})
    kept, main["left_out"] = folded(leaves, budget.share_bytes)
    return Chapter(main, {"organs": data, "organs-leaves": _packed(kept)})


def leaves_of(tables: Tables, traits: list[str], organs: int) -> OrganLeaves | None:
    """The leaves in the model's order, traits in the reading's; None where the run has none of them.

    Raises:
        BadInput: a table lacks a column or a trait, names what is not there, or holds what is no finite number.
    """
    if SITES not in tables or SHARES not in tables:
        return None
    names = checked(_column(tables[SITES], SITES, "site", str))
    organ = np.array(_column(tables[SITES], SITES, "organ", int), np.int64)
    if len(set(names)) < len(names):
        raise _damaged(SITES, "names a leaf twice")
    if len(organ) and not -1 <= organ.min() <= organ.max() < organs:
        raise _damaged(SITES, f"names organ {organ.max()}, but the reading has {organs}")
    order = sorted(range(len(names)), key=lambda a: rank(names[a]))
    shares_TL = _shares(tables[SHARES], traits, len(names))[:, order]
    return OrganLeaves(tuple(names[a] for a in order), organ[order].astype(np.int32), shares_TL)


def _shares(rows: pa.Table, traits: list[str], leaves: int) -> NDArray[np.float32]:
    by_trait: dict[str, NDArray[np.float32]] = {}
    for name, column in zip(_column(rows, SHARES, "trait", str), _lists(rows), strict=True):
        trait = text(name) or "unnamed"
        if trait in by_trait or trait not in traits:
            raise _damaged(SHARES, f"names the trait {printable(repr(name), 60)}, which is there twice or not at all")
        if len(column) != leaves or not np.isfinite(column).all():
            raise _damaged(SHARES, f"has not one finite share a leaf for {printable(repr(name), 60)}")
        by_trait[trait] = column
    if len(by_trait) < len(traits):
        raise _damaged(SHARES, f"has {len(by_trait)} of {len(traits)} traits")
    return np.stack([by_trait[trait] for trait in traits]) if traits else np.zeros((0, leaves), np.float32)


def _lists(rows: pa.Table) -> list[NDArray[np.float32]]:
    """The column of lists, each as an array, without a Python number in between."""
    if "shares" not in rows.column_names or not _is_list(rows["shares"].type):
        raise _damaged(SHARES, "has no column of shares")
    found = [row.values for row in rows["shares"]]
    if any(values is None or values.null_count for values in found):
        raise _damaged(SHARES, "lacks a share")
    return [values.to_numpy(zero_copy_only=False).astype(np.float32) for values in found]


def _is_list(kind: pa.DataType) -> bool:
    lists = pa.types.is_list(kind) or pa.types.is_large_list(kind) or pa.types.is_fixed_size_list(kind)
    return lists and pa.types.is_floating(cast("pa.ListType[pa.DataType]", kind).value_type)


def _column(rows: pa.Table, table: str, name: str, kind: type) -> list[Any]:
    found = rows[name].to_pylist() if name in rows.column_names else [None]
    if any(type(value) is not kind for value in found):
        raise _damaged(table, f"has no whole column {name}")
    return found


def folded(whole: OrganLeaves, share_bytes: int) -> tuple[OrganLeaves, int]:
    """As many leaves as have room, the largest first by Σ|share| over traits; the others summed in `.rest`.

    Returns the leaves, in the model's order, and how many were folded.
    """
    room = max(1, share_bytes // (4 * len(whole.shares_TL) + _NAMED))
    over = len(whole.sites) - room
    if over <= 0:
        return whole, 0
    size = np.abs(whole.shares_TL, dtype=np.float64).sum(0)
    gone = np.zeros(len(size), bool)
    gone[np.argsort(size, kind="stable")[:over]] = True
    keys = [(_rest(site) if out else site, int(k)) for site, k, out in zip(whole.sites, whole.organ, gone, strict=True)]
    order = sorted(set(keys), key=lambda key: (rank(key[0]), key[1]))
    place = {key: a for a, key in enumerate(order)}
    code = np.array([place[key] for key in keys], np.int64)
    sums = [np.bincount(code, weights=row, minlength=len(order)) for row in whole.shares_TL.astype(np.float64)]
    shares_TL = np.array(sums, np.float32).reshape(len(whole.shares_TL), len(order))
    return OrganLeaves(tuple(key[0] for key in order), np.array([key[1] for key in order], np.int32), shares_TL), over


def _rest(site: str) -> str:
    """What a small leaf is added up in: its writer's rest. A leaf that is a writer of its own stays itself."""
    writer = site.rpartition(".")[0]
    return f"{writer}.rest" if writer else site


def _packed(leaves: OrganLeaves) -> Json:
    return {
        "sites": runs(leaves.sites),
        "organ": packed(leaves.organ),
        "shares": [packed(row) for row in leaves.shares_TL],
    }


def _counts(data: Mapping[str, Json], found: list[dict[str, Json]], leaves: OrganLeaves | None) -> Json:
    remainder = cast(dict[str, Json], data["remainder"])
    angles = cast(list[dict[str, Json]], data["angles"])
    known = None if leaves is None else len(leaves.sites)
    grouped = sum(finite(organ["leaves"]) or 0 for organ in found) + (finite(remainder["leaves"]) or 0)
    return {
        "organs": len(found),
        "stable": sum(organ["stable"] is True for organ in found),
        "shared": sum(organ["shared"] is True for organ in found),
        "traits": len(cast(list[Json], data["traits"])),
        "angles": {use: sum(angle["use"] == use for angle in angles) for use in ("found", "held", "broken")},
        "contrasts": data["contrasts"],
        "leaves": int(grouped) if known is None else known,
        "remainder": remainder["part"],
    }


def _reason(reading: Reading) -> str:
    return text(reading.data.get("reason")) or text(reading.sentence)


def _damaged(table: str, what: str) -> BadInput:
    return BadInput(f"table {table} {what}; the run folder is damaged")
