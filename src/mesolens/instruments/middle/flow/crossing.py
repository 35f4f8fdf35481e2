"""Rows of source tokens as a stage that follows the shares, on the contrasts that are checked."""

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from jaxtyping import Float

from mesolens.evidence.shards import Json, Shard, Tables
from mesolens.instruments.middle.flow.boundaries import rows_across
from mesolens.instruments.middle.flow.feeding import batches_by_steps, items_by_shard, refusal
from mesolens.instruments.middle.found import Found
from mesolens.instruments.middle.gates import gates_of
from mesolens.instruments.middle.plan import fields_of, shard_of
from mesolens.instruments.middle.spec import MiddleSpec
from mesolens.model.card import ModelCard
from mesolens.model.loaded import LoadedModel
from mesolens.traits.encode import EncodedContrast

KIND = "rows"
TABLE = "middle-rows"
ROOM = 2**28
"""Bytes for gradients and tangents at all boundaries; longer batches are cut to it."""
SCHEMA = pa.schema([("item", pa.int32()), ("layer", pa.int32()), ("token", pa.int32()), ("share", pa.float64())])


@dataclass(frozen=True, slots=True)
class RowWork:
    """A shard's items with the number of nodes at which each one's shares were taken."""

    items: tuple[int, ...]
    contrasts: tuple[EncodedContrast, ...]
    steps: tuple[int, ...]
    batch_tokens: int


def row_shards(card: ModelCard, spec: MiddleSpec, found: Found, tables: Tables) -> list[Shard]:
    """The rows of the contrasts that are checked; none without checks, or where edges are refused as well."""
    del tables
    if spec.proof is None or refusal(spec, found):
        return []
    works = [
        RowWork(part, tuple(spec.contrasts[item] for item in part), steps, spec.batch_tokens)
        for part, steps in items_by_shard(spec, found)
    ]
    return [shard_of(card, KIND, work, len(work.items)) for work in works]


def cross(model: LoadedModel, shard: Shard, against: LoadedModel | None) -> Tables:
    """`middle-rows`: item, layer (the boundary before it), clean token, share in nats.

    The layer after the last one stands for the boundary before the final norm. Exact zeros are left out. Empty where
    the model has an operation that no forward derivative is known of.
    """
    del against
    work, gates = RowWork(**fields_of(shard)), gates_of(model.anatomy)
    boundaries = len(model.anatomy.blocks) + 1
    width = 2 * boundaries * model.anatomy.stream_width * model.module.dtype.itemsize
    tokens = min(work.batch_tokens, ROOM // width)
    tables: list[pa.Table] = [SCHEMA.empty_table()]
    found: dict[int, Float[np.ndarray, "boundaries T"]] = {}
    try:
        for steps, batch in batches_by_steps(work.items, work.contrasts, work.steps, tokens, str(model.module.device)):
            rows = rows_across(model.module, batch, gates, steps).numpy()
            for row, shares in zip(batch.rows, rows, strict=True):
                found[row.item] = found[row.item] + shares if row.item in found else shares
    except NotImplementedError:
        return {TABLE: tables[0]}
    return {TABLE: pa.concat_tables([*tables, *(_table(item, found[item]) for item in work.items)])}


def row_words(tables: Tables, spec: MiddleSpec, found: Found) -> dict[str, Json]:
    """A protocol's entry: by how much what crosses a boundary misses the shares before it; or why there are no rows."""
    if spec.proof is None:
        return {}
    why = refusal(spec, found)
    if not why and TABLE in tables and not tables[TABLE].num_rows:
        why = "the model uses an operation that has no forward derivative, or its ends do not differ"
    if why or TABLE not in tables:
        return {"rows": f"refused: {why}" if why else "not measured"}
    return {"rows": "what crosses the boundary before each layer", "rows off by": worst_gap(tables[TABLE], found)}


def worst_gap(table: pa.Table, found: Found) -> float:
    """Worst |Σ row − Σ shares of what is written before the boundary|, over the larger of |Δ| and 1 nat."""
    item, layer = table["item"].to_numpy(), table["layer"].to_numpy()
    after = np.array([int(s[1:].partition(".")[0]) + 1 if s.startswith("L") else 0 for s in found.sites])
    gaps = np.zeros((len(found.items), int(after.max()) + 1))
    for boundary in range(gaps.shape[1]):
        gaps[:, boundary] = found.leaves[:, after <= boundary].sum(1)
    np.subtract.at(gaps, (item, layer), table["share"].to_numpy())
    missed = np.abs(gaps) / np.maximum(1.0, np.abs(found.deltas))[:, None]
    return float(missed[np.unique(item)].max())


def _table(item: int, shares: Float[np.ndarray, "boundaries T"]) -> pa.Table:
    layer, token = np.nonzero(shares)
    parts = [np.full(len(layer), item, np.int32), layer.astype(np.int32), token.astype(np.int32), shares[layer, token]]
    return pa.table([pa.array(part) for part in parts], schema=SCHEMA)
