"""What a head's or a neuron's own page shows: attention, edges, promoted tokens, the items that wake it.

All of it is optional. What belongs to one contrast travels in that contrast's own block, what belongs to a site in one
block for all sites, so that the page reads either only when somebody looks. Budgets are in rows; contrasts beyond them
are left to the run folder, and the page says how many.
"""

from collections.abc import Sequence
from typing import cast

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from mesolens.errors import BadInput
from mesolens.evidence.shards import Json, Tables
from mesolens.report.payload import packed
from mesolens.report.tables import checked, coded, names_in

READOUT = "readout"
"""The reader of an edge that is no site: the direct path."""

NEAR = ("attention", "edges", "rows")
"""What belongs to one contrast."""

_INDEX = ("item", "destination", "source", "position", "rank", "layer", "token")


def by_contrast(tables: Tables, tokens: Sequence[int], most: int) -> dict[int, dict[str, Json]]:
    """Attention, edges and boundary shares of each contrast that has any, at most `most` rows of each.

    `tokens[i]` counts the clean tokens of contrast i.

    Raises:
        BadInput: a table names what is no site, no item or no token.
    """
    found: dict[int, dict[str, Json]] = {}
    for name, pack in zip(NEAR, (_attention, _edges, _rows), strict=True):
        for item, rows in _items(tables.get(f"middle-{name}"), f"middle-{name}", len(tokens), most):
            found.setdefault(item, {})[name] = pack(rows, tokens[item])
    return found


def named(tables: Tables) -> frozenset[str]:
    """The leaves that have something to look at from close by, and so must not be folded away.

    Raises:
        BadInput: a table names what is no site.
    """
    found = [tables[name] for name in ("middle-attention", "middle-promoted", "middle-activations") if name in tables]
    edges = tables.get("middle-edges")
    ends = [] if edges is None else _ends_of_edges(edges)[0]
    return frozenset([*(name for rows in found for name in names_in(rows)), *ends]) - {READOUT}


def by_site(tables: Tables, items: int) -> Json:
    """Promoted tokens, waking items and mean edges, each under its name where the run has it; None without any.

    Raises:
        BadInput: a table names what is no site or no item.
    """
    found: dict[str, Json] = {}
    promoted, woken, edges = (tables.get(f"middle-{name}") for name in ("promoted", "activations", "edges"))
    if promoted is not None and promoted.num_rows:
        found["promoted"] = _columns(promoted, ("rank", "token", "value"))
    if woken is not None and woken.num_rows:
        _within(woken, "item", items, "middle-activations")
        found["activations"] = _columns(woken, ("item", "position", "token", "activation", "change"))
    if edges is not None and edges.num_rows:
        found["edges"] = _mean_edges(edges, items)
    return found or None


def _items(rows: pa.Table | None, name: str, items: int, most: int) -> list[tuple[int, pa.Table]]:
    """The rows of each item, in order, as far as the budget holds whole items."""
    if rows is None or not rows.num_rows:
        return []
    _within(rows, "item", items, name)
    item = rows["item"].to_numpy()
    order = np.argsort(item, kind="stable")
    known, begins = np.unique(item[order], return_index=True)
    ends = [*begins[1:].tolist(), len(order)]
    whole = [(int(i), order[a:b]) for i, a, b in zip(known, begins, ends, strict=True) if b <= most]
    return [(i, rows.take(places)) for i, places in whole]


def _attention(rows: pa.Table, tokens: int) -> Json:
    """The weights of each head: `ends[k]` is where those of `sites[k]` end."""
    for name in ("destination", "source"):
        _within(rows, name, tokens, "middle-attention")
    sites, ends, order = _grouped(rows)
    weights = _floats(rows, "weight")[order].astype(np.float32)
    places = {name: packed(_ints(rows, name)[order]) for name in ("destination", "source")}
    return {"sites": [*sites], "ends": [*ends], **places, "weight": packed(weights)}


def _edges(rows: pa.Table, tokens: int) -> Json:
    del tokens
    names, source, reader = _ends_of_edges(rows)
    return {
        "names": [*names],
        "source": packed(source),
        "reader": packed(reader),
        "share": packed(_floats(rows, "share")),
    }


def _rows(rows: pa.Table, tokens: int) -> Json:
    """Layers by tokens, row after row: what each token's stream still carries at each boundary."""
    _within(rows, "token", tokens, "middle-rows")
    layers = np.unique(_ints(rows, "layer"))
    dense_LT = np.zeros((len(layers), tokens))
    np.add.at(dense_LT, (np.searchsorted(layers, _ints(rows, "layer")), _ints(rows, "token")), _floats(rows, "share"))
    return {"layers": layers.tolist(), "share": packed(dense_LT)}


def _mean_edges(rows: pa.Table, items: int) -> Json:
    """Each edge's mean over the contrasts whose edges were taken."""
    _within(rows, "item", items, "middle-edges")
    names, source, reader = _ends_of_edges(rows)
    taken = len(np.unique(rows["item"].to_numpy()))
    pairs, code = np.unique(source.astype(np.int64) * len(names) + reader, return_inverse=True)
    share = np.bincount(code, weights=_floats(rows, "share")) / taken
    ends = [packed(ends.astype(np.int32)) for ends in np.divmod(pairs, len(names))]
    return {"names": [*names], "source": ends[0], "reader": ends[1], "share": packed(share), "items": taken}


def _ends_of_edges(rows: pa.Table) -> tuple[list[str], NDArray[np.int32], NDArray[np.int32]]:
    """Names, and the places among them of every edge's source and reader."""
    found: list[str] = []
    codes: list[NDArray[np.int32]] = []
    for column in ("source", "reader"):
        texts = coded(rows, column)
        names = [str(name) for name in texts.dictionary.to_pylist()]
        used = texts.indices.to_numpy(zero_copy_only=False)
        codes.append((used + len(found)).astype(np.int32))
        found += names
    checked([name for name in found if name != READOUT])
    once = sorted(set(found))
    place = {name: k for k, name in enumerate(once)}
    moved = np.array([place[name] for name in found], np.int32)
    return once, moved[codes[0]], moved[codes[1]]


def _columns(rows: pa.Table, columns: Sequence[str]) -> Json:
    """A table by sites, each site's rows in the order in which they were written."""
    sites, ends, order = _grouped(rows)
    table = rows.take(order)
    return {"sites": [*sites], "ends": [*ends], **{name: _column(table, name) for name in columns}}


def _column(table: pa.Table, name: str) -> Json:
    if name == "token":
        return [str(token) for token in cast(list[object], table["token"].to_pylist())]
    if name == "change":  # NaN in the page: nothing of the reference stands at that place
        _floats(table.filter(table[name].is_valid()), name)
        return packed(table[name].to_numpy().astype(np.float64))
    return packed(_ints(table, name)) if name in _INDEX else packed(_floats(table, name))


def _grouped(rows: pa.Table) -> tuple[list[str], list[int], NDArray[np.int64]]:
    """The sites of a table, where the rows of each end once they are grouped, and the order that groups them."""
    texts = coded(rows, "site")
    names = [str(name) for name in texts.dictionary.to_pylist()]
    checked(names)
    code = texts.indices.to_numpy(zero_copy_only=False)
    counts = np.bincount(code, minlength=len(names))
    order = np.argsort(code, kind="stable").astype(np.int64)
    used = [k for k in range(len(names)) if counts[k]]
    return [names[k] for k in used], np.cumsum(counts[used]).tolist(), order


def _within(rows: pa.Table, column: str, count: int, table: str) -> None:
    values = rows[column].to_numpy()
    if len(values) and not 0 <= values.min() <= values.max() < count:
        raise BadInput(f"table {table} names {column} {values.min()} to {values.max()}, but there are {count}")


def _ints(rows: pa.Table, column: str) -> NDArray[np.int32]:
    return rows[column].to_numpy().astype(np.int32)


def _floats(rows: pa.Table, column: str) -> NDArray[np.float64]:
    found = rows[column].to_numpy().astype(np.float64)
    if not np.isfinite(found).all():
        raise BadInput(f"column {column} of the middle holds what is no finite number; the run folder is damaged")
    return found
