"""The shares of all views as one table, and the leaves that carry most of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from jaxtyping import Bool, Float, Int

from mesolens.evidence.shards import Tables
from mesolens.instruments.middle.organs.spec import BROKEN, FOUND, OrgansSpec, View

ITEMS, SITES = "organs-items", "organs-sites"


@dataclass(frozen=True, slots=True)
class Found:
    """What the gated engine found.

    Attributes:
        views: a row each.
        sites: the leaves, in the model's order.
        shares: in nats.
        deltas: what each row adds up to.
        closes: whether it does, within the tolerance.
        steps: quadrature nodes of the view that needed most.
    """

    views: tuple[View, ...]
    sites: tuple[str, ...]
    shares: Float[np.ndarray, "V N"]
    deltas: Float[np.ndarray, " V"]
    closes: Bool[np.ndarray, " V"]
    steps: int

    def of(self, use: str) -> Int[np.ndarray, " R"]:
        """The rows of one use."""
        return np.array([place for place, view in enumerate(self.views) if view.use == use], dtype=int)

    @property
    def unbroken(self) -> Int[np.ndarray, " R"]:
        """The rows of all views but the broken ones: those that organs were found by, and those they are tried on."""
        return np.array([place for place, view in enumerate(self.views) if view.use != BROKEN], dtype=int)

    @property
    def gross(self) -> Float[np.ndarray, " V"]:
        """What each row adds up to when nothing cancels."""
        return np.maximum(np.abs(self.shares).sum(1), 1e-12)

    @property
    def profiles(self) -> Float[np.ndarray, "N R"]:
        """Each leaf's share in every view that organs are found by, each view divided by its gross."""
        rows = self.of(FOUND)
        return (self.shares[rows] / self.gross[rows, None]).T

    @property
    def weights(self) -> Float[np.ndarray, " N"]:
        """Each leaf's part of the gross, on average over those views."""
        return np.abs(self.profiles).mean(1)

    @property
    def completeness(self) -> float:
        """|Σ shares − Δ| as a part of |Δ|, of all views together."""
        missed = np.abs(self.shares.sum(1) - self.deltas).sum()
        return float(missed / max(np.abs(self.deltas).sum(), 1e-12))


def found_in(tables: Tables, spec: OrgansSpec) -> Found:
    """The table of shares from those of the shards."""
    rows = tables[ITEMS].sort_by("view")
    places = rows["view"].to_numpy()
    shares = pc.list_flatten(rows["shares"]).to_numpy().astype(np.float64).reshape(len(rows), -1)
    sites = tables[SITES]
    names = [str(site) for site in sites.slice(0, shares.shape[1])["site"].to_pylist()]
    return Found(
        tuple(spec.views[place] for place in places),
        tuple(names),
        shares,
        rows["delta"].to_numpy().astype(np.float64),
        rows["closes"].to_numpy(zero_copy_only=False).astype(bool),
        int(rows["steps"].to_numpy().max()),
    )


def item_rows(
    views: list[int], shares: list[Float[np.ndarray, " N"]], rest: Sequence[Mapping[str, object]]
) -> pa.Table:
    """Rows of `organs-items`: a view, its shares as one list, and what is known of its total."""
    return pa.table(
        {
            "view": pa.array(views, pa.int32()),
            "shares": pa.array([row.astype(np.float64) for row in shares], pa.list_(pa.float64())),
            "delta": pa.array([row["delta"] for row in rest], pa.float64()),
            "steps": pa.array([row["steps"] for row in rest], pa.int32()),
            "closes": pa.array([row["closes"] for row in rest], pa.bool_()),
        }
    )
