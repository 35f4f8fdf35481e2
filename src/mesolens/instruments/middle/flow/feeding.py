"""Edges as a stage that follows the shares: between the opened leaves, on the contrasts that are checked."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Float, Int

from mesolens.evidence.shards import Json, Shard, Tables
from mesolens.instruments.middle.batch import Batch, batches_of
from mesolens.instruments.middle.checked import checked
from mesolens.instruments.middle.flow.edges import CHUNK, READOUT, EdgeSums, Ends, ends_of
from mesolens.instruments.middle.found import Found, column
from mesolens.instruments.middle.gates import gates_of
from mesolens.instruments.middle.opened import opened
from mesolens.instruments.middle.plan import fields_of, shard_of
from mesolens.instruments.middle.rows import rows_of
from mesolens.instruments.middle.spec import MiddleSpec
from mesolens.model.card import ModelCard
from mesolens.model.loaded import LoadedModel
from mesolens.model.sites import parse
from mesolens.traits.encode import EncodedContrast

KIND = "edges"
TABLE = "middle-edges"
ROOM = 2**28
"""Bytes for what the sources wrote and for the readers' branches; longer batches are cut to it."""
SCHEMA = pa.schema(
    [
        ("item", pa.int32()),
        ("source", pa.dictionary(pa.int32(), pa.string())),
        ("reader", pa.dictionary(pa.int32(), pa.string())),
        ("share", pa.float64()),
    ]
)


@dataclass(frozen=True, slots=True)
class EdgeWork:
    """A shard's items with the number of nodes at which each one's shares were taken, and the opened leaves."""

    items: tuple[int, ...]
    contrasts: tuple[EncodedContrast, ...]
    steps: tuple[int, ...]
    leaves: tuple[str, ...]
    batch_tokens: int


def refusal(spec: MiddleSpec, found: Found) -> str:
    """Why there are no edges and no rows; empty when there are some."""
    if spec.against:
        return "not available with a model as the reference"
    if found.engine != "gated":
        return "not available where the referee's values stand in the place of the gated shares"
    return ""


def items_by_shard(spec: MiddleSpec, found: Found) -> Iterator[tuple[tuple[int, ...], tuple[int, ...]]]:
    """The contrasts that are checked, as many as a shard takes, and the number of nodes that each one's shares took."""
    items, steps = checked(found, spec), column(found.items, "steps").astype(int)
    for start in range(0, len(items), spec.shard_items):
        part = tuple(items[start : start + spec.shard_items])
        yield part, tuple(int(steps[item]) for item in part)


def edge_shards(card: ModelCard, spec: MiddleSpec, found: Found, tables: Tables) -> list[Shard]:
    """The edges between all opened leaves; none when no checks are asked for, or :func:`refusal` says why."""
    del tables
    if spec.proof is None or refusal(spec, found):
        return []
    leaves = tuple(str(site) for leaf in ("h", "n") for site in opened(found, spec, leaf))
    return [
        shard_of(card, KIND, EdgeWork(part, _contrasts(spec, part), steps, leaves, spec.batch_tokens), len(part))
        for part, steps in items_by_shard(spec, found)
    ]


def feed(model: LoadedModel, shard: Shard, against: LoadedModel | None) -> Tables:
    """`middle-edges`: item, source, reader, share in nats. Exact zeros are left out.

    A source is `embed` or an opened leaf. A reader is a writer, one of its opened leaves, `….rest` for the writer's
    other leaves together, or `readout` for the direct effect. Over writers and `readout` the edges of a source add up
    to its share; over a writer's leaves and `rest` they add up to the writer's.
    """
    del against
    work = EdgeWork(**fields_of(shard))
    gates = gates_of(model.anatomy)
    ends = ends_of(gates, work.leaves)
    width = model.anatomy.stream_width * max(4, model.module.dtype.itemsize)
    tokens = min(work.batch_tokens, ROOM // (width * (len(ends.sources) + CHUNK)))
    found: dict[int, Float[np.ndarray, "U V"]] = {}
    for steps, batch in batches_by_steps(work.items, work.contrasts, work.steps, tokens, str(model.module.device)):
        sums = EdgeSums(model.module, batch, gates, ends).over(steps).numpy()
        for row, edges in zip(batch.rows, sums, strict=True):
            found[row.item] = found[row.item] + edges if row.item in found else edges
    return {TABLE: _table(work.items, [found[item] for item in work.items], ends)}


def batches_by_steps(
    items: Sequence[int], contrasts: Sequence[EncodedContrast], steps: Sequence[int], most_tokens: int, device: str
) -> Iterator[tuple[int, Batch]]:
    """Batches of items whose shares took the same number of nodes, with that number."""
    for count in sorted(set(steps)):
        rows = [
            row
            for item, contrast, taken in zip(items, contrasts, steps, strict=True)
            if taken == count
            for row in rows_of(item, contrast)
        ]
        for batch in batches_of(rows, most_tokens, device):
            yield count, batch


def edge_words(tables: Tables, spec: MiddleSpec, found: Found) -> dict[str, Json]:
    """A protocol's entry: between whom, and by how much the edges of a source miss its share; or why there are none."""
    if spec.proof is None:
        return {}
    why = refusal(spec, found)
    if why or TABLE not in tables:
        return {"edges": f"refused: {why}" if why else "not measured"}
    return {
        "edges": f"between the embedding, the {spec.proof.opened} largest heads and as many neurons, and every writer",
        "edges off by": worst_gap(tables[TABLE], found),
    }


def worst_gap(table: pa.Table, found: Found) -> float:
    """Worst |share − Σ edges to writers and readout| of a source in one contrast, over the larger of |Δ| and 1 nat."""
    sources, source = _coded(table, "source")
    readers, reader = _coded(table, "reader")
    counted = np.array([name == READOUT or parse(name).leaf is None for name in readers])[reader]
    leaves = {name: place for place, name in enumerate(found.sites)}
    place = np.array([leaves[name] for name in sources])[source]
    item = table["item"].to_numpy()
    asked = np.zeros(found.leaves.shape, bool)
    asked[np.ix_(np.unique(item), np.unique(place))] = True
    gaps = np.where(asked, found.leaves, 0.0)
    np.subtract.at(gaps, (item[counted], place[counted]), table["share"].to_numpy()[counted])
    return float((np.abs(gaps) / np.maximum(1.0, np.abs(found.deltas))[:, None]).max())


def _coded(table: pa.Table, name: str) -> tuple[list[str], Int[np.ndarray, " R"]]:
    """The words of a column, and each row's place among them."""
    column = table[name].combine_chunks()
    words = cast(list[str], column.unique().to_pylist())
    return words, pc.index_in(column.cast(pa.string()), pa.array(words)).to_numpy()


def _contrasts(spec: MiddleSpec, items: Sequence[int]) -> tuple[EncodedContrast, ...]:
    return tuple(spec.contrasts[item] for item in items)


def _table(items: Sequence[int], edges: Sequence[Float[np.ndarray, "U V"]], ends: Ends) -> pa.Table:
    readers, rests = list(ends.readers), list[Float[np.ndarray, "I U"]]()
    whole = np.stack(edges)
    for at, name in enumerate(ends.readers):
        leaves = [i for i, other in enumerate(ends.readers) if other.startswith(f"{name}.")]
        if leaves:
            readers.append(f"{name}.rest")
            rests.append(whole[:, :, at] - whole[:, :, leaves].sum(2))
    whole = np.concatenate([whole, *(rest[:, :, None] for rest in rests)], 2)
    item, source, reader = np.nonzero(whole)
    return pa.table(
        [
            pa.array(np.asarray(items, np.int32)[item]),
            pa.DictionaryArray.from_arrays(pa.array(source, pa.int32()), pa.array(ends.sources)),
            pa.DictionaryArray.from_arrays(pa.array(reader, pa.int32()), pa.array(readers)),
            pa.array(whole[item, source, reader]),
        ],
        schema=SCHEMA,
    )
