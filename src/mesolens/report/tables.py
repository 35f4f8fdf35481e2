"""Read what the middle left in a run folder, as arrays in the model's own order.

A run folder is read as untrusted data: names that are no sites, tables that contradict each other and damaged files are
refused with their name, never guessed at.
"""

import re
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from mesolens.errors import BadInput
from mesolens.evidence.reading import Reading, from_json
from mesolens.hostile import printable
from mesolens.model.sites import parse
from mesolens.runs.store import Store

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]

_PARTS = re.compile(r"L(\d+)(?:\.([a-z]+)(?:\.(?:([hng])(\d+)|(bias|norm|rest)))?)?")
_NUMBER = re.compile(r"0|[1-9][0-9]{0,8}")
_LAST = 1 << 40


@dataclass(frozen=True, slots=True)
class TokenRows:
    """The source tokens of one item's opened leaves, one row each.

    Attributes:
        leaf: place of the leaf among `Leaves.sites`.
        position: token of the clean prompt, or −1 − k for token k of a reference prompt that is not aligned.
        shares: nats.
    """

    leaf: Ints
    position: Ints
    shares: Floats


@dataclass(frozen=True, slots=True)
class Leaves:
    """Every leaf's share in every item: `sites[a]` in the model's order, `shares_IA[i, a]` in nats.

    `direct_IA` has the direct effects where the run took any; NaN where one was not taken.
    """

    sites: tuple[str, ...]
    shares_IA: Floats  # noqa: N815 - the letters are its axes
    direct_IA: Floats | None = None  # noqa: N815


def readings(store: Store) -> dict[str, Reading]:
    """The readings of a run, by instrument.

    Raises:
        BadInput: a file is no reading; the message names the place.
    """
    found: dict[str, Reading] = {}
    for path in sorted((store.run / "readings").glob("*.json")):
        try:
            reading = from_json(store.read_json(f"readings/{path.stem}"))
        except ValueError as problem:
            raise BadInput(f"{path}: {problem}") from None
        found[reading.instrument] = reading
    return found


def leaves(rows: pa.Table, items: int) -> Leaves:
    """The leaf table as a matrix of items by leaves.

    Raises:
        BadInput: a row names no site, or an item that is not there.
    """
    item, names, code = _columns(rows, items)
    order = sorted(range(len(names)), key=lambda a: rank(names[a]))
    place = np.empty(len(names), np.int64)
    place[order] = np.arange(len(names))
    flat = item.astype(np.int64) * len(names) + place[code]
    sums = np.bincount(flat, weights=_floats(rows, "share"), minlength=items * len(names)).astype(np.float64)
    shares_IA = sums.reshape(items, len(names))
    return Leaves(tuple(names[a] for a in order), shares_IA, _direct(rows, flat, shares_IA.shape))


def _direct(rows: pa.Table, flat: NDArray[np.int64], shape: tuple[int, ...]) -> Floats | None:
    """The column of direct effects in the places of the shares; None where the run has none of them."""
    if "direct" not in rows.column_names or rows["direct"].null_count == rows.num_rows:
        return None
    direct_IA = np.full(shape, np.nan)
    direct_IA.reshape(-1)[flat] = rows["direct"].to_numpy().astype(np.float64)
    return direct_IA


def tokens(rows: pa.Table | None, items: int, sites: tuple[str, ...]) -> tuple[TokenRows | None, ...]:
    """The source tokens of each item's opened leaves; None where none was opened.

    Raises:
        BadInput: a row names no site of `sites`, or an item that is not there.
    """
    if rows is None:
        return (None,) * items
    item, names, code = _columns(rows, items)
    places = {site: a for a, site in enumerate(sites)}
    split = [name.rpartition("@") for name in names]
    lost = next((name for name, (leaf, at, _) in zip(names, split, strict=True) if not at or leaf not in places), None)
    if lost is not None:
        raise BadInput(
            f"table middle-tokens names {printable(lost, 60)!r}, which is no token of a leaf in middle-leaves"
        )
    leaf = np.array([places[leaf] for leaf, _, _ in split], np.int32)[code]
    position = np.array([_position(token) for _, _, token in split], np.int32)[code]
    shares = _floats(rows, "share")
    order = np.argsort(item, kind="stable")
    ends = np.searchsorted(item[order], np.arange(items + 1))
    slices = [order[ends[i] : ends[i + 1]] for i in range(items)]
    return tuple(TokenRows(leaf[s], position[s], shares[s]) if len(s) else None for s in slices)


def names_in(rows: pa.Table) -> list[str]:
    """The different sites that a table names, in no order that means anything.

    Raises:
        BadInput: one of them is no site.
    """
    return checked([str(name) for name in coded(rows, "site").dictionary.to_pylist()])


def checked(names: list[str]) -> list[str]:
    """`names` as they are, once every one of them is known to be a site.

    Raises:
        BadInput: one of them is no site.
    """
    for skeleton in {_NUMBER.sub("0", name) for name in names}:  # the grammar knows numbers by their form alone
        try:
            parse(skeleton)
        except ValueError as problem:
            raise BadInput(f"a table of the middle holds no site: {printable(str(problem), 160)}") from None
    return names


def coded(rows: pa.Table, column: str) -> "pa.DictionaryArray[Any, Any]":
    """A column of text as numbers of the different texts in it."""
    texts = rows[column]
    if not pa.types.is_dictionary(texts.type):
        texts = pc.dictionary_encode(texts)
    array = texts.unify_dictionaries().combine_chunks()
    return cast("pa.DictionaryArray[Any, Any]", array.chunk(0) if isinstance(array, pa.ChunkedArray) else array)


def _columns(rows: pa.Table, items: int) -> tuple[Ints, list[str], Ints]:
    item = rows["item"].to_numpy().astype(np.int32)
    if len(item) and not 0 <= item.min() <= item.max() < items:
        raise BadInput(f"a table names item {item.max()}, but middle-items has {items}")
    return item, names_in(rows), coded(rows, "site").indices.to_numpy(zero_copy_only=False).astype(np.int32)


def _floats(rows: pa.Table, column: str) -> Floats:
    return rows[column].to_numpy().astype(np.float64)


def _position(token: str) -> int:
    return -1 - int(token[1:]) if token.startswith("r") else int(token)


def rank(site: str) -> tuple[int, str, int, int]:
    """Sorts the leaves of a model into the order of its stream: embedding, layers, unembedding."""
    found = _PARTS.fullmatch(site)
    if found is None:
        return (-1 if site == "embed" else _LAST, "", 0, 0)
    layer, writer, part, index, other = found.groups()
    kind = 0 if part else 1 if other != "rest" else 2
    return int(layer), writer or "", kind, int(index or 0)
