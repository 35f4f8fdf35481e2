"""What the engine has found so far, joined over its shards: the ground on which later stages and the reading stand."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import pyarrow as pa
from jaxtyping import Float

from mesolens.evidence.shards import Tables

COMPLETE = 0.01
"""The part of |Δ| by which the shares may miss it."""


@dataclass(frozen=True, slots=True)
class Found:
    """Shares of every leaf for every contrast, in nats.

    Attributes:
        engine: `gated`, or `owen` when the referee's values stand in their place.
        items: one row a contrast, in order.
        sites: the leaves, in the model's order.
        leaves: their shares.
        direct: the part of each share that goes straight to the final norm; None where it was not measured.
    """

    engine: str
    items: pa.Table
    sites: tuple[str, ...]
    leaves: Float[np.ndarray, "I N"]
    direct: Float[np.ndarray, "I N"] | None = None

    @property
    def templates(self) -> list[str]:
        """Each contrast's cluster."""
        return cast(list[str], self.items["template"].to_pylist())

    @property
    def deltas(self) -> Float[np.ndarray, " I"]:
        """Each contrast's Δ."""
        return column(self.items, "delta")

    @property
    def completeness(self) -> float:
        """|Σ shares − Δ| / |Δ| of the means over contrasts."""
        delta, total = float(self.deltas.mean()), float(column(self.items, "total").mean())
        return abs(total - delta) / (abs(delta) or 1.0)

    @property
    def means(self) -> Float[np.ndarray, " N"]:
        """Mean share of each leaf."""
        return self.leaves.mean(0)

    def largest(self) -> list[int]:
        """Places of the leaves from the largest mean |share| down; equals keep the model's order."""
        return [int(place) for place in np.argsort(-np.abs(self.means), kind="stable")]


def found_in(tables: Tables) -> Found:
    """The referee's values where it was called, and else the gated shares."""
    return found_by(tables, "owen" if "middle-owen-items" in tables else "gated")


def found_by(tables: Tables, engine: str) -> Found:
    """What one of the engines found."""
    stem = "middle-owen" if engine == "owen" else "middle"
    items = tables[f"{stem}-items"].sort_by("item")
    leaves, direct, sites = _leaves(tables[f"{stem}-leaves"], len(items))
    return Found(engine, items, tuple(sites), leaves, direct)


def column(table: pa.Table, name: str) -> Float[np.ndarray, " I"]:
    """A column as float64."""
    return table[name].to_numpy().astype(np.float64)


def _leaves(
    table: pa.Table, items: int
) -> tuple[Float[np.ndarray, "I N"], Float[np.ndarray, "I N"] | None, Sequence[str]]:
    table = table.combine_chunks().unify_dictionaries()
    order = np.argsort(table["item"].to_numpy(), kind="stable")
    shares = table["share"].to_numpy()[order].reshape(items, -1)
    names = table["site"].slice(0, shares.shape[1]).to_pylist()
    measured = "direct" in table.column_names and not table["direct"].null_count  # runs of the first version have none
    direct = table["direct"].to_numpy()[order].reshape(items, -1) if measured else None
    return shares, direct, cast(list[str], names)
